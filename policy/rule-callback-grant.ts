// No callbacks yet.
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'

const judge: Judge = (ask) =>
  ask.callback === null
    ? allowed
    : deny(
        ask.callback.pointer,
        'Asked a callback; no grant gives callbacks yet. Follow /v1/jobs/{id}/events, or create the job with `wait`.',
      )

export const callbackGrant: Rule = {
  id: 'callback-grant',
  title: 'No callbacks yet',
  why: 'A service that calls out needs its own egress with its own rules; until then a field that would be ignored is refused.',
  references: ['CWE-918 (server-side request forgery)'],
  allows: 'the field left out',
  repair: leaveOut,
  fields: ['/callback'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'none' }],
    deny: [{ name: 'a public address', job: { callback: 'https://hooks.example.com/done' } }],
  }),
}
