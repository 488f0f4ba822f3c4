// What becomes of a job after an attempt: its result is committed, or it is given back to the queue.
import type { Logger } from 'pino'
import type { RunResult } from '../contract/result.js'
import { LaunchError } from '../native/launch-client.js'
import { unstartedResult } from '../queue/record.js'
import {
  DamagedPayload,
  MissingBlob,
  type Release,
  type Start,
  type WorkerJobStore,
} from '../queue/worker-store.js'
import type { EventBatch } from './event-batch.js'
import { GrantUnknown } from './judge-again.js'
import type { WorkerTelemetry } from './telemetry.js'

export type SettleContext = {
  readonly store: WorkerJobStore
  readonly telemetry: WorkerTelemetry
  readonly log: Logger
  /** Told when the launcher takes nothing at present: no new work until it is back. */
  onLauncherAway(): void
}

export type Started = Extract<Start, { kind: 'run' }>
export type Conclusion =
  | { kind: 'result'; result: RunResult }
  /** `otherwise` is the result when no run is left. */
  | { kind: 'again'; release: Release; stage: string; otherwise: RunResult }

export const concluded = (result: RunResult): Conclusion => ({ kind: 'result', result })

/** Waits between attempts when the fault was ours, milliseconds: short, since most such faults are a restart. */
const retryDelayMs = (attemptNumber: number): number => Math.min(100 * 2 ** attemptNumber, 10_000)
/** Wait when no slot was free or the launcher was away: not an attempt that counts. */
const busyDelayMs = 100
/** Wait for the worker's grant files to become what the api's are. */
const grantDelayMs = 1000

function faultResult(error: LaunchError): RunResult {
  const result = unstartedResult('sandbox-error', error.message, error.stage)
  if (error.errno === null || result.cause === null) return result
  return { ...result, cause: { ...result.cause, errno: error.errno } }
}

/** A fault of ours: try again while runs are left, else say so. What came unexpected is a fault of ours too. */
export function concludeFault(
  error: unknown,
  started: Started,
  context: SettleContext,
): Conclusion {
  if (error instanceof DamagedPayload)
    return concluded(unstartedResult('sandbox-error', error.message, 'damaged-payload'))
  if (error instanceof MissingBlob)
    return concluded(unstartedResult('sandbox-error', error.message, 'blob-missing'))
  if (error instanceof GrantUnknown)
    return {
      kind: 'again',
      release: { delayMs: grantDelayMs, reason: 'unharmed' },
      stage: 'grant-unknown',
      otherwise: unstartedResult('policy-denied', error.message),
    }
  if (!(error instanceof LaunchError)) context.log.error({ err: error }, 'an unexpected fault')
  const fault =
    error instanceof LaunchError ? error : new LaunchError('worker-fault', 'The worker failed.')
  if (fault.away) context.onLauncherAway()
  const release: Release = fault.busy
    ? { delayMs: busyDelayMs, reason: 'unharmed' }
    : { delayMs: retryDelayMs(started.attempt), reason: 'fault' }
  return { kind: 'again', release, stage: fault.stage, otherwise: faultResult(fault) }
}

/** What the metrics hear of a job that had ended before it could run. */
export function noteUnstarted(
  kind: Exclude<Start['kind'], 'run'>,
  telemetry: WorkerTelemetry,
): void {
  if (kind === 'gone' || kind === 'held' || kind === 'later') return
  if (kind === 'quarantined') telemetry.quarantined()
  const lost = kind === 'quarantined' || kind === 'worker-lost'
  if (lost) telemetry.sandboxFailed('worker-lost')
  telemetry.finished(lost ? 'sandbox-error' : kind)
}

/** `ended`: this attempt's result is the job's. `open`: the job lives on, or is another attempt's. */
export type Settled = 'ended' | 'open'

async function settleResult(
  job: { jobId: string; attempt: number; log: Logger },
  result: RunResult,
  events: EventBatch,
  { store, telemetry }: SettleContext,
): Promise<Settled> {
  const { outcome, cause } = result
  if (!(await store.commit(job.jobId, job.attempt, result, await events.take()))) {
    job.log.warn({ outcome }, 'another attempt has taken over; this result is dropped')
    return 'open'
  }
  telemetry.finished(outcome)
  if (outcome === 'sandbox-error') telemetry.sandboxFailed(cause?.stage ?? 'unknown')
  job.log.info({ outcome, stage: cause?.stage }, 'finished')
  return 'ended'
}

export async function settle(
  jobId: string,
  started: Started,
  conclusion: Conclusion,
  events: EventBatch,
  context: SettleContext,
): Promise<Settled> {
  const { attempt } = started
  const log = context.log.child({ jobId, tenant: started.fields.get('tenant'), attempt })
  const job = { jobId, attempt, log }
  if (conclusion.kind === 'result')
    return await settleResult(job, conclusion.result, events, context)
  await events.flush()
  const { release, stage } = conclusion
  const released = await context.store.release(jobId, attempt, release)
  if (released === 'exhausted')
    return await settleResult(job, conclusion.otherwise, events, context)
  if (release.reason === 'fault') {
    context.telemetry.sandboxFailed(stage)
    context.telemetry.retried(stage)
  }
  log.warn({ stage, reason: release.reason, delayMs: release.delayMs, released }, 'given back')
  return 'open'
}
