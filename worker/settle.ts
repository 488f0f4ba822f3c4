// What becomes of a job after an attempt: its result is committed, or it is given back to the queue.
import type { Logger } from 'pino'
import type { Receipt } from '../contract/receipt.js'
import type { RunResult } from '../contract/result.js'
import { LaunchError } from '../native/launch-client.js'
import type { AuditLog } from '../queue/audit-log.js'
import { unstartedResult } from '../queue/record.js'
import { unrunOutcome } from '../queue/unrun.js'
import {
  DamagedPayload,
  MissingBlob,
  type Release,
  type Start,
  type WorkerJobStore,
} from '../queue/worker-store.js'
import { type Ended, outcomeOf } from './audit-outcome.js'
import type { EventBatch } from './event-batch.js'
import { GrantUnknown } from './judge-again.js'
import { type Place, type RunEvidence, statementOf } from './receipt.js'
import type { ReceiptSigner } from './receipt-key.js'
import type { WorkerTelemetry } from './telemetry.js'

export type SettleContext = {
  readonly store: WorkerJobStore
  readonly telemetry: WorkerTelemetry
  readonly log: Logger
  readonly signer: ReceiptSigner
  readonly audit: AuditLog
  readonly place: Place
  /** Told when the launcher takes nothing at present: no new work until it is back. */
  onLauncherAway(): void
}

export type Started = Extract<Start, { kind: 'run' }>
export type Concluded = { kind: 'result'; result: RunResult; evidence: RunEvidence | null }
export type Conclusion =
  | Concluded
  /** `otherwise` is the result when no run is left. */
  | { kind: 'again'; release: Release; stage: string; otherwise: RunResult }

export const concluded = (result: RunResult, evidence: RunEvidence | null = null): Concluded => ({
  kind: 'result',
  result,
  evidence,
})

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

/** What metrics and the audit log hear of a job that had ended before it could run. */
export async function noteUnstarted(
  jobId: string,
  kind: Exclude<Start['kind'], 'run'>,
  { telemetry, store, audit }: SettleContext,
): Promise<void> {
  if (kind === 'gone' || kind === 'held' || kind === 'later') return
  if (kind === 'quarantined') telemetry.quarantined()
  const lost = kind === 'quarantined' || kind === 'worker-lost'
  if (lost) telemetry.sandboxFailed('worker-lost')
  const outcome = lost ? 'sandbox-error' : kind
  telemetry.finished(outcome)
  const job = await store.unrun(jobId)
  if (job !== null) audit.tell(unrunOutcome(job, outcome, lost ? 'worker-lost' : null))
}

/** `ended`: this attempt's result is the job's. `open`: the job lives on, or is another attempt's. */
export type Settled = 'ended' | 'open'

type Settling = {
  readonly jobId: string
  readonly started: Started
  readonly log: Logger
  readonly events: EventBatch
}

/** Null where nothing ran: there is nothing that could have been in force. */
function receiptOf(
  started: Started,
  { result, evidence }: Concluded,
  finishedAtMs: number,
  { signer, place, telemetry }: SettleContext,
): Receipt | null {
  if (evidence === null) return null
  const before = performance.now()
  const { fields } = started
  const runs = Number(fields.get('runs'))
  const startedAtMs = Number(fields.get('startedAt'))
  const statement = statementOf(evidence, { runs, startedAtMs, finishedAtMs }, result, place)
  const receipt = statement === null ? null : signer.sign(statement)
  telemetry.signed((performance.now() - before) / 1000)
  return receipt
}

function endedOf(
  job: string,
  { fields }: Started,
): Pick<Ended, 'job' | 'tenant' | 'attempt' | 'admittedBy'> {
  const admittedBy = {
    name: fields.get('grant') ?? '',
    revision: fields.get('grantRevision') ?? '',
  }
  return {
    job,
    tenant: fields.get('tenant') ?? '',
    attempt: Number(fields.get('runs')),
    admittedBy,
  }
}

async function settleResult(
  { jobId, started, log, events }: Settling,
  conclusion: Concluded,
  context: SettleContext,
): Promise<Settled> {
  const { store, telemetry } = context
  const { result, evidence } = conclusion
  const { outcome, cause } = result
  const last = await events.take()
  const finishedAtMs = Date.now()
  const receipt = receiptOf(started, conclusion, finishedAtMs, context)
  const signed = { receipt, finishedAtMs }
  if (!(await store.commit(jobId, started.attempt, result, last, signed))) {
    log.warn({ outcome }, 'another attempt has taken over; this result is dropped')
    return 'open'
  }
  context.audit.tell(outcomeOf({ ...endedOf(jobId, started), result, evidence, receipt }))
  telemetry.finished(outcome)
  if (outcome === 'sandbox-error') telemetry.sandboxFailed(cause?.stage ?? 'unknown')
  log.info({ outcome, stage: cause?.stage }, 'finished')
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
  const settling = { jobId, started, log, events }
  if (conclusion.kind === 'result') return await settleResult(settling, conclusion, context)
  await events.flush()
  const { release, stage } = conclusion
  const released = await context.store.release(jobId, attempt, release)
  if (released === 'exhausted')
    return await settleResult(settling, concluded(conclusion.otherwise), context)
  if (released === 'cancelled') {
    const job = await context.store.unrun(jobId)
    if (job !== null) context.audit.tell(unrunOutcome(job, 'cancelled'))
  }
  if (release.reason === 'fault') {
    context.telemetry.sandboxFailed(stage)
    context.telemetry.retried(stage)
  }
  log.warn({ stage, reason: release.reason, delayMs: release.delayMs, released }, 'given back')
  return 'open'
}
