// Runs a plan in one sandbox, step by step, each as the course of those before it has it.
import type { Calls, Finished, Started } from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import {
  LaunchError,
  openSandbox,
  type Programs,
  type Sandbox,
  type StepStreams,
} from '../native/launch-client.js'
import { type CompiledSeccomp, compileSeccomp } from '../native/seccomp.js'
import { everyCallProgram } from '../native/seccomp-learn.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import type { OutputWriter } from '../queue/output-store.js'
import { attest } from './attest.js'
import { collect, isolationOf } from './collect.js'
import { openCourse, type RanStep } from './course.js'
import type { EventBatch } from './event-batch.js'
import { refuseKillByHost } from './host-memory.js'
import { environmentWith, nothingPassed, type Passed, readPassed, tellPassed } from './passed-on.js'
import type { Cargo } from './prepare.js'
import { type StepEvidence, streamEvidence } from './receipt.js'
import { openStepOutput, type StepOutput } from './step-output.js'

export type RunInput = {
  readonly jobId: string
  readonly plan: Plan
  /** Emptied as it is sent. */
  readonly cargo: Cargo
  readonly launcherSocket: string
  readonly seccompFolders: SeccompFolders
  readonly events: EventBatch
  /** A file for large output of this job. */
  createOutput(): OutputWriter
  /** Told how long each sandbox took to make, seconds. */
  onLaunched(seconds: number): void
  /** Told when the bytes that a step began with have gone to the launcher. */
  onSent(): void
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

/** What our own reading of files runs under, whatever the job’s own filter is. */
const ownPrograms = ({ seccompFolders }: RunInput): Programs => ({
  filter: compileFor(seccompFolders, 'default').program,
  audit: null,
})

/** The program that is observed beside the one in force, or none. */
function auditOf(folders: SeccompFolders, step: PlanStep): Buffer | null {
  if (step.seccompWatch === 'learn') return everyCallProgram()
  if (step.seccompWatch === 'refusals') return null
  return compileFor(folders, step.seccompAudited).program
}

const noVariables: ReadonlyMap<string, string> = new Map()

/** Not async, so that no frame of ours holds the input while the step runs. */
function begin(
  { plan, cargo }: RunInput,
  sandbox: Sandbox,
  step: PlanStep,
  programs: Programs,
  streams: StepStreams,
  passed: Passed,
): Promise<Finished> {
  const stdin = step.takesStdin ? cargo.stdin : null
  const later = plan.steps.slice(plan.steps.indexOf(step) + 1)
  if (!later.some(({ takesStdin }) => takesStdin)) cargo.stdin = null
  // The caller’s environment is the program’s, not the compiler’s.
  const secrets = step.failureOutcome === 'program' ? cargo.secrets.variables : noVariables
  const environment = environmentWith(step, passed.variables, secrets)
  return sandbox.run({ ...step, environment }, programs, stdin, streams)
}

type StepRun = { readonly result: RanStep; readonly evidence: StepEvidence }

async function runStep(
  input: RunInput,
  sandbox: Sandbox,
  step: PlanStep,
  passed: Passed,
): Promise<StepRun> {
  const { events, cargo, createOutput } = input
  const { masking } = cargo.secrets
  const output = openStepOutput({ events, masking, createOutput }, step)
  try {
    return await captureStep(input, sandbox, step, output, passed)
  } catch (error) {
    await output.discard()
    throw error
  }
}

async function captureStep(
  input: RunInput,
  sandbox: Sandbox,
  step: PlanStep,
  output: StepOutput,
  passed: Passed,
): Promise<StepRun> {
  const inForce = compileFor(input.seccompFolders, step.seccomp)
  const programs = { filter: inForce.program, audit: auditOf(input.seccompFolders, step) }
  let started: Started | null = null
  let calls: Calls | null = null
  input.events.add('step', { name: step.name, state: 'started', outcome: null })
  const finished = await begin(
    input,
    sandbox,
    step,
    programs,
    {
      onSent: input.onSent,
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
    },
    passed,
  )
  if (started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  if (finished.reason === 'drain')
    throw new LaunchError('launcher-refused', 'drained', null, 'busy')
  refuseKillByHost(finished, step)
  const seccomp = { profile: step.seccomp, digest: inForce.digest }
  const isolation = isolationOf(started, input.plan, seccomp)
  const captured = await output.finish()
  const { permitted, traps } = inForce
  const ending = { finished, calls, isolation, permitted, traps }
  const result = collect(ending, input.plan, step, captured)
  input.events.add('step', { name: step.name, state: 'ended', outcome: result.outcome })
  const stdout = streamEvidence(captured.stdout)
  const stderr = streamEvidence(captured.stderr)
  return { result, evidence: { step, started, seccomp, stdout, stderr } }
}

async function runSteps(
  input: RunInput,
  sandbox: Sandbox,
  asked: () => CancelWord | null,
): Promise<Ran> {
  const course = openCourse(input.plan.steps)
  const steps: StepEvidence[] = []
  let passed = nothingPassed
  for (const step of input.plan.steps) {
    // A cancel that came as the last step ended has no running step to end: it ends the job here.
    const word = asked()
    if (word === 'drain') throw new LaunchError('launcher-refused', 'drained', null, 'busy')
    if (word !== null) return { result: course.endBetween(word), steps }
    if (!course.takes(step)) {
      input.events.add('step', { name: step.name, state: 'ended', outcome: 'skipped' })
      continue
    }
    const { result, evidence } = await runStep(input, sandbox, step, passed)
    steps.push(evidence)
    if (step.passesOn && asked() === null)
      passed = await readPassed(sandbox, input.plan, ownPrograms(input))
    if (!course.note(step, { ...result, ...(step.passesOn ? tellPassed(passed) : {}) })) break
  }
  return { result: course.finish(), steps }
}

export function runPlan(input: RunInput): Run {
  const { cargo } = input
  const sandbox = openSandbox(input.launcherSocket, input.jobId, input.plan, cargo.files)
  cargo.files = []
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
