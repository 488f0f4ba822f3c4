// A seccomp profile always, and one that the grant names.
import { quote, type Rule } from './rule.js'

export const seccompProfile: Rule = {
  id: 'seccomp-profile',
  title: 'A granted seccomp profile',
  why: 'Without a filter every system call of a shared kernel is open (CIS Docker 5.22; Kubernetes pod security, baseline; CVE-2022-0185).',
  fields: ['/seccomp'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) => {
        const asked = ask.seccomp
        if (asked === null || grant.seccompProfiles.includes(asked.value)) return []
        return [
          {
            pointer: asked.pointer,
            message: `${quote(asked.value)} is not granted; this grant has ${grant.seccompProfiles.join(', ')}. "unconfined" is never possible.`,
          },
        ]
      },
    },
  ],
  fixtures: {
    allow: [{ seccomp: 'default' }],
    deny: ['unconfined', 'Unconfined', '../default', 'none', 'profile=/x'].map((value) => ({
      seccomp: value,
    })),
  },
}
