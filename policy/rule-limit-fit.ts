// Limits fit each other: one file within the disk, the disk within the memory it lives in.
import type { AskedLimit, LimitName } from './ask.js'
import { type Bound, limitInWords, limitValue } from './limit-bound.js'
import { allowed, type Denial, type Judge, type Rule, replaceBy } from './rule.js'
import { everyLimit } from './step-ask.js'
import { quantity } from './wording.js'

function judgePair(
  limits: readonly AskedLimit[],
  name: LimitName,
  within: LimitName,
  most: number,
): readonly Denial[] {
  return limits
    .filter((limit) => limit.name === name && limit.value > most)
    .map(({ pointer, value }) => ({
      pointer,
      message: `Asked ${name} of ${quantity(name, value)}, more than ${within}, ${quantity(within, most)}. Ask more ${within}, or less.`,
    }))
}

const judge: Judge = (ask, { resolved }) => {
  const limits = everyLimit(ask)
  if (limits.length === 0) return allowed
  const { diskBytes, memoryBytes } = resolved.limits
  return [
    ...judgePair(limits, 'diskBytes', 'memoryBytes', memoryBytes),
    ...judgePair(limits, 'fileBytes', 'diskBytes', diskBytes),
  ]
}

/** The most that fits what it lives in. */
const roomFor: Bound = (name, { resolved }) =>
  name === 'diskBytes' ? resolved.limits.memoryBytes : resolved.limits.diskBytes

export const limitFit: Rule = {
  id: 'limit-fit',
  title: 'Limits that fit each other',
  why: 'Written files live in memory: a disk that is larger than the memory could not be kept, and what cannot be kept is refused.',
  references: ['CIS Docker 5.10 (memory limited)', 'CWE-770 (allocation without limits)'],
  allows: (denied) => limitInWords('at most', denied, roomFor),
  repair: (denied) => replaceBy(limitValue(denied, roomFor)),
  fields: ['/limits/diskBytes', '/limits/fileBytes', '/steps/*/limits/fileBytes'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'all alike',
        job: { limits: { memoryBytes: 67_108_864, diskBytes: 67_108_864, fileBytes: 67_108_864 } },
      },
      {
        name: 'less memory than the usual disk',
        base: 'command',
        job: { limits: { memoryBytes: 16_777_216 } },
      },
    ],
    deny: [
      {
        name: 'more disk than memory',
        job: { limits: { memoryBytes: 67_108_864, diskBytes: 67_108_865 } },
      },
      { name: 'more disk than the usual memory', job: { limits: { diskBytes: 268_435_457 } } },
      {
        name: 'a file larger than the disk',
        job: { limits: { diskBytes: 1_048_576, fileBytes: 1_048_577 } },
      },
    ],
  }),
}
