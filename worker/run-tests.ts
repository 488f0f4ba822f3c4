// Runs a plan with tests: builds the program once, and the checker, then each test in a fresh sandbox; in the job's own slot, and in those
// that are idle if it asks for more (worker/lanes.ts).
import type { PlanJudging, PlanTest } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import type { JudgingResult, TestResult, TestVerdict } from '../contract/test-result.js'
import { LaunchError, type Sandbox } from '../native/launch-client.js'
import { type BuiltProgram, buildProgram, type NotBuilt } from './build-program.js'
import { openCapture } from './capture.js'
import { check } from './checker.js'
import { checkByProgram, filesOf, type ProgramChecked } from './checker-program.js'
import { interact, judgeInteraction, wasCancelled } from './interact.js'
import type { Ran, Run, RunInput } from './run.js'
import { ranStepOf, type StepRun } from './run-step.js'
import { type ProgramRun, runBuilt, type Wanted } from './run-test.js'
import { Ended, openSandboxes, type Sandboxes } from './sandboxes.js'
import { scoreOf } from './score.js'
import { runInLanes } from './test-lanes.js'
import { openTestOrder } from './test-order.js'
import type { TestCargo } from './workspace.js'

type Used = JudgingResult['usage']
type Checkers = { readonly program: BuiltProgram | null; readonly broken: string | null }

type Testing = {
  readonly input: RunInput
  readonly judging: PlanJudging
  readonly sandboxes: Sandboxes
  readonly program: BuiltProgram
  readonly checkers: Checkers
  readonly results: (TestResult | null)[]
  readonly used: Used
  /** The run that is shown: of the first test that failed, else of the last. */
  shown: { readonly index: number; readonly isFailure: boolean; readonly run: ProgramRun } | null
}

const mebibyte = 1_048_576

function add(used: Used, { result: { usage } }: Pick<ProgramRun, 'result'>, sign = 1): void {
  used.wallMs += sign * usage.wallMs
  used.cpuMs += sign * usage.cpuMs
  used.memoryMebibyteMs += sign * (usage.memoryPeakBytes / mebibyte) * usage.wallMs
}

/** The events of tests are their verdicts; what builds or checks them has none. */
const quietEvents: RunInput['events'] = {
  add() {},
  output() {},
  endOutput() {},
  flush: async () => undefined,
  take: async () => [],
}

async function buildJudge(
  input: RunInput,
  { checker, interactor }: PlanJudging,
  sandboxes: Sandboxes,
  used: Used,
): Promise<Checkers> {
  const plan = checker.program ?? interactor
  if (plan === null) return { program: null, broken: null }
  const context = { ...input, plan, events: quietEvents }
  const built = await buildProgram(context, sandboxes, input.cargo.judgeFiles)
  for (const { result } of built.steps) add(used, { result })
  if (!('failed' in built)) return { program: built, broken: null }
  const { cause, stderr } = built.failed.result
  const words = typeof stderr === 'string' ? stderr.slice(0, 160) : ''
  return { program: null, broken: `What judges was not built: ${cause?.message ?? ''} ${words}` }
}

/** What a test is, when its program ended well. */
async function judgeOutput(
  { input, judging, sandboxes, checkers, used }: Testing,
  { points }: PlanTest,
  { stdin, expected }: TestCargo,
  output: Buffer,
): Promise<Pick<TestResult, 'verdict' | 'score' | 'difference' | 'message'>> {
  const { checker, interactor } = judging
  if (checker.kind !== 'program' && interactor === null) {
    const { verdict, difference } = check(checker.kind, checker, expected, output)
    const score = verdict === 'accepted' ? points : 0
    return { verdict, score, ...(difference === undefined ? {} : { difference }) }
  }
  if (checkers.program === null)
    return { verdict: 'checker-error', score: 0, message: checkers.broken ?? '' }
  const context = { ...input, plan: checkers.program.plan }
  const checking = { stdin, output, expected, points }
  const checked: ProgramChecked = await checkByProgram(
    context,
    sandboxes,
    checkers.program,
    checking,
  )
  if (checked.run !== null) add(used, checked.run)
  return { verdict: checked.verdict, score: checked.score, message: checked.message }
}

