// One attempt at one job, from an opened payload to a result or to a fault of ours.
import type { Payload } from '../contract/payload.js'
import type { RunResult } from '../contract/result.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import type { LocalFiles } from '../queue/local-files.js'
import type { EventBatch } from './event-batch.js'
import { judgeAgain } from './judge-again.js'
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

/** Judges again and runs. @throws LaunchError when our side failed. */
export async function attempt(payload: Payload, context: AttemptContext): Promise<RunResult> {
  const judged = judgeAgain(payload, context.files)
  if (judged.kind === 'denied') return judged.result
  const run = runPlan({
    jobId: payload.jobId,
    plan: judged.plan,
    files: workspaceFiles(payload.spec, context.files.catalogue),
    stdin: standardInput(payload.spec),
    launcherSocket: context.launcherSocket,
    seccompFolders: context.seccompFolders,
    events: context.events,
    onLaunched: context.telemetry.launched,
  })
  context.onRun(run)
  const result = await run.result
  for (const step of result.steps)
    context.telemetry.ran(payload.spec.language ?? 'command', step.usage.wallMs / 1000)
  return result
}
