// System-call filters by grant.
import { seccompLearn } from './ask.js'
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask, { grant }) => {
  if (ask.seccomp === null || grant.seccompProfiles.includes(ask.seccomp.value)) return allowed
  const { value, pointer } = ask.seccomp
  return deny(
    pointer,
    `The grant ${grant.name} gives no seccomp profile ${quote(value)}. Choose from: ${listing(grant.seccompProfiles)}.`,
  )
}

/** `learn` names no profile: the grant’s default is in force then, and whether it may be asked is the matter of seccomp-learning. */
const judgeButLearning: Judge = (ask, context) =>
  ask.seccomp?.value === seccompLearn ? allowed : judge(ask, context)

export const seccompProfile: Rule = {
  id: 'seccomp-profile',
  title: 'System-call filters by grant',
  why: 'A profile is chosen by name from those that the operator keeps; a caller’s own would be a filter of the caller’s making.',
  references: ['CIS Docker 5.21 (seccomp in force)', 'Kubernetes Pod Security, baseline: Seccomp'],
  allows: ({ context: { grant } }) => listing(grant.seccompProfiles),
  repair: leaveOut,
  fields: ['/seccomp'],
  revisions: [
    { since: 1, judge },
    { since: 2, judge: judgeButLearning },
  ],
  fixtures: () => ({
    allow: [
      { name: 'default', job: { seccomp: 'default' } },
      { name: 'strict', job: { seccomp: 'strict' } },
      { name: 'learning', job: { seccomp: 'learn' }, grant: { seccompLearning: true } },
    ],
    deny: [
      { name: 'unknown', job: { seccomp: 'mine' } },
      { name: 'a path', job: { seccomp: '../../etc/passwd' } },
      { name: 'a profile’s text', job: { seccomp: '{"defaultAction":"SCMP_ACT_ALLOW"}' } },
      {
        name: 'beyond the grant',
        job: { seccomp: 'default' },
        grant: { seccompProfiles: ['strict'] },
      },
    ],
  }),
}
