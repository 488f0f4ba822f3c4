// Tests and checkers of a job: each is judged as the job that it would be alone, by the same rules, and told where it stands.
// What is planned of it comes from that very judgement.
import type { JobSpec } from '../contract/job.js'
import type { Plan, PlanJudging, PlanTest, ProgramPlan } from '../contract/plan.js'
import { checkerFiles, type Interactor, type TestCase } from '../contract/test-case.js'
import type { Judgement, Violation } from '../contract/verdict.js'

export type JudgeJob = (spec: JobSpec) => Judgement

const toleranceDefault = 1e-6

/** What a test changes of its job. */
export function jobOfTest(spec: JobSpec, test: TestCase): JobSpec {
  const { tests: _, judging: __, stdin: ___, stdinBase64: ____, ...rest } = spec
  const further = test.arguments ?? []
  return {
    ...rest,
    ...(test.stdin === undefined ? {} : { stdin: test.stdin }),
    ...(test.stdinBase64 === undefined ? {} : { stdinBase64: test.stdinBase64 }),
    ...(test.files === undefined ? {} : { files: [...(spec.files ?? []), ...test.files] }),
    ...(test.limits === undefined ? {} : { limits: { ...spec.limits, ...test.limits } }),
    ...(spec.command === undefined
      ? { arguments: [...(spec.arguments ?? []), ...further] }
      : { command: [...spec.command, ...further] }),
  }
}

/** The job that a checker is; its files of each test come when it is run. */
export function jobOfProgram(checker: Interactor): JobSpec {
  const { language, source, image, command, files, limits } = checker
  return {
    ...(language === undefined ? {} : { language, arguments: [...checkerFiles] }),
    ...(source === undefined ? {} : { source }),
    ...(image === undefined ? {} : { image }),
    ...(command === undefined ? {} : { command: [...command, ...checkerFiles] }),
    ...(files === undefined ? {} : { files }),
    ...(limits === undefined ? {} : { limits }),
  }
}

/** Where a place of the test’s own job stands in the job that was sent. */
function placeOf(pointer: string, spec: JobSpec, index: number): string {
  const [, field = '', second = '', ...rest] = pointer.split('/')
  const base = `/tests/${index}`
  const own = { files: spec.files, arguments: spec.arguments, command: spec.command }
  if (field === 'files' || field === 'arguments' || field === 'command') {
    const at = Number(second) - (own[field]?.length ?? 0)
    if (!(at >= 0)) return base
    return [base, field === 'files' ? 'files' : 'arguments', String(at), ...rest].join('/')
  }
  if (field === 'stdin' || field === 'stdinBase64') return `${base}/${field}`
  const limits = spec.tests?.[index]?.limits ?? {}
  return field === 'limits' && Object.hasOwn(limits, second) ? `${base}/limits/${second}` : base
}

const keyOf = ({ rule, pointer }: Violation): string => `${rule} ${pointer}`

type JudgedTests = { readonly violations: Violation[]; readonly tests: PlanTest[] }

/** What of a test a judgement looks at. Tests that differ in nothing of it but the size of their input are judged once, by the largest. */
const isPlain = (test: TestCase): boolean =>
  test.arguments === undefined && test.files === undefined && test.limits === undefined

const inputLength = (test: TestCase): number =>
  Math.max(test.stdin?.length ?? 0, ((test.stdinBase64?.length ?? 0) * 3) / 4)

function planOfTest(test: TestCase, index: number, plan: Plan): PlanTest {
  const step = plan.steps.at(-1)
  if (step === undefined) throw new Error('a plan without a step')
  const { argv, wallMs, cpuMs, memoryBytes, outputBytes, fileBytes } = step
  return {
    name: test.name ?? String(index + 1),
    group: test.group ?? null,
    points: test.points ?? 1,
    ...{ argv, wallMs, cpuMs, memoryBytes, outputBytes, fileBytes },
    diskBytes: plan.diskBytes,
    takesStdin: inputLength(test) > 0,
  }
}

function judgeEach(spec: JobSpec, cases: readonly TestCase[], judgeJob: JudgeJob): JudgedTests {
  const judged: JudgedTests = { violations: [], tests: [] }
  const plain = cases.filter(isPlain)
  const largest = plain.reduce(
    (before: TestCase | null, test) =>
      before === null || inputLength(test) > inputLength(before) ? test : before,
    null,
  )
  const shared = largest === null ? null : judgeJob(jobOfTest(spec, largest))
  for (const [index, test] of cases.entries()) {
    const isShared = isPlain(test) && shared !== null && (shared.plan !== null || test === largest)
    const { plan, violations } = isShared ? shared : judgeJob(jobOfTest(spec, test))
    for (const violation of violations)
      judged.violations.push({ ...violation, pointer: placeOf(violation.pointer, spec, index) })
    if (plan !== null) judged.tests.push(planOfTest(test, index, plan))
  }
  return judged
}

type JudgedProgram = { readonly violations: Violation[]; readonly program: ProgramPlan | null }

/** A checker or an interactor. */
function judgeProgram(
  asked: Interactor | undefined,
  base: string,
  judgeJob: JudgeJob,
): JudgedProgram {
  if (asked === undefined) return { violations: [], program: null }
  const { plan, violations } = judgeJob(jobOfProgram(asked))
  return {
    violations: violations.map((one) => ({ ...one, pointer: `${base}${one.pointer}` })),
    program: plan === null ? null : programOf(plan),
  }
}

function programOf({ judging: _, ...program }: Plan): ProgramPlan {
  return program
}

function judgingOf(
  { judging = {} }: JobSpec,
  tests: PlanTest[],
  { program }: JudgedProgram,
  { program: interactor }: JudgedProgram,
): PlanJudging {
  const { checker, stop = 'never', groupScoring = 'sum', parallel = 1 } = judging
  return {
    ...{ tests, stop, groupScoring, parallel, interactor },
    checker: {
      kind: checker?.kind ?? 'trimmed',
      absolute: checker?.absolute ?? toleranceDefault,
      relative: checker?.relative ?? toleranceDefault,
      program,
    },
  }
}

/** Its steps before the last, then each test and its check. */
function lifetimeOf(plan: Plan, { tests, checker, interactor }: PlanJudging): number {
  const ofChecker = (checker.program ?? interactor)?.lifetimeMs ?? 0
  return tests.reduce((sum, { wallMs }) => sum + wallMs + ofChecker, plan.lifetimeMs)
}

/** The judgement of a job with all that its tests add to it. */
export function withTests(spec: JobSpec, judged: Judgement, judgeJob: JudgeJob): Judgement {
  if (spec.tests === undefined) return judged
  const known = new Set(judged.violations.map(keyOf))
  const { tests, violations } = judgeEach(spec, spec.tests, (job) => {
    const one = judgeJob(job)
    return {
      ...one,
      violations: one.violations.filter((violation) => !known.has(keyOf(violation))),
    }
  })
  const asked = spec.judging?.checker?.kind === 'program' ? spec.judging.checker : undefined
  const checker = judgeProgram(asked, '/judging/checker', judgeJob)
  const interactor = judgeProgram(spec.judging?.interactor, '/judging/interactor', judgeJob)
  const all = [...judged.violations, ...violations, ...checker.violations, ...interactor.violations]
  if (all.length > 0 || judged.plan === null)
    return { ...judged, verdict: 'deny', violations: all, plan: null }
  const judging = judgingOf(spec, tests, checker, interactor)
  return {
    ...judged,
    plan: { ...judged.plan, lifetimeMs: lifetimeOf(judged.plan, judging), judging },
  }
}
