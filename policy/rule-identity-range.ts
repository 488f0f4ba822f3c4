// Ids within the slot’s range.
import type { Asked } from './ask.js'
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'

/** 65534 is `nobody`, which the kernel shows for every id that is not mapped; 65535 is (uid_t)-1 in 16 bits. */
const idMax = 65_533

const judge: Judge = (ask) => {
  const ids = [ask.uid, ask.gid].filter((id): id is Asked<number> => id !== null)
  return denyEach(ids, pointerOf, ({ value }) =>
    Number.isInteger(value) && value >= 0 && value <= idMax
      ? null
      : `Asked id ${value}; ids are 0 to ${idMax}.`,
  )
}

export const identityRange: Rule = {
  id: 'identity-range',
  title: 'Ids within the slot’s range',
  why: 'CVE-2024-40635: an id beyond 32 bits wrapped round to 0. CVE-2026-30892: one was read wrongly from text.',
  references: ['CVE-2024-40635', 'CVE-2026-30892'],
  allows: '0 to 65533',
  repair: leaveOut,
  fields: ['/user/uid', '/user/gid'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'the ends', job: { user: { uid: 0, gid: 65_533 } } }],
    deny: [65_534, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -1, 1.5].map((id) => ({
      name: String(id),
      job: { user: { uid: id, gid: id } },
    })),
  }),
}
