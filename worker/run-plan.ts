// Runs a plan in one sandbox, step by step, until a step fails or all are done.
import type { Finished, Started } from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { KeptStep, RunResult } from '../contract/result.js'
import {
  LaunchError,
  openSandbox,
  type Sandbox,
  type StepStreams,
} from '../native/launch-client.js'
import { compileSeccomp } from '../native/seccomp.js'
import type { OutputWriter } from '../queue/output-store.js'
import { attest } from './attest.js'
import { openCapture } from './capture.js'
import { type Captured, collect, isolationOf, type SeccompInForce } from './collect.js'
import type { EventBatch } from './event-batch.js'
import type { Cargo } from './prepare.js'

export type RunInput = {
  readonly jobId: string
  readonly plan: Plan
  /** Emptied as it is sent. */
  readonly cargo: Cargo
  readonly launcherSocket: string
  readonly profileDirectory: string
  readonly events: EventBatch
  /** A file for large output of this job. */
  createOutput(): OutputWriter
  /** Told how long each sandbox took to make, seconds. */
  onLaunched(seconds: number): void
  /** Told when the bytes that a step began with have gone to the launcher. */
  onSent(): void
}

export type Run = {
  /** Rejects with LaunchError when our side failed; the job has no result then. */
  readonly result: Promise<RunResult>
  /** Until nothing of the sandbox is left: the result need not wait for that. Rejects with LaunchError, also when `result` does. */
  readonly destroyed: Promise<void>
  /** No effect after the result. */
  cancel(word: CancelWord): void
}

export type CancelWord = 'cancelled' | 'expired' | 'drain'

type Program = { readonly bytes: Buffer; readonly inForce: SeccompInForce }

function programOf(profileDirectory: string, profile: string): Program {
  try {
    const compiled = compileSeccomp(profile, { profilesFolder: profileDirectory })
    return { bytes: compiled.program, inForce: { profile, digest: compiled.digest } }
  } catch (error) {
    throw new LaunchError('seccomp-compile', (error as Error).message)
  }
}

type Output = {
  take(name: 'stdout' | 'stderr', bytes: Buffer): Promise<void> | null
  /** @throws LaunchError when a file could not be written. */
  finish(): Promise<Captured>
  discard(): Promise<void>
}

/** Output as it comes: captured for the result, told in pieces. The launcher caps it; that it did is not taken on trust. */
function openOutput({ events, createOutput }: RunInput, step: PlanStep): Output {
  const captures = { stdout: openCapture(createOutput), stderr: openCapture(createOutput) }
  let total = 0
  return {
    take(name, bytes) {
      total += bytes.length
      if (total > step.outputBytes)
        throw new LaunchError('launcher-protocol', `more than ${step.outputBytes} bytes of output`)
      // A copy: the frame is a window into the socket's buffer, which would be held as a whole.
      const piece = Buffer.from(bytes)
      events.output(name, step.name, piece)
      return captures[name].take(piece)
    },
    async finish() {
      events.endOutput(step.name)
      try {
        return { stdout: await captures.stdout.finish(), stderr: await captures.stderr.finish() }
      } catch (error) {
        throw new LaunchError('output-store', (error as Error).message)
      }
    },
    async discard() {
      await Promise.all([captures.stdout.discard(), captures.stderr.discard()])
    },
  }
}

/** Not async, so that no frame of ours holds the input while the step runs. */
function begin(
  { plan, cargo }: RunInput,
  sandbox: Sandbox,
  step: PlanStep,
  program: Program,
  streams: StepStreams,
): Promise<Finished> {
  const stdin = step.takesStdin ? cargo.stdin : null
  const later = plan.steps.slice(plan.steps.indexOf(step) + 1)
  if (!later.some(({ takesStdin }) => takesStdin)) cargo.stdin = null
  return sandbox.run(step, program.bytes, stdin, streams)
}

async function runStep(input: RunInput, sandbox: Sandbox, step: PlanStep): Promise<KeptStep> {
  const output = openOutput(input, step)
  try {
    return await captureStep(input, sandbox, step, output)
  } catch (error) {
    await output.discard()
    throw error
  }
}

async function captureStep(
  input: RunInput,
  sandbox: Sandbox,
  step: PlanStep,
  output: Output,
): Promise<KeptStep> {
  const program = programOf(input.profileDirectory, step.seccomp)
  let started: Started | null = null
  input.events.add('step', { name: step.name, state: 'started', outcome: null })
  const finished = await begin(input, sandbox, step, program, {
    onSent: input.onSent,
    onStarted(report) {
      attest(report, input.plan, step)
      started = report
      input.onLaunched(report.setupUs / 1e6)
    },
    onStdout: (bytes) => output.take('stdout', bytes),
    onStderr: (bytes) => output.take('stderr', bytes),
  })
  if (started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  if (finished.reason === 'drain')
    throw new LaunchError('launcher-refused', 'drained', null, 'busy')
  const isolation = isolationOf(started, input.plan, program.inForce)
  const result = collect(finished, isolation, input.plan, step, await output.finish())
  input.events.add('step', { name: step.name, state: 'ended', outcome: result.outcome })
  return result
}

async function runSteps(
  input: RunInput,
  sandbox: Sandbox,
  asked: () => CancelWord | null,
): Promise<RunResult> {
  const steps: KeptStep[] = []
  for (const step of input.plan.steps) {
    // A cancel that came as the last step ended has no running step to end: it ends the job here.
    const word = asked()
    if (word === 'drain') throw new LaunchError('launcher-refused', 'drained', null, 'busy')
    if (word !== null) return cancelledResult(word, steps)
    const result = await runStep(input, sandbox, step)
    steps.push(result)
    if (result.outcome !== 'ok') {
      return { outcome: result.outcome, cause: result.cause ?? null, failedStep: step.name, steps }
    }
  }
  return { outcome: 'ok', cause: null, failedStep: null, steps }
}

function cancelledResult(outcome: 'cancelled' | 'expired', steps: KeptStep[]): RunResult {
  const message = 'It was ended between two of its steps.'
  return { outcome, cause: { message }, failedStep: null, steps }
}

export function runPlan(input: RunInput): Run {
  const { cargo } = input
  const sandbox = openSandbox(input.launcherSocket, input.jobId, input.plan, cargo.files)
  cargo.files = []
  let asked: CancelWord | null = null
  let hasResult = false
  const work = async (): Promise<RunResult> => {
    const result = await runSteps(input, sandbox, () => asked)
    hasResult = true
    return result
  }
  const result = work()
  const destroy = async (): Promise<void> => {
    try {
      await result
      await sandbox.end()
    } catch (error) {
      sandbox.abandon()
      throw error
    }
  }
  const destroyed = destroy()
  destroyed.catch(() => undefined) // Whoever waits for it is told; that nobody does is no fault.
  return {
    result,
    destroyed,
    cancel(word) {
      asked ??= word
      if (!hasResult) sandbox.cancel(word)
    },
  }
}
