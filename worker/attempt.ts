// One attempt at one job, from an opened payload to a result or to a fault of ours.
import type { Payload } from '../contract/payload.js'
import type { RunResult } from '../contract/result.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import type { LocalFiles } from '../queue/local-files.js'
import type { EventBatch } from './event-batch.js'
import { judgeAgain } from './judge-again.js'
import type { RunEvidence } from './receipt.js'
import { type Run, runPlan } from './run-plan.js'
import type { WorkerTelemetry } from './telemetry.js'
import { standardInput, workspaceFiles } from './workspace.js'

export type AttemptContext = {
  readonly launcherSocket: string
  readonly seccompFolders: SeccompFolders
  readonly files: LocalFiles
  readonly telemetry: WorkerTelemetry
  readonly events: EventBatch
  /** Told of the run while it lasts, so that a cancel reaches it. */
  onRun(run: Run): void
}

/** A result, and what a receipt can tell of the run; null when nothing ran. */
export type Attempted = { readonly result: RunResult; readonly evidence: RunEvidence | null }

/** Judges again and runs. @throws LaunchError when our side failed. */
export async function attempt(payload: Payload, context: AttemptContext): Promise<Attempted> {
  const judged = judgeAgain(payload, context.files)
  if (judged.kind === 'denied') return { result: judged.result, evidence: null }
  const { plan, grantRevision } = judged
  const run = runPlan({
    jobId: payload.jobId,
    plan,
    files: workspaceFiles(payload.spec, context.files.catalogue),
    stdin: standardInput(payload.spec),
    launcherSocket: context.launcherSocket,
    seccompFolders: context.seccompFolders,
    events: context.events,
    onLaunched: context.telemetry.launched,
  })
  context.onRun(run)
  const { result, steps } = await run.result
  for (const step of result.steps)
    context.telemetry.ran(payload.spec.language ?? 'command', step.usage.wallMs / 1000)
  const hasAppArmor = context.files.platform.apparmor
  return { result, evidence: { payload, plan, grantRevision, hasAppArmor, steps } }
}
