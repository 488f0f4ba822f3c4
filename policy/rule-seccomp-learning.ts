// Learning and auditing system-call filters by grant.
import { seccompLearn } from './ask.js'
import { type Denial, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask, { grant }) => {
  const denials: Denial[] = []
  const learns = ask.seccomp?.value === seccompLearn ? ask.seccomp : null
  const audit = ask.seccompAudit
  if (learns !== null && !grant.seccompLearning)
    denials.push(...deny(learns.pointer, `The grant ${grant.name} gives no learning of profiles.`))
  if (audit === null) return denials
  if (learns !== null)
    denials.push(...deny(audit.pointer, 'A job learns or audits, not both at one time.'))
  if (!grant.seccompLearning)
    denials.push(...deny(audit.pointer, `The grant ${grant.name} gives no audit of profiles.`))
  else if (!grant.seccompProfiles.includes(audit.value))
    denials.push(
      ...deny(
        audit.pointer,
        `The grant ${grant.name} gives no seccomp profile ${quote(audit.value)}. Choose from: ${listing(grant.seccompProfiles)}.`,
      ),
    )
  return denials
}

export const seccompLearning: Rule = {
  id: 'seccomp-learning',
  title: 'Learning and auditing of filters by grant',
  why: 'It lets no call through that the grant’s own profile refuses; but each call of the program then costs the launcher time that no limit of the job counts.',
  references: ['CIS Docker 5.21 (seccomp in force)', 'CWE-400 (uncontrolled resource consumption)'],
  allows: 'a profile of the grant by name, or the field left out',
  repair: leaveOut,
  fields: ['/seccomp', '/seccompAudit'],
  revisions: [{ since: 2, judge }],
  fixtures: () => ({
    allow: [
      { name: 'learning', job: { seccomp: 'learn' }, grant: { seccompLearning: true } },
      { name: 'an audit', job: { seccompAudit: 'strict' }, grant: { seccompLearning: true } },
      {
        name: 'an audit under a named profile',
        job: { seccomp: 'default', seccompAudit: 'strict' },
        grant: { seccompLearning: true },
      },
    ],
    deny: [
      { name: 'learning beyond the grant', job: { seccomp: 'learn' } },
      { name: 'an audit beyond the grant', job: { seccompAudit: 'strict' } },
      {
        name: 'both',
        job: { seccomp: 'learn', seccompAudit: 'strict' },
        grant: { seccompLearning: true },
      },
      {
        name: 'an audit of a profile beyond the grant',
        job: { seccompAudit: 'default' },
        grant: { seccompLearning: true, seccompProfiles: ['strict'] },
      },
      {
        name: 'an audit of nothing',
        job: { seccompAudit: 'unconfined' },
        grant: { seccompLearning: true },
      },
    ],
  }),
}
