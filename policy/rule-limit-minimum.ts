// No limit so small that the sandbox itself could not start; zero and negative never mean unlimited.
import { limitFields, limitInWords, limitValue } from './limit-bound.js'
import { minimumOf } from './limit-minimum.js'
import { denyEach, type Judge, pointerOf, type Rule, replaceBy } from './rule.js'
import { everyLimit } from './step-ask.js'
import { quantity } from './wording.js'

const judge: Judge = (ask) =>
  denyEach(everyLimit(ask), pointerOf, ({ name, value }) =>
    value >= minimumOf(name)
      ? null
      : `Asked ${name} of ${quantity(name, value)}; at least ${quantity(name, minimumOf(name))}.`,
  )

export const limitMinimum: Rule = {
  id: 'limit-minimum',
  title: 'Limits that a sandbox can start under',
  why: 'Below them our own set-up would fail inside the sandbox. Engines that read 0 or -1 as unlimited have taught people to send it: here it is refused.',
  references: ['CWE-770 (allocation without limits)'],
  allows: (denied) => limitInWords('at least', denied, minimumOf),
  repair: (denied) => replaceBy(limitValue(denied, minimumOf)),
  fields: limitFields,
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'the very least',
        base: 'command',
        job: {
          limits: {
            wallMs: 1,
            cpuMs: 1,
            memoryBytes: 4_194_304,
            processes: 1,
            openFiles: 8,
            fileBytes: 1,
            diskBytes: 65_536,
            outputBytes: 1,
            cpus: 0.01,
          },
        },
      },
    ],
    deny: [
      {
        name: 'zero everywhere',
        job: {
          limits: {
            wallMs: 0,
            cpuMs: 0,
            memoryBytes: 0,
            processes: 0,
            openFiles: 0,
            fileBytes: 0,
            diskBytes: 0,
            outputBytes: 0,
            cpus: 0,
          },
          expiresAfterMs: 0,
          retry: { attempts: 0 },
        },
      },
      { name: 'negative', job: { limits: { memoryBytes: -1, processes: -1 } } },
      { name: 'not a number', job: { limits: { wallMs: Number.NaN } } },
      {
        name: 'too little memory for a sandbox',
        base: 'command',
        job: { limits: { memoryBytes: 4_194_303 } },
      },
      { name: 'too little processor for the kernel', job: { limits: { cpus: 0.009 } } },
    ],
  }),
}
