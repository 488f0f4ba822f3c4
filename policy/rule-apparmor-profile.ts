// AppArmor: our own profile, where the kernel has it; a grant can demand that it does.
import { type Finding, quote, type Rule } from './rule.js'

/** The one profile for jobs (profiles/apparmor). */
export const jobProfile = 'stockade-job'

export const apparmorProfile: Rule = {
  id: 'apparmor-profile',
  title: 'Our AppArmor profile, or none where there is none',
  why: 'An unconfined label takes a whole layer away (CIS Docker 5.1; Kubernetes pod security, baseline).',
  fields: ['/apparmor'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant, platform }) => {
        const findings: Finding[] = []
        const asked = ask.apparmor
        if (asked !== null && asked.value !== jobProfile) {
          findings.push({
            pointer: asked.pointer,
            message: `${quote(asked.value)} is not granted; jobs run under "${jobProfile}", and "unconfined" is never possible.`,
          })
        }
        if (!platform.apparmor && (grant.apparmorRequired || asked?.value === jobProfile)) {
          findings.push({
            pointer: asked?.pointer ?? '',
            message: 'AppArmor is demanded, and this machine’s kernel has none.',
          })
        }
        return findings
      },
    },
  ],
  fixtures: {
    allow: [{}],
    deny: [{ apparmor: 'unconfined' }, { apparmor: 'docker-default' }, { apparmor: 'UNCONFINED' }],
  },
}
