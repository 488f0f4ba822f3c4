// Which steps are run, and what a job's outcome is by them.
import t from 'tap'
import type { Outcome } from '../../contract/outcome.js'
import type { PlanStep } from '../../contract/plan.js'
import type { RunResult } from '../../contract/result.js'
import { tellingStep } from '../../contract/telling-step.js'
import { openCourse, type RanStep } from '../../worker/course.js'
import { okResult } from '../api/run-result.js'
import { plainStep } from '../launch-plan.js'

/** A step and how it ends when it is run. */
type Planned = readonly [step: Partial<PlanStep> & { name: string }, outcome: Outcome]

const [okStep] = okResult.steps
const resultOf = (name: string, outcome: Outcome): RanStep =>
  ({ ...okStep, name, outcome, cause: { message: `${name} ended` } }) as RanStep

function run(planned: readonly Planned[]): RunResult {
  const steps = planned.map(([step]) => plainStep(['x'], step))
  const course = openCourse(steps)
  for (const [index, step] of steps.entries()) {
    if (!course.takes(step)) continue
    if (!course.note(step, resultOf(step.name, planned[index]?.[1] ?? 'ok'))) break
  }
  return course.finish()
}

const outcomesOf = ({ steps }: RunResult): string => steps.map(({ outcome }) => outcome).join(' ')

type Row = {
  readonly name: string
  readonly steps: readonly Planned[]
  readonly outcomes: string
  readonly outcome: Outcome
  readonly failedStep: string | null
  /** Whose output is the job's. */
  readonly tells: string
}

const rows: readonly Row[] = [
  {
    name: 'all end well',
    steps: [
      [{ name: 'a' }, 'ok'],
      [{ name: 'b' }, 'ok'],
    ],
    outcomes: 'ok ok',
    outcome: 'ok',
    failedStep: null,
    tells: 'b',
  },
  {
    name: 'the first that fails is the job’s, and what waits for success is skipped',
    steps: [
      [{ name: 'a' }, 'exit-nonzero'],
      [{ name: 'b' }, 'ok'],
      [{ name: 'c', when: 'always' }, 'memory-limit'],
      [{ name: 'd', when: 'failure' }, 'ok'],
    ],
    outcomes: 'exit-nonzero skipped memory-limit ok',
    outcome: 'exit-nonzero',
    failedStep: 'a',
    tells: 'a',
  },
  {
    name: 'what waits for a failure is skipped without one',
    steps: [
      [{ name: 'a' }, 'ok'],
      [{ name: 'b', when: 'failure' }, 'ok'],
    ],
    outcomes: 'ok skipped',
    outcome: 'ok',
    failedStep: null,
    tells: 'a',
  },
  {
    name: 'a failure that may be is none',
    steps: [
      [{ name: 'a', continueOnError: true }, 'signalled'],
      [{ name: 'b', when: 'failure' }, 'ok'],
      [{ name: 'c' }, 'ok'],
    ],
    outcomes: 'signalled skipped ok',
    outcome: 'ok',
    failedStep: null,
    tells: 'c',
  },
  {
    name: 'a cancel ends the job, also for what is always run, and whatever had failed',
    steps: [
      [{ name: 'a' }, 'exit-nonzero'],
      [{ name: 'b', when: 'always', continueOnError: true }, 'cancelled'],
      [{ name: 'c', when: 'always' }, 'ok'],
    ],
    outcomes: 'exit-nonzero cancelled skipped',
    outcome: 'cancelled',
    failedStep: 'b',
    tells: 'b',
  },
  {
    name: 'a program that could not be compiled is not told as skipped',
    steps: [
      [{ name: 'compile', failureOutcome: 'compile-error' }, 'compile-error'],
      [{ name: 'run' }, 'ok'],
    ],
    outcomes: 'compile-error',
    outcome: 'compile-error',
    failedStep: 'compile',
    tells: 'compile',
  },
]

for (const { name, steps, outcomes, outcome, failedStep, tells } of rows) {
  t.test(name, async (t) => {
    const result = run(steps)
    t.equal(outcomesOf(result), outcomes)
    t.match(result, { outcome, failedStep })
    t.equal(result.cause?.message ?? null, failedStep === null ? null : `${failedStep} ended`)
    t.equal(tellingStep(result.steps, result.failedStep)?.name, tells)
  })
}

t.test('an end between two steps skips the rest', async (t) => {
  const steps = ['a', 'b'].map((name) => plainStep(['x'], { name }))
  const course = openCourse(steps)
  const [first] = steps
  if (first === undefined || !course.takes(first)) return t.fail('the first is run')
  course.note(first, resultOf('a', 'ok'))
  const result = course.endBetween('expired')
  t.equal(outcomesOf(result), 'ok skipped')
  t.match(result, { outcome: 'expired', failedStep: null })
})
