// No limit beyond the grant.
import { type Bound, limitFields, limitInWords, limitValue } from './limit-bound.js'
import { denyEach, type Judge, pointerOf, type Rule, replaceBy } from './rule.js'
import { everyLimit } from './step-ask.js'
import { quantity } from './wording.js'

const maximumOf: Bound = (name, { grant }) => grant.limits[name].maximum

const judge: Judge = (ask, { grant }) =>
  denyEach(everyLimit(ask), pointerOf, ({ name, value }) => {
    const { maximum } = grant.limits[name]
    if (value <= maximum) return null
    return `Asked ${name} of ${quantity(name, value)}; the grant ${grant.name} gives at most ${quantity(name, maximum)}.`
  })

export const limitMaximum: Rule = {
  id: 'limit-maximum',
  title: 'Limits within the grant',
  why: 'The grant is what the operator has agreed to pay for.',
  references: [
    'CIS Docker 5.10 (memory limited)',
    'CIS Docker 5.11 (CPU share)',
    'CIS Docker 5.28 (PIDs limited)',
  ],
  allows: (denied) => limitInWords('at most', denied, maximumOf),
  repair: (denied) => replaceBy(limitValue(denied, maximumOf)),
  fields: limitFields,
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'nothing asked' },
      {
        name: 'the very most',
        job: {
          limits: { wallMs: 60_000, memoryBytes: 1_073_741_824, cpus: 2 },
          retry: { attempts: 3 },
        },
      },
    ],
    deny: [
      { name: 'one millisecond more', job: { limits: { wallMs: 60_001 } } },
      {
        name: 'everything at once',
        job: {
          limits: {
            wallMs: Number.MAX_SAFE_INTEGER,
            cpuMs: Number.MAX_SAFE_INTEGER,
            memoryBytes: Number.MAX_SAFE_INTEGER,
            processes: Number.MAX_SAFE_INTEGER,
            openFiles: Number.MAX_SAFE_INTEGER,
            fileBytes: Number.MAX_SAFE_INTEGER,
            diskBytes: Number.MAX_SAFE_INTEGER,
            outputBytes: Number.MAX_SAFE_INTEGER,
            cpus: 1024,
          },
          expiresAfterMs: 604_800_000,
          retry: { attempts: 10 },
        },
      },
      { name: 'a hair more processor', job: { limits: { cpus: 2.001 } } },
    ],
  }),
}