function show(testing: Testing, index: number, verdict: TestVerdict, run: ProgramRun): void {
  const isFailure = verdict !== 'accepted'
  const { shown } = testing
  const isBetter =
    shown === null ||
    (isFailure ? !shown.isFailure || index < shown.index : !shown.isFailure && index > shown.index)
  if (isBetter) testing.shown = { index, isFailure, run }
}

type Judged = Pick<TestResult, 'verdict' | 'score' | 'difference' | 'message'>

function resultOfTest(
  { name, group, points }: PlanTest,
  run: ProgramRun,
  judged: Judged,
): TestResult {
  const { exitCode, signal, usage } = run.result
  const { wallMs, cpuMs, memoryPeakBytes } = usage
  return {
    name,
    group,
    points,
    exitCode,
    signal,
    usage: { wallMs, cpuMs, memoryPeakBytes },
    ...judged,
  }
}

function wantedOf(
  { name: _, group: __, points: ___, diskBytes, ...step }: PlanTest,
  cargo: TestCargo,
): Wanted {
  return { step, diskBytes, stdin: cargo.stdin, files: cargo.files }
}

async function runAlone(
  testing: Testing,
  test: PlanTest,
  cargo: TestCargo,
  onOpened: (sandbox: Sandbox) => void,
): Promise<{ run: ProgramRun; judged: Judged }> {
  const { input, sandboxes, program, used } = testing
  const run = await runBuilt(input, sandboxes, program, wantedOf(test, cargo), onOpened)
  const { outcome, cause } = run.result
  if (outcome === 'cancelled' || outcome === 'expired') throw new Ended(outcome)
  add(used, run)
  if (outcome === 'ok') return { run, judged: await judgeOutput(testing, test, cargo, run.stdout) }
  return { run, judged: { verdict: outcome, score: 0, message: cause?.message ?? '' } }
}

/** The test's input is the interactor's; the program has what that says. */
async function runWithInteractor(
  { input, sandboxes, program, used }: Testing,
  interactor: BuiltProgram,
  test: PlanTest,
  cargo: TestCargo,
): Promise<{ run: ProgramRun; judged: Judged }> {
  const own = wantedOf(test, cargo)
  const files = filesOf({ stdin: cargo.stdin, output: null, expected: cargo.expected })
  const wanted = {
    program: { ...own, step: { ...own.step, takesStdin: true } },
    interactor: {
      ...{ step: { takesStdin: true }, diskBytes: interactor.plan.diskBytes, stdin: null, files },
    },
  }
  const interaction = await interact(input, sandboxes, { program, interactor }, wanted)
  if (wasCancelled(interaction)) throw new Ended('cancelled')
  add(used, interaction.program)
  add(used, interaction.interactor)
  return { run: interaction.program, judged: judgeInteraction(interaction, test.points) }
}

const skipped = ({ name, group, points }: PlanTest): TestResult => ({
  ...{ name, group, points, verdict: 'skipped', score: 0 },
  ...{ exitCode: null, signal: null, usage: null },
})

async function runOne(
  testing: Testing,
  index: number,
  onOpened: (sandbox: Sandbox) => void,
): Promise<TestResult> {
  const { input, judging, checkers } = testing
  const test = judging.tests[index]
  const cargo = input.cargo.tests[index]
  if (test === undefined || cargo === undefined)
    throw new LaunchError('worker-fault', 'a plan of other tests than were sent')
  // Where nothing can judge it, nothing is run.
  if (checkers.broken !== null)
    return { ...skipped(test), verdict: 'checker-error', message: checkers.broken }
  const isInteractive = judging.interactor !== null && checkers.program !== null
  const { run, judged } = isInteractive
    ? await runWithInteractor(testing, checkers.program, test, cargo)
    : await runAlone(testing, test, cargo, onOpened)
  show(testing, index, judged.verdict, run)
  return resultOfTest(test, run, judged)
}

async function runAll(testing: Testing, parallel: number): Promise<void> {
  const { input, judging, sandboxes, results } = testing
  const order = openTestOrder(judging)
  await runInLanes({
    order,
    lanes: input.lanes,
    parallel,
    abandon: sandboxes.abandon,
    abandonAll: sandboxes.abandonAll,
    async run(index, onOpened) {
      const result = await runOne(testing, index, onOpened)
      results[index] = result
      order.tell(index, result.verdict)
      input.events.add('test', { name: result.name, verdict: result.verdict, score: result.score })
    },
  })
  for (const [index, test] of judging.tests.entries())
    if (order.isSkipped(index)) results[index] = skipped(test)
}

