// A program made ready to be run many times: what comes before its last step is done once, and what that leaves in the workspace is read
// back and kept as frames, for one fresh sandbox after another.
import { type CollectAsk, collectDepthMax } from '../contract/collect.js'
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import { LaunchError, type Sandbox } from '../native/launch-client.js'
import {
  type EncodedFiles,
  encodeFiles,
  type Programs,
  type SandboxFile,
} from '../native/launch-encode.js'
import { attestCollector, collectorPrograms } from './collector.js'
import { runStep, type StepContext, type StepRun } from './run-step.js'
import type { Sandboxes } from './sandboxes.js'

export type BuiltProgram = {
  readonly plan: ProgramPlan
  readonly step: PlanStep
  readonly files: EncodedFiles
  /** Of all files, in pages, as they fill a disk. */
  readonly diskBytes: number
  /** What was run for it. */
  readonly steps: readonly StepRun[]
}
/** The first of its steps that failed is the last of these. */
export type NotBuilt = { readonly failed: StepRun; readonly steps: readonly StepRun[] }

/** Files that a sandbox takes (native/launcher/request.c). */
const filesMax = 4096
const collectMs = 30_000
const collectMemoryBytes = 64 * 1_048_576
const pageBytes = 4096

export const pagesOf = (files: readonly SandboxFile[]): number =>
  files.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / pageBytes) * pageBytes, 0)

/** All that is in the workspace. */
function askOf(plan: ProgramPlan): CollectAsk {
  return {
    ...{ root: plan.workspace, paths: [], contents: true, entries: 4 * filesMax, files: filesMax },
    ...{ bytes: plan.diskBytes, fileBytes: plan.diskBytes, nameBytes: 4 * 1_048_576 },
    ...{ depth: collectDepthMax, wallMs: collectMs, cpuMs: collectMs },
    memoryBytes: Math.min(collectMemoryBytes, plan.memoryBytes),
  }
}

async function collectFiles(
  sandbox: Sandbox,
  plan: ProgramPlan,
  programs: Programs,
): Promise<SandboxFile[]> {
  const ask = askOf(plan)
  const found: { path: string; mode: number; pieces: Buffer[] }[] = []
  const summary = await sandbox.collect(ask, programs, {
    // It makes no exec, with which an AppArmor profile would come (docs/launcher-protocol.md).
    onStarted: (started) => attestCollector(started, plan, ask.memoryBytes),
    onFile({ path, mode }) {
      found.push({ path, mode, pieces: [] })
    },
    onBytes(bytes) {
      found.at(-1)?.pieces.push(Buffer.from(bytes))
    },
    onLeftOut() {},
  })
  if (summary === null || !summary.complete)
    throw new LaunchError('collect', 'What the build has left could not be read whole.')
  return found.map(({ path, mode, pieces }) => ({ path, mode, bytes: Buffer.concat(pieces) }))
}

/** @throws LaunchError */
export async function buildProgram(
  context: StepContext,
  sandboxes: Sandboxes,
  sources: readonly SandboxFile[],
): Promise<BuiltProgram | NotBuilt> {
  const { plan } = context
  const before = plan.steps.slice(0, -1)
  const step = plan.steps.at(-1)
  if (step === undefined) throw new LaunchError('worker-fault', 'a plan without a step')
  const built = { plan, step }
  if (before.length === 0)
    return { ...built, files: encodeFiles(sources), diskBytes: pagesOf(sources), steps: [] }
  const sandbox = sandboxes.open(plan, encodeFiles(sources))
  const steps: StepRun[] = []
  for (const one of before) {
    const ran = await runStep(context, sandbox, one, { takeStdin: () => null })
    steps.push(ran)
    if (ran.result.outcome === 'ok') continue
    sandboxes.end(sandbox)
    return { failed: ran, steps }
  }
  const files = await collectFiles(sandbox, plan, collectorPrograms(context.seccompFolders))
  sandboxes.end(sandbox)
  return { ...built, files: encodeFiles(files), diskBytes: pagesOf(files), steps }
}
