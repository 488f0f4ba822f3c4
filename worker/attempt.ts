// One attempt at one job, from its share of the memory for payloads to a result or to a fault of ours.
import type { RunResult } from '../contract/result.js'
import { LaunchError } from '../native/launch-client.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import type { EventBatch } from './event-batch.js'
import type { Lanes } from './lanes.js'
import { openingFactor, type PayloadBudget, type Share } from './payload-budget.js'
import { cargoBytes, type PrepareContext, type Prepared, prepare } from './prepare.js'
import type { RunEvidence } from './receipt.js'
import type { Run } from './run.js'
import { runPlan } from './run-plan.js'
import { runSession } from './run-session.js'
import type { SessionRegistry } from './session-registry.js'
import type { Started } from './settle.js'

export type AttemptContext = PrepareContext & {
  readonly launcherSocket: string
  readonly seccompFolders: SeccompFolders
  readonly budget: PayloadBudget
  readonly lanes: Lanes
  readonly sessions: SessionRegistry
}

export type Attempt = {
  readonly jobId: string
  readonly started: Started
  readonly events: EventBatch
  /** Told of the run while it lasts, so that a cancel reaches it. */
  onRun(run: Run): void
}

/** A result, and what a receipt can tell of the run; null when nothing ran. */
export type Attempted = { readonly result: RunResult; readonly evidence: RunEvidence | null }

/** The bytes as they came, and as frames of the launcher. */
const sendingFactor = 2

async function runPrepared(
  { jobId, started, events, onRun }: Attempt,
  { plan, asked, hasAppArmor, cargo }: Extract<Prepared, { kind: 'run' }>,
  share: Share,
  context: AttemptContext,
): Promise<Attempted> {
  const { launcherSocket, seccompFolders, store, telemetry, lanes } = context
  const tenant = started.fields.get('tenant') ?? ''
  // In another sandbox it would not be the same session, whatever its id.
  if (plan.sessionIdleMs > 0 && Number(started.fields.get('deaths') ?? 0) > 0)
    throw new LaunchError('worker-lost', 'The worker of the session was lost.')
  const input = {
    ...{ jobId, plan, cargo, launcherSocket, seccompFolders, events, lanes },
    createOutput: () => store.outputs.create(tenant, jobId),
    onLaunched: telemetry.launched,
    onSent: () => share.shrink(cargoBytes(cargo)),
  }
  const run =
    plan.sessionIdleMs === 0
      ? runPlan(input)
      : runSession({ ...input, tenant, sessions: context.sessions })
  onRun(run)
  const { result: ran, steps } = await run.result
  const { languageVersion } = plan
  const result = languageVersion === '' ? ran : { ...ran, languageVersion }
  const language = asked.language ?? 'command'
  for (const { outcome, usage } of result.steps)
    if (outcome !== 'skipped') telemetry.ran(language, usage.wallMs / 1000)
  return { result, evidence: { asked, plan, hasAppArmor, steps } }
}

/** Judges again and runs. @throws LaunchError when our side failed; DamagedPayload, MissingBlob */
export async function attempt(one: Attempt, context: AttemptContext): Promise<Attempted> {
  const sealedBytes = await context.store.blobBytes(one.started.fields)
  const share = await context.budget.take(sealedBytes * openingFactor)
  try {
    const prepared = await prepare(one.jobId, one.started, context)
    if (prepared.kind === 'denied') return { result: prepared.result, evidence: null }
    share.shrink(cargoBytes(prepared.cargo) * sendingFactor)
    return await runPrepared(one, prepared, share, context)
  } finally {
    share.shrink(0)
  }
}
