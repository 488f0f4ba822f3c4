// One program in a sandbox: what it is filtered by, what was in force, its streams and its end. Steps of a job, tests and checkers are all this.
import type { Calls, Started } from '../contract/launch.js'
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import { LaunchError, type Sandbox } from '../native/launch-client.js'
import type { StepInput } from '../native/launch-encode.js'
import { type CompiledSeccomp, compileSeccomp } from '../native/seccomp.js'
import { everyCallProgram } from '../native/seccomp-learn.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import { attest } from './attest.js'
import {
  type Captured,
  collect,
  type Evidence,
  isolationOf,
  type SeccompInForce,
} from './collect.js'
import type { RanStep } from './course.js'
import { refuseKillByHost } from './host-memory.js'
import { type StepEvidence, streamEvidence } from './receipt.js'
import type { RunInput } from './run.js'
import { openStepOutput } from './step-output.js'

export type StepContext = Pick<
  RunInput,
  'seccompFolders' | 'events' | 'cargo' | 'createOutput' | 'onLaunched' | 'onSent'
> & { readonly plan: ProgramPlan }

/** Takes what a program writes; a promise makes it wait. */
export type Streams = {
  take(name: 'stdout' | 'stderr', bytes: Buffer): Promise<void> | null
}

export function compileFor(folders: SeccompFolders, profile: string): CompiledSeccomp {
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

/** What a program begins with. `takeStdin` is asked when it is sent, so that no frame of ours holds the input while it runs. */
export type StepStart = {
  takeStdin(): StepInput
  /** Instead of what the plan says, which has no secrets. */
  readonly environment?: readonly string[]
}

export type RanProgram = {
  readonly evidence: Evidence
  readonly started: Started
  readonly seccomp: SeccompInForce
}

/** Runs it to its end. @throws LaunchError */
export async function runProgram(
  { plan, seccompFolders, onSent, onLaunched }: StepContext,
  sandbox: Sandbox,
  step: PlanStep,
  { takeStdin, environment = step.environment }: StepStart,
  output: Streams,
): Promise<RanProgram> {
  const inForce = compileFor(seccompFolders, step.seccomp)
  const programs = { filter: inForce.program, audit: auditOf(seccompFolders, step) }
  let started: Started | null = null
  let calls: Calls | null = null
  const finished = await sandbox.run(
    { ...step, environment: [...environment] },
    programs,
    takeStdin(),
    {
      onSent,
      onStarted(report) {
        attest(report, plan, step)
        started = report
        onLaunched(report.setupUs / 1e6)
      },
      onStdout: (bytes) => output.take('stdout', bytes),
      onStderr: (bytes) => output.take('stderr', bytes),
      onCalls(report) {
        if (report.observed !== (step.seccompWatch !== 'refusals'))
          throw new LaunchError('launcher-protocol', 'calls of another kind than was asked')
        calls = report
      },
    },
  )
  if (started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  if (finished.reason === 'drain')
    throw new LaunchError('launcher-refused', 'drained', null, 'busy')
  refuseKillByHost(finished, step)
  const seccomp = { profile: step.seccomp, digest: inForce.digest }
  const isolation = isolationOf(started, plan, seccomp)
  const { permitted, traps } = inForce
  return { evidence: { finished, calls, isolation, permitted, traps }, started, seccomp }
}

export type StepRun = { readonly result: RanStep; readonly evidence: StepEvidence }

/** What a result and a receipt have of it. */
export function ranStepOf(
  { evidence, started, seccomp }: RanProgram,
  plan: ProgramPlan,
  step: PlanStep,
  captured: Captured,
): StepRun {
  const stdout = streamEvidence(captured.stdout)
  const stderr = streamEvidence(captured.stderr)
  return {
    result: collect(evidence, plan, step, captured),
    evidence: { step, started, seccomp, stdout, stderr },
  }
}

/** A step of a job, with its events and all of its output. @throws LaunchError */
export async function runStep(
  context: StepContext,
  sandbox: Sandbox,
  step: PlanStep,
  start: StepStart,
): Promise<StepRun> {
  const { events, plan, cargo, createOutput } = context
  const { masking } = cargo.secrets
  const output = openStepOutput({ events, masking, createOutput }, step)
  try {
    events.add('step', { name: step.name, state: 'started', outcome: null })
    const ran = await runProgram(context, sandbox, step, start, output)
    const ranStep = ranStepOf(ran, plan, step, await output.finish())
    const { outcome } = ranStep.result
    events.add('step', { name: step.name, state: 'ended', outcome })
    return ranStep
  } catch (error) {
    await output.discard()
    throw error
  }
}
