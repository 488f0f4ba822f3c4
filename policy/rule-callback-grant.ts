// Callbacks by grant.
import { originGrant } from './callback-origin.js'
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing } from './wording.js'

const judge: Judge = (ask) =>
  ask.callback === null
    ? allowed
    : deny(
        ask.callback.pointer,
        'Asked a callback; no grant gives callbacks yet. Follow /v1/jobs/{id}/events, or create the job with `wait`.',
      )

const judgeOrigin: Judge = (ask, { grant }) => {
  if (ask.callback === null)
    return ask.callbackOn === null
      ? allowed
      : deny(ask.callbackOn.pointer, 'Names states to be told of, and no `callback` to tell them.')
  if (originGrant(ask.callback.value, grant.callbackOrigins).isGiven) return allowed
  return deny(
    ask.callback.pointer,
    `Asked a callback; the grant ${grant.name} gives them to: ${listing(grant.callbackOrigins)}.`,
  )
}

const grant = { callbackOrigins: ['https://*.example.com', 'http://hooks.internal:9000'] }

export const callbackGrant: Rule = {
  id: 'callback-grant',
  title: 'Callbacks by grant',
  why: 'A callback is a request that we make on a stranger’s word. Where it may go is the operator’s to say.',
  references: ['CWE-918 (server-side request forgery)'],
  allows: ({ context }) => listing(context.grant.callbackOrigins),
  repair: leaveOut,
  fields: ['/callback', '/callbackOn'],
  revisions: [
    { since: 1, judge },
    { since: 4, judge: judgeOrigin },
  ],
  fixtures: () => ({
    allow: [
      { name: 'none' },
      { name: 'a host below', job: { callback: 'https://ci.example.com/done' }, grant },
      {
        name: 'any public host',
        job: { callback: 'https://hooks.example.org/', callbackOn: ['finished'] },
        grant: { callbackOrigins: ['https://*'] },
      },
    ],
    deny: [
      { name: 'a public address', job: { callback: 'https://hooks.example.com/done' } },
      ...[
        'https://example.com/',
        'https://ci.example.com.evil.example/',
        'https://ci.example.com:9000/',
        'http://ci.example.com/',
        'http://hooks.internal/',
      ].map((callback) => ({ name: callback, job: { callback }, grant })),
      { name: 'states without a callback', job: { callbackOn: ['finished'] } },
    ],
  }),
}
