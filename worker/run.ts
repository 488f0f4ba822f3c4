// A run of a plan: what it needs, and what comes of it.
import type { Plan } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import type { OutputWriter } from '../queue/output-store.js'
import type { EventBatch } from './event-batch.js'
import type { Lanes } from './lanes.js'
import type { Cargo } from './prepare.js'
import type { StepEvidence } from './receipt.js'

export type RunInput = {
  readonly jobId: string
  readonly plan: Plan
  /** Emptied as it is sent. */
  readonly cargo: Cargo
  readonly launcherSocket: string
  readonly seccompFolders: SeccompFolders
  readonly events: EventBatch
  /** Slots that tests may borrow. */
  readonly lanes: Lanes
  /** A file for large output of this job. */
  createOutput(): OutputWriter
  /** Told how long each sandbox took to make, seconds. */
  onLaunched(seconds: number): void
  /** Told when the bytes that a step began with have gone to the launcher. */
  onSent(): void
}

/** The result, and for each of its steps what a receipt tells beside it. */
export type Ran = { readonly result: RunResult; readonly steps: readonly StepEvidence[] }

export type CancelWord = 'cancelled' | 'expired' | 'drain'

export type Run = {
  /** Rejects with LaunchError when our side failed; the job has no result then. */
  readonly result: Promise<Ran>
  /** Until nothing of the sandbox is left: the result need not wait for that. Rejects with LaunchError, also when `result` does. */
  readonly destroyed: Promise<void>
  /** No effect after the result. */
  cancel(word: CancelWord): void
}
