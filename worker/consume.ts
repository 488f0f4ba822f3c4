// Step 5 of 10: an id from the queue → an opened payload and one attempt, and one of: a committed result, the job given back.
// The program's faults are results; ours are tried again, as often as the job allows; neither is ever lost.
import type { Logger } from 'pino'
import type { RunResult } from '../contract/result.js'
import { LaunchError } from '../native/launch-client.js'
import type { LocalFiles } from '../queue/local-files.js'
import { unstartedResult } from '../queue/record.js'
import {
  DamagedPayload,
  MissingBlob,
  type Start,
  type WorkerJobStore,
} from '../queue/worker-store.js'
import { attempt } from './attempt.js'
import type { Run } from './run-plan.js'
import type { WorkerTelemetry } from './telemetry.js'

export type ConsumerContext = {
  readonly store: WorkerJobStore
  readonly telemetry: WorkerTelemetry
  readonly log: Logger
  readonly launcherSocket: string
  readonly profileDirectory: string
  files(): LocalFiles
}

export type Consumer = {
  consume(jobId: string): Promise<void>
  cancel(jobId: string): void
  /** Ends what still runs; each job is given back to the queue. */
  drain(): void
  readonly busy: number
}

/** Waits between attempts when the fault was ours, milliseconds: short, since most such faults are a restart. */
const retryDelayMs = (attemptNumber: number): number => Math.min(200 * 2 ** attemptNumber, 10_000)
/** Wait when no slot was free or the launcher was away: not an attempt that counts. */
const busyDelayMs = 100

type Started = Extract<Start, { fields: ReadonlyMap<string, string> }>
type Conclusion =
  | { kind: 'result'; result: RunResult; quarantine: boolean }
  | { kind: 'again'; delayMs: number; stage: string }

const concluded = (result: RunResult, quarantine = false): Conclusion => ({
  kind: 'result',
  result,
  quarantine,
})

/** What a start that does not run means. */
function concludeUnstarted(started: Started, telemetry: WorkerTelemetry): Conclusion | null {
  switch (started.kind) {
    case 'expired':
      return concluded(
        unstartedResult('expired', 'It waited longer than its deadline allowed and never started.'),
      )
    case 'cancelled':
      return concluded(unstartedResult('cancelled', 'Cancelled by the caller.'))
    case 'quarantine':
      telemetry.quarantined()
      return concluded(
        unstartedResult(
          'sandbox-error',
          'Its worker died under it twice; it is kept for the operator and not tried again.',
          'worker-lost',
        ),
        true,
      )
    case 'run':
      return null
  }
}

/** A fault of ours: try again while attempts are left, else say so. */
function concludeFault(error: unknown, started: Started, context: ConsumerContext): Conclusion {
  if (error instanceof DamagedPayload)
    return concluded(unstartedResult('sandbox-error', error.message, 'damaged-payload'))
  if (error instanceof MissingBlob)
    return concluded(unstartedResult('sandbox-error', error.message, 'blob-missing'))
  if (!(error instanceof LaunchError)) throw error
  context.telemetry.sandboxFailed(error.stage)
  if (error.busy) return { kind: 'again', delayMs: busyDelayMs, stage: error.stage }
  if (started.attempt < Number(started.fields.get('attemptsMax') ?? '1')) {
    return { kind: 'again', delayMs: retryDelayMs(started.attempt), stage: error.stage }
  }
  const result = unstartedResult('sandbox-error', error.message, error.stage)
  return concluded(
    error.errno === null || result.cause === null
      ? result
      : { ...result, cause: { ...result.cause, errno: error.errno } },
  )
}

export function openConsumer(context: ConsumerContext): Consumer {
  const runs = new Map<string, Run>()
  const cancelled = new Set<string>()
  let active = 0

  const conclude = async (jobId: string, started: Started): Promise<Conclusion> => {
    const unstarted = concludeUnstarted(started, context.telemetry)
    if (unstarted !== null) return unstarted
    try {
      const payload = await context.store.open(jobId, started.fields)
      context.telemetry.waited(Math.max(0, Date.now() - payload.acceptedAtMs) / 1000)
      const result = await attempt(payload, {
        launcherSocket: context.launcherSocket,
        profileDirectory: context.profileDirectory,
        files: context.files(),
        telemetry: context.telemetry,
        tell: (events) => context.store.tell(jobId, events),
        onRun(run) {
          runs.set(jobId, run)
          // A cancel may have come between the start and here.
          if (cancelled.has(jobId)) run.cancel('cancelled')
        },
      })
      return concluded(result)
    } catch (error) {
      return concludeFault(error, started, context)
    }
  }

  const settle = async (jobId: string, started: Started, conclusion: Conclusion): Promise<void> => {
    const log = context.log.child({
      jobId,
      tenant: started.fields.get('tenant'),
      attempt: started.attempt,
    })
    if (conclusion.kind === 'again') {
      context.telemetry.retried(conclusion.stage)
      log.warn({ stage: conclusion.stage, delayMs: conclusion.delayMs }, 'given back')
      await context.store.release(jobId, started.attempt, conclusion.delayMs)
      return
    }
    const { result } = conclusion
    const first = await context.store.commit(jobId, started.attempt, result, conclusion.quarantine)
    if (!first) {
      log.warn(
        { outcome: result.outcome },
        'another attempt has taken over; this result is dropped',
      )
      return
    }
    context.telemetry.finished(result.outcome)
    log.info({ outcome: result.outcome, stage: result.cause?.stage }, 'finished')
  }

  const consume = async (jobId: string): Promise<void> => {
    active++
    try {
      const started = await context.store.start(jobId)
      if (started.kind === 'gone') return
      await settle(jobId, started, await conclude(jobId, started))
    } finally {
      active--
      runs.delete(jobId)
      cancelled.delete(jobId)
    }
  }

  return {
    consume,
    cancel(jobId) {
      const run = runs.get(jobId)
      if (run !== undefined) run.cancel('cancelled')
      else if (active > 0) cancelled.add(jobId)
    },
    drain() {
      for (const run of runs.values()) run.cancel('drain')
    },
    get busy() {
      return active
    },
  }
}
