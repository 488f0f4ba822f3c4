// Who a job is inside: any mapped id; root inside only by grant, and root of nothing all the same.
import type { Finding, Rule } from './rule.js'

export const userIdentity: Rule = {
  id: 'user-identity',
  title: 'Root inside only by grant',
  why: 'Root inside has no capability and no host id, yet a grant may rule it out (Kubernetes runAsNonRoot; CVE-2024-40635, ids that wrap to 0).',
  fields: ['/user/uid', '/user/gid'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) => {
        const asked = ask.identity
        if (asked === null || grant.rootInside) return []
        const findings: Finding[] = []
        if (asked.value.uid === 0)
          findings.push({
            pointer: `${asked.pointer}/uid`,
            message: 'uid 0 is not granted; use 1000, or any other up to 65533.',
          })
        if (asked.value.gid === 0)
          findings.push({
            pointer: `${asked.pointer}/gid`,
            message: 'gid 0 is not granted; use 1000, or any other up to 65533.',
          })
        return findings
      },
    },
  ],
  fixtures: {
    allow: [{ user: { uid: 1000, gid: 1000 } }],
    deny: [{ user: { uid: 0, gid: 0 } }, { user: { uid: 0, gid: 5 } }],
  },
}
