// Runs a plan in one sandbox, step by step, each as the course of those before it has it; one with tests in more than one.
import type { Artifacts } from '../contract/artifact.js'
import type { PlanStep } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import { LaunchError, openSandbox, type Sandbox } from '../native/launch-client.js'
import { collectArtifacts } from './artifacts.js'
import { collectorPrograms } from './collector.js'
import { openCourse } from './course.js'
import { environmentWith, nothingPassed, type Passed, readPassed, tellPassed } from './passed-on.js'
import type { StepEvidence } from './receipt.js'
import type { CancelWord, Ran, Run, RunInput } from './run.js'
import { runStep } from './run-step.js'
import { runTested } from './run-tests.js'

/** Standard input of a step; let go of when no later one takes it. */
function inputOf({ plan, cargo }: RunInput, step: PlanStep): Buffer | null {
  const stdin = step.takesStdin ? cargo.stdin : null
  const later = plan.steps.slice(plan.steps.indexOf(step) + 1)
  if (!later.some(({ takesStdin }) => takesStdin)) cargo.stdin = null
  return stdin
}

const noVariables: ReadonlyMap<string, string> = new Map()

/** The caller’s environment is the program’s, not the compiler’s. */
function environmentOf({ cargo }: RunInput, step: PlanStep, passed: Passed): string[] {
  const secrets = step.failureOutcome === 'program' ? cargo.secrets.variables : noVariables
  return environmentWith(step, passed.variables, secrets)
}

async function artifactsOf(
  input: RunInput,
  sandbox: Sandbox,
  { outcome }: RunResult,
): Promise<Artifacts | null> {
  const { plan, createOutput } = input
  if (plan.artifacts.patterns.length === 0 || outcome === 'cancelled' || outcome === 'expired')
    return null
  const parts = { sandbox, plan, programs: collectorPrograms(input.seccompFolders), createOutput }
  return await collectArtifacts(parts, outcome === 'ok')
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
    const { result, evidence } = await runStep(input, sandbox, step, {
      takeStdin: () => inputOf(input, step),
      environment: environmentOf(input, step, passed),
    })
    steps.push(evidence)
    if (step.passesOn && asked() === null)
      passed = await readPassed(sandbox, input.plan, collectorPrograms(input.seccompFolders))
    if (!course.note(step, { ...result, ...(step.passesOn ? tellPassed(passed) : {}) })) break
  }
  const result = course.finish()
  const artifacts = await artifactsOf(input, sandbox, result)
  // A word that came meanwhile has ended the reading, and with it the job.
  const word = asked()
  if (artifacts !== null && word === 'drain' && !artifacts.complete)
    throw new LaunchError('launcher-refused', 'drained', null, 'busy')
  if (artifacts !== null && (word === 'cancelled' || word === 'expired'))
    return { result: course.endBetween(word), steps }
  return { result: artifacts === null ? result : { ...result, artifacts }, steps }
}

export function runPlan(input: RunInput): Run {
  const { judging } = input.plan
  return judging === null ? runAlone(input) : runTested(input, judging)
}

function runAlone(input: RunInput): Run {
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
