// Callbacks: none is granted today. What is wrong with the address itself is said all the same.
import { addressFault } from './address.js'
import { type Finding, quote, type Rule } from './rule.js'

export const callbackAddress: Rule = {
  id: 'callback-address',
  title: 'No callback to where it must not go',
  why: 'A callback makes the service itself send a request: to the metadata address, the database, the host (server-side request forgery).',
  fields: ['/callback'],
  revisions: [
    {
      since: 1,
      judge: (ask) => {
        const asked = ask.callback
        if (asked === null) return []
        const findings: Finding[] = [
          {
            pointer: asked.pointer,
            message: 'callbacks are not granted; use ?wait=, or follow the job’s events.',
          },
        ]
        const fault = addressFault(asked.value)
        if (fault !== null)
          findings.push({ pointer: asked.pointer, message: `${quote(asked.value)} ${fault}.` })
        return findings
      },
    },
  ],
  fixtures: {
    allow: [{}],
    deny: [
      { callback: 'https://example.com/' },
      { callback: 'http://127.0.0.1:6379/' },
      { callback: 'http://2130706433/' },
    ],
  },
}
