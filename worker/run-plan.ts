// Runs a plan in one sandbox, step by step, until a step fails or all are done.
import type { Calls, Started } from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { RunResult, StepResult } from '../contract/result.js'
import {
  LaunchError,
  openSandbox,
  type Sandbox,
  type SandboxFile,
} from '../native/launch-client.js'
import { type CompiledSeccomp, compileSeccomp } from '../native/seccomp.js'
import { everyCallProgram } from '../native/seccomp-learn.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import { attest } from './attest.js'
import { type Captured, collect, isolationOf } from './collect.js'
import type { EventBatch } from './event-batch.js'
import { type StepEvidence, streamEvidence } from './receipt.js'

export type RunInput = {
  readonly jobId: string
  readonly plan: Plan
  readonly files: readonly SandboxFile[]
  readonly stdin: Buffer | null
  readonly launcherSocket: string
  readonly seccompFolders: SeccompFolders
  readonly events: EventBatch
  /** Told how long each sandbox took to make, seconds. */
  onLaunched(seconds: number): void
}

/** The result, and for each of its steps what a receipt tells beside it. */
export type Ran = { readonly result: RunResult; readonly steps: readonly StepEvidence[] }

export type Run = {
  /** Rejects with LaunchError when our side failed; the job has no result then. */
  readonly result: Promise<Ran>
  /** Until nothing of the sandbox is left: the result need not wait for that. Rejects with LaunchError, also when `result` does. */
  readonly destroyed: Promise<void>
  /** No effect after the result. */
  cancel(word: CancelWord): void
}

export type CancelWord = 'cancelled' | 'expired' | 'drain'

function compileFor(folders: SeccompFolders, profile: string): CompiledSeccomp {
  try {
    return compileSeccomp(profile, folders)
  } catch (error) {
    throw new LaunchError('seccomp-compile', (error as Error).message)
  }
}

/** The program that is observed beside the one in force, or none. */
function auditOf(folders: SeccompFolders, step: PlanStep): Buffer | null {
  if (step.seccompWatch === 'learn') return everyCallProgram()
  if (step.seccompWatch === 'refusals') return null
  return compileFor(folders, step.seccompAudited).program
}

/** Output as it comes: kept whole for the result, told in pieces. The launcher caps it; that it did is not taken on trust. */
function openOutput(
  events: EventBatch,
  step: PlanStep,
): { take(name: 'stdout' | 'stderr', bytes: Buffer): void; captured(): Captured } {
  const pieces: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] }
  let total = 0
  return {
    take(name, bytes) {
      total += bytes.length
      if (total > step.outputBytes)
        throw new LaunchError('launcher-protocol', `more than ${step.outputBytes} bytes of output`)
      // A copy: the frame is a window into the socket's buffer, which would be held as a whole.
      const piece = Buffer.from(bytes)
      pieces[name].push(piece)
      events.output(name, step.name, piece)
    },
    captured: () => ({
      stdout: Buffer.concat(pieces.stdout),
      stderr: Buffer.concat(pieces.stderr),
    }),
  }
}

type RanStep = { readonly result: StepResult; readonly evidence: StepEvidence }

async function runStep(input: RunInput, sandbox: Sandbox, step: PlanStep): Promise<RanStep> {
  const inForce = compileFor(input.seccompFolders, step.seccomp)
  const programs = { filter: inForce.program, audit: auditOf(input.seccompFolders, step) }
  const output = openOutput(input.events, step)
  let started: Started | null = null
  let calls: Calls | null = null
  input.events.add('step', { name: step.name, state: 'started', outcome: null })
  const finished = await sandbox.run(step, programs, step.takesStdin ? input.stdin : null, {
    onStarted(report) {
      attest(report, input.plan, step)
      started = report
      input.onLaunched(report.setupUs / 1e6)
    },
    onStdout: (bytes) => output.take('stdout', bytes),
    onStderr: (bytes) => output.take('stderr', bytes),
    onCalls(report) {
      if (report.observed !== (step.seccompWatch !== 'refusals'))
        throw new LaunchError('launcher-protocol', 'calls of another kind than was asked')
      calls = report
    },
  })
  if (started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  if (finished.reason === 'drain')
    throw new LaunchError('launcher-refused', 'drained', null, 'busy')
  const seccomp = { profile: step.seccomp, digest: inForce.digest }
  const isolation = isolationOf(started, input.plan, seccomp)
  const captured = output.captured()
  const ending = { finished, calls, isolation, permitted: inForce.permitted }
  const result = collect(ending, input.plan, step, captured)
  input.events.add('step', { name: step.name, state: 'ended', outcome: result.outcome })
  const evidence = {
    step,
    started,
    seccomp,
    stdout: streamEvidence(captured.stdout),
    stderr: streamEvidence(captured.stderr),
  }
  return { result, evidence }
}

async function runSteps(
  input: RunInput,
  sandbox: Sandbox,
  asked: () => CancelWord | null,
): Promise<Ran> {
  const results: StepResult[] = []
  const steps: StepEvidence[] = []
  for (const step of input.plan.steps) {
    // A cancel that came as the last step ended has no running step to end: it ends the job here.
    const word = asked()
    if (word === 'drain') throw new LaunchError('launcher-refused', 'drained', null, 'busy')
    if (word !== null) return { result: cancelledResult(word, results), steps }
    const { result, evidence } = await runStep(input, sandbox, step)
    results.push(result)
    steps.push(evidence)
    if (result.outcome !== 'ok') return { result: failedResult(step, result, results), steps }
  }
  return { result: { outcome: 'ok', cause: null, failedStep: null, steps: results }, steps }
}

function failedResult(step: PlanStep, last: StepResult, steps: StepResult[]): RunResult {
  return { outcome: last.outcome, cause: last.cause ?? null, failedStep: step.name, steps }
}

function cancelledResult(outcome: 'cancelled' | 'expired', steps: StepResult[]): RunResult {
  const message = 'It was ended between two of its steps.'
  return { outcome, cause: { message }, failedStep: null, steps }
}

export function runPlan(input: RunInput): Run {
  const sandbox = openSandbox(input.launcherSocket, input.jobId, input.plan, input.files)
  let asked: CancelWord | null = null
  let hasResult = false
  const work = async (): Promise<Ran> => {
    const ran = await runSteps(input, sandbox, () => asked)
    hasResult = true
    return ran
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
