// A sandbox with a long life is for who has been given such.
import { allowed, deny, type Judge, type Rule } from './rule.js'

const judge: Judge = ({ session }, { grant, resolved }) => {
  if (session === null) return allowed
  if (grant.sessions === 0)
    return deny(session.pointer, `The grant ${grant.name} gives no sessions.`)
  const { idleMs } = session
  if (idleMs === null || idleMs.value <= resolved.limits.wallMs) return allowed
  return deny(
    idleMs.pointer,
    `Asked ${idleMs.value} ms; the session lives ${resolved.limits.wallMs} ms in all (limits.wallMs).`,
  )
}

const base = 'empty'
const job = (session: { idleMs?: number }) => ({
  image: 'default',
  session,
  limits: { wallMs: 5000 },
})

export const session: Rule = {
  id: 'session',
  title: 'Sessions within the grant',
  why: 'A session holds a slot while nobody needs it. How many a tenant may have at one time is a quota, counted at admission.',
  references: ['CWE-770 (allocation without limits)'],
  allows: ({ context }) =>
    context.grant.sessions === 0 ? 'no session' : 'a session with `idleMs` within its life',
  fields: ['/session', '/session/idleMs'],
  revisions: [{ since: 6, judge }],
  fixtures: () => ({
    allow: [
      { name: 'a session', base, job: job({ idleMs: 5000 }), grant: { sessions: 1 } },
      { name: 'none, where there are none', grant: { sessions: 0 } },
    ],
    deny: [
      { name: 'one where there are none', base, job: job({}), grant: { sessions: 0 } },
      { name: 'idle longer than alive', base, job: job({ idleMs: 5001 }), grant: { sessions: 1 } },
    ],
  }),
}
