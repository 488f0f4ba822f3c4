// The course of a job's steps: which of them are run, and what the job's outcome is by them.
import type { Outcome } from '../contract/outcome.js'
import type { PlanStep } from '../contract/plan.js'
import type { KeptStep, RunResult } from '../contract/result.js'

/** The result of a step that was run. */
export type RanStep = KeptStep & { readonly outcome: Outcome }

export type Course = {
  /** Whether the step is run now; one that is not has its result at once. */
  takes(step: PlanStep): boolean
  /** Takes the result of a step that was run. Returns whether the job may have further steps. */
  note(step: PlanStep, result: RanStep): boolean
  /** The job's result when all has been run that will be. */
  finish(): RunResult
  /** Its result when it was ended between two of its steps. */
  endBetween(word: 'cancelled' | 'expired'): RunResult
}

const noUsage = {
  ...{ wallMs: 0, cpuMs: 0, userMs: 0, systemMs: 0, memoryPeakBytes: 0, processPeak: 0 },
  ...{ outputBytes: 0, diskBytes: 0, throttledMs: 0 },
} as const

const skipped = (name: string, message: string): KeptStep => ({
  name,
  outcome: 'skipped',
  cause: { message },
  exitCode: null,
  signal: null,
  stdout: '',
  stderr: '',
  encoding: { stdout: 'utf8', stderr: 'utf8' },
  truncated: false,
  usage: noUsage,
  isolation: null,
})

/** A program that could not be compiled is no step that was left out: the job has only ever had one program. */
const tellsSkipped = (steps: readonly PlanStep[]): boolean =>
  steps.length > 1 && steps.every(({ failureOutcome }) => failureOutcome === 'program')

const endsJob = (step: PlanStep, { outcome }: RanStep): boolean =>
  outcome === 'cancelled' ||
  outcome === 'expired' ||
  (outcome !== 'ok' && step.failureOutcome === 'compile-error')

export function openCourse(steps: readonly PlanStep[]): Course {
  const results: KeptStep[] = []
  let failed: RanStep | null = null
  const skip = (name: string, message: string): unknown =>
    tellsSkipped(steps) && results.push(skipped(name, message))
  const skipRest = (message: string): void => {
    for (const { name } of steps.slice(results.length)) skip(name, message)
  }
  return {
    takes({ name, when }) {
      if (when === 'always' || (when === 'failure') === (failed !== null)) return true
      const why = failed === null ? 'No step had failed.' : `The step ${failed.name} had failed.`
      skip(name, `It runs after ${when}. ${why}`)
      return false
    },
    note(step, result) {
      results.push(result)
      const isOver = endsJob(step, result)
      if (result.outcome !== 'ok' && !step.continueOnError) failed ??= result
      // What ended the job is what became of it, whatever had failed before.
      if (isOver) failed = result
      if (isOver) skipRest('The job had ended.')
      return !isOver
    },
    finish: () => ({
      outcome: failed?.outcome ?? 'ok',
      cause: failed?.cause ?? null,
      failedStep: failed?.name ?? null,
      steps: results,
    }),
    endBetween(outcome) {
      skipRest('The job had ended.')
      const message = 'It was ended between two of its steps.'
      return { outcome, cause: { message }, failedStep: null, steps: results }
    },
  }
}
