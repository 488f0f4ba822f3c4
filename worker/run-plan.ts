// Runs a plan in one sandbox, step by step, until a step fails or all are done.
import type { Started } from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { RunResult, StepResult } from '../contract/result.js'
import {
  LaunchError,
  openSandbox,
  type Sandbox,
  type SandboxFile,
} from '../native/launch-client.js'
import { compileSeccomp } from '../native/seccomp.js'
import { attest } from './attest.js'
import { collect, isolationOf, type SeccompInForce } from './collect.js'
import type { EventBatch } from './event-batch.js'

export type RunInput = {
  readonly jobId: string
  readonly plan: Plan
  readonly files: readonly SandboxFile[]
  readonly stdin: Buffer | null
  readonly launcherSocket: string
  readonly profileDirectory: string
  readonly events: EventBatch
  /** Told how long each sandbox took to make, seconds. */
  onLaunched(seconds: number): void
}

export type Run = {
  readonly result: Promise<RunResult>
  cancel(word: 'cancelled' | 'expired' | 'drain'): void
}

type Program = { readonly bytes: Buffer; readonly inForce: SeccompInForce }

function programOf(profileDirectory: string, profile: string): Program {
  try {
    const compiled = compileSeccomp(profile, { profilesFolder: profileDirectory })
    return { bytes: compiled.program, inForce: { profile, digest: compiled.digest } }
  } catch (error) {
    throw new LaunchError('seccomp-compile', (error as Error).message)
  }
}

async function runStep(input: RunInput, sandbox: Sandbox, step: PlanStep): Promise<StepResult> {
  const program = programOf(input.profileDirectory, step.seccomp)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  let started: Started | null = null
  input.events.add('step', { name: step.name, state: 'started', outcome: null })
  const finished = await sandbox.run(step, program.bytes, step.takesStdin ? input.stdin : null, {
    onStarted(report) {
      attest(report, input.plan, step)
      started = report
      input.onLaunched(report.setupUs / 1e6)
    },
    onStdout(bytes) {
      stdout.push(Buffer.from(bytes))
      input.events.output('stdout', step.name, Buffer.from(bytes))
    },
    onStderr(bytes) {
      stderr.push(Buffer.from(bytes))
      input.events.output('stderr', step.name, Buffer.from(bytes))
    },
  })
  if (started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  if (finished.reason === 'drain') throw new LaunchError('launcher-refused', 'drained', null, true)
  const isolation = isolationOf(started, input.plan, program.inForce)
  const result = collect(finished, isolation, input.plan, step, {
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr),
  })
  input.events.add('step', { name: step.name, state: 'ended', outcome: result.outcome })
  return result
}

async function runSteps(input: RunInput, sandbox: Sandbox): Promise<RunResult> {
  const steps: StepResult[] = []
  for (const step of input.plan.steps) {
    const result = await runStep(input, sandbox, step)
    steps.push(result)
    if (result.outcome !== 'ok') {
      return { outcome: result.outcome, cause: result.cause ?? null, failedStep: step.name, steps }
    }
  }
  return { outcome: 'ok', cause: null, failedStep: null, steps }
}

/** `result` rejects with LaunchError when our side failed; the job has no result then. */
export function runPlan(input: RunInput): Run {
  const sandbox = openSandbox(input.launcherSocket, input.jobId, input.plan, input.files)
  const work = async (): Promise<RunResult> => {
    try {
      const result = await runSteps(input, sandbox)
      await sandbox.end()
      return result
    } catch (error) {
      sandbox.abandon()
      throw error
    }
  }
  return { result: work(), cancel: (word) => sandbox.cancel(word) }
}
