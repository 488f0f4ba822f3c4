// Root inside the sandbox only by grant.
import type { Asked } from './ask.js'
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'

const judge: Judge = (ask, { grant }) => {
  const ids = [ask.uid, ask.gid].filter((id): id is Asked<number> => id !== null)
  return denyEach(ids, pointerOf, ({ value }) =>
    value === 0 && !grant.rootInside
      ? `Asked id 0; the grant ${grant.name} gives no root inside. Ask 1 to 65533, or leave \`user\` out for 1000.`
      : null,
  )
}

export const identityRoot: Rule = {
  id: 'identity-root',
  title: 'Root inside by grant',
  why: 'Id 0 inside is an ordinary id of the slot’s own range outside, without capabilities; still, some operators want none of it.',
  references: [
    'CIS Docker 4.1 (a user for the container)',
    'Kubernetes Pod Security, restricted: Running as Non-root',
  ],
  allows: '1 to 65533, or the field left out for 1000',
  repair: leaveOut,
  fields: ['/user/uid', '/user/gid'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'granted', job: { user: { uid: 0, gid: 0 } }, grant: { rootInside: true } },
      { name: 'another id', job: { user: { uid: 1234, gid: 1234 } }, grant: { rootInside: false } },
    ],
    deny: [
      { name: 'not granted', job: { user: { uid: 0, gid: 0 } }, grant: { rootInside: false } },
    ],
  }),
}
