// Network only by grant; never the host's, never another job's.
import { quote, type Rule } from './rule.js'

export const network: Rule = {
  id: 'network',
  title: 'Network only by grant, none between jobs',
  why: 'A job that reaches the metadata service, the database or a neighbour owns more than itself (CIS Docker 2.2, 5.9, 5.29; CVE-2024-29021).',
  fields: ['/network'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) => {
        const asked = ask.network
        if (asked === null || (grant.networks as readonly string[]).includes(asked.value)) return []
        return [
          {
            pointer: asked.pointer,
            message: `${quote(asked.value)} is not granted; this grant has ${grant.networks.join(', ')}.`,
          },
        ]
      },
    },
  ],
  fixtures: {
    allow: [{ network: 'none' }, { network: 'loopback' }],
    deny: ['host', 'bridge', 'container:abc', 'job:job_1', 'default', 'NONE', 'egress'].map(
      (value) => ({ network: value }),
    ),
  },
}