/** Two programs at a time take two slots, and no test is run beside another. */
async function runAllInPairs(testing: Testing): Promise<void> {
  const { lanes } = testing.input
  let release: () => void
  try {
    release = await lanes.pair()
  } catch (error) {
    throw new LaunchError('two-slots', (error as Error).message)
  }
  try {
    await runAll(testing, 1)
  } finally {
    release()
  }
}

async function showRun({ input, shown }: Testing): Promise<StepRun | null> {
  if (shown === null) return null
  const { ran, plan, step, stdout, stderr } = shown.run
  const captures = {
    stdout: openCapture(input.createOutput),
    stderr: openCapture(input.createOutput),
  }
  try {
    await captures.stdout.take(stdout)
    await captures.stderr.take(stderr)
    const captured = {
      stdout: await captures.stdout.finish(),
      stderr: await captures.stderr.finish(),
    }
    return ranStepOf(ran, plan, step, captured)
  } catch (error) {
    throw new LaunchError('output-store', (error as Error).message)
  }
}

function failedBuild({ failed, steps }: NotBuilt): Ran {
  const { outcome, cause, name } = failed.result
  return {
    result: {
      ...{ outcome, cause: cause ?? null, failedStep: name },
      steps: steps.map(({ result }) => result),
    },
    steps: steps.map(({ evidence }) => evidence),
  }
}

/** The run that is shown is among the steps: it is not counted twice. */
async function resultOf(testing: Testing, built: readonly StepRun[]): Promise<Ran> {
  const { judging, results, used, shown } = testing
  const tests = results.filter((result) => result !== null)
  const last = await showRun(testing)
  if (shown !== null) add(used, shown.run, -1)
  const steps = last === null ? built : [...built, last]
  const outcome = last?.result.outcome ?? 'ok'
  const usage = {
    wallMs: Math.max(0, used.wallMs),
    cpuMs: Math.max(0, used.cpuMs),
    memoryMebibyteMs: Math.max(0, used.memoryMebibyteMs),
  }
  const decidedBy = judging.tests[shown?.index ?? -1]?.name ?? null
  const result: RunResult = {
    ...{ outcome, cause: last?.result.cause ?? null },
    failedStep: outcome === 'ok' ? null : (last?.result.name ?? null),
    steps: steps.map((step) => step.result),
    tests,
    judging: { ...scoreOf(tests, judging.groupScoring), decidedBy, usage },
  }
  return { result, steps: steps.map(({ evidence }) => evidence) }
}

async function runTests(input: RunInput, judging: PlanJudging, sandboxes: Sandboxes): Promise<Ran> {
  const program = await buildProgram(input, sandboxes, input.cargo.files)
  if ('failed' in program) return failedBuild(program)
  const used: Used = { wallMs: 0, cpuMs: 0, memoryMebibyteMs: 0 }
  const checkers = await buildJudge(input, judging, sandboxes, used)
  const results = judging.tests.map(() => null)
  const testing: Testing = {
    ...{ input, judging, sandboxes, program, checkers, results, used, shown: null },
  }
  if (judging.interactor === null) await runAll(testing, judging.parallel)
  else await runAllInPairs(testing)
  return resultOf(testing, program.steps)
}

const endedResult = (outcome: 'cancelled' | 'expired'): Ran => {
  const message = 'It was ended between two of its tests, or in one.'
  return { result: { outcome, cause: { message }, failedStep: null, steps: [] }, steps: [] }
}

export function runTested(input: RunInput, judging: PlanJudging): Run {
  const sandboxes = openSandboxes(input.launcherSocket, input.jobId)
  let hasResult = false
  const work = async (): Promise<Ran> => {
    try {
      return await runTests(input, judging, sandboxes)
    } catch (error) {
      if (error instanceof Ended) return endedResult(error.word)
      throw error
    } finally {
      hasResult = true
      sandboxes.abandonAll()
    }
  }
  const result = work()
  const destroyed = result.then(() => sandboxes.destroyed())
  destroyed.catch(() => undefined) // Whoever waits for it is told; that nobody does is no fault.
  return {
    result,
    destroyed,
    cancel(word) {
      if (!hasResult) sandboxes.cancel(word)
    },
  }
}
