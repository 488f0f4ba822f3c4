// One program, built before, once more in a fresh sandbox: with files and input of a test, its output kept in memory.
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import { LaunchError, type Sandbox } from '../native/launch-client.js'
import { encodeFiles, type SandboxFile, type StepInput } from '../native/launch-encode.js'
import type { BuiltProgram } from './build-program.js'
import type { CapturedStream } from './capture.js'
import { collect } from './collect.js'
import type { RanStep } from './course.js'
import { type RanProgram, runProgram, type StepContext } from './run-step.js'
import type { Sandboxes } from './sandboxes.js'

export type ProgramRun = {
  readonly plan: ProgramPlan
  readonly step: PlanStep
  readonly ran: RanProgram
  /** Without its output, which is beside. */
  readonly result: RanStep
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export type Wanted = {
  /** What differs from the built program’s own last step, and from its disk. */
  readonly step: Partial<PlanStep>
  readonly diskBytes: number
  readonly stdin: StepInput
  /** Told of its output as it comes, beside its being kept. */
  readonly onStdout?: (bytes: Buffer) => void
  readonly files: readonly SandboxFile[]
}

const nothing: CapturedStream = { kept: '', encoding: 'utf8', bytes: 0, digest: '' }
const silence = { stdout: nothing, stderr: nothing }

/** What a sandbox may live beyond its step. Milliseconds. */
const lifetimeSlackMs = 30_000

function planFor(
  { plan, step }: BuiltProgram,
  wanted: Wanted,
): ProgramPlan & { steps: [PlanStep] } {
  const own = { ...step, ...wanted.step }
  return {
    ...plan,
    ...{ memoryBytes: own.memoryBytes, processes: own.processes, diskBytes: wanted.diskBytes },
    lifetimeMs: own.wallMs + lifetimeSlackMs,
    steps: [own],
  }
}

type Kept = { stdout: Buffer[]; stderr: Buffer[]; bytes: number }

const keep =
  (kept: Kept, most: number, onStdout: Wanted['onStdout']) =>
  (name: 'stdout' | 'stderr', bytes: Buffer): null => {
    kept.bytes += bytes.length
    if (kept.bytes > most)
      throw new LaunchError('launcher-protocol', `more than ${most} bytes of output`)
    // A copy: the frame is a window into the socket's buffer, which would be held as a whole.
    const piece = Buffer.from(bytes)
    kept[name].push(piece)
    if (name === 'stdout') onStdout?.(piece)
    return null
  }

/** @throws LaunchError, Ended */
export async function runBuilt(
  context: StepContext,
  sandboxes: Sandboxes,
  built: BuiltProgram,
  wanted: Wanted,
  onOpened: (sandbox: Sandbox) => void = () => undefined,
): Promise<ProgramRun> {
  const plan = planFor(built, wanted)
  const [step] = plan.steps
  const { frames } = encodeFiles(wanted.files)
  const sandbox = sandboxes.open(plan, { frames: [...built.files.frames, ...frames] })
  onOpened(sandbox)
  const kept: Kept = { stdout: [], stderr: [], bytes: 0 }
  const output = { take: keep(kept, step.outputBytes, wanted.onStdout) }
  const ran = await runProgram(
    { ...context, plan },
    sandbox,
    step,
    { takeStdin: () => wanted.stdin },
    output,
  )
  sandboxes.end(sandbox)
  return {
    ...{ plan, step, ran },
    result: collect(ran.evidence, plan, step, silence),
    stdout: Buffer.concat(kept.stdout),
    stderr: Buffer.concat(kept.stderr),
  }
}
