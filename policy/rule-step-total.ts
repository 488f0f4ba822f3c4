// All steps of a job together stay within what the grant gives one.

import type { Ask } from './ask.js'
import { allowed, type Context, type Denial, type Judge, type Rule } from './rule.js'
import { limitsOfStep } from './step-limits.js'
import { quantity } from './wording.js'

type Name = 'wallMs' | 'cpuMs'

/** The first step at which they pass it. */
function judgeSum(ask: Ask, { grant, resolved }: Context, name: Name): Denial | null {
  const { maximum } = grant.limits[name]
  let sum = 0
  for (const step of ask.steps) {
    const before = sum
    sum += limitsOfStep(step, resolved.limits)[name]
    if (sum > maximum && before <= maximum)
      return {
        pointer: `${step.pointer}/limits/${name}`,
        message: `Here the steps together may take ${name} of ${quantity(name, sum)}; the grant ${grant.name} gives one job ${quantity(name, maximum)}. Name less, for the job or for single steps.`,
      }
  }
  return null
}

const judge: Judge = (ask, context) =>
  ask.steps.length === 0
    ? allowed
    : [judgeSum(ask, context, 'wallMs'), judgeSum(ask, context, 'cpuMs')].filter(
        (denial) => denial !== null,
      )

const two = (limits: object) => ({
  limits,
  steps: [
    { name: 'one', run: 'true' },
    { name: 'two', run: 'true' },
  ],
})

export const stepTotal: Rule = {
  id: 'step-total',
  title: 'All steps within one job’s time',
  why: 'A job holds its place from its first step to its last. Cut into steps it must not hold it longer.',
  references: ['CWE-400 (uncontrolled resource consumption)'],
  allows: ({ pointer, context: { grant } }) => {
    const name: Name = pointer.endsWith('wallMs') ? 'wallMs' : 'cpuMs'
    return `together at most ${quantity(name, grant.limits[name].maximum)}`
  },
  fields: ['/steps/*/limits/wallMs', '/steps/*/limits/cpuMs'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [
      { name: 'halves', base: 'steps', job: two({ wallMs: 30_000, cpuMs: 30_000 }) },
      { name: 'defaults', base: 'steps', job: two({}) },
    ],
    deny: [
      { name: 'one millisecond more', base: 'steps', job: two({ wallMs: 30_001, cpuMs: 1 }) },
      { name: 'processor time', base: 'steps', job: two({ wallMs: 1, cpuMs: 30_001 }) },
      {
        name: 'in one step of two',
        base: 'steps',
        job: {
          steps: [
            { name: 'one', run: 'true' },
            { name: 'two', run: 'true', limits: { wallMs: 50_001 } },
          ],
        },
      },
    ],
  }),
}
