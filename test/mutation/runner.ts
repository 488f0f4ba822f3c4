// A test runner for Stryker that keeps one process: policy is pure, so thousands of mutants are judged by the same compiled tests in
// minutes. `tap` is taken for the keeper of tests beside this file. And what is no code of the product: a rule's examples and its prose.
import { readdirSync } from 'node:fs'
import { register } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Ignorer } from '@stryker-mutator/api/ignore'
import { declareClassPlugin, declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'
import type { KeptTest } from './tap.js'

type Shared = {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: NonNullable<
    Extract<DryRunResult, { status: DryRunStatus.Complete }>['mutantCoverage']
  >
}

/** Where mutated code reads which mutant is on, and writes down what it passes. */
const shared: Shared = {}
Object.assign(globalThis, { __stryker__: shared })

/** Imports another package of Node, so not the policy’s own: too large to be loaded beside it. */
const leftOut = /^both-processes\.test\.js$/

async function loadTests(): Promise<readonly KeptTest[]> {
  const at = (path: string): string => pathToFileURL(join(process.cwd(), 'dist/test', path)).href
  const keeper = at('mutation/tap.js')
  const hook = `export const resolve = (name, context, next) =>
    name === 'tap' ? { url: ${JSON.stringify(keeper)}, shortCircuit: true } : next(name, context)`
  register(`data:text/javascript,${encodeURIComponent(hook)}`)
  for (const name of readdirSync('dist/test/policy').sort())
    if (name.endsWith('.test.js') && !leftOut.test(name)) await import(at(`policy/${name}`))
  return ((await import(keeper)) as { keptTests: readonly KeptTest[] }).keptTests
}

async function runOne({ name, run }: KeptTest): Promise<TestResult> {
  const start = performance.now()
  shared.currentTestId = name
  const base = { id: name, name }
  try {
    await run()
    return { ...base, status: TestStatus.Success, timeSpentMs: performance.now() - start }
  } catch (error) {
    const failureMessage = String((error as Error).message)
    const timeSpentMs = performance.now() - start
    return { ...base, status: TestStatus.Failed, failureMessage, timeSpentMs }
  } finally {
    shared.currentTestId = undefined
  }
}

class InProcessRunner implements TestRunner {
  private tests: readonly KeptTest[] = []

  /** It keeps what was loaded: a mutant of what also runs when a module is loaded is tried where it runs later, and no process is lost. */
  capabilities() {
    return { reloadEnvironment: true }
  }

  async init(): Promise<void> {
    this.tests = await loadTests()
  }

  async dryRun(): Promise<DryRunResult> {
    shared.activeMutant = undefined
    shared.hitLimit = undefined
    const tests: TestResult[] = []
    for (const test of this.tests) tests.push(await runOne(test))
    // The first test that fails ends the run of a mutant: those that take little time have the first word.
    const timeOf = new Map(tests.map(({ name, timeSpentMs }) => [name, timeSpentMs]))
    this.tests = [...this.tests].sort(
      (one, other) => (timeOf.get(one.name) ?? 0) - (timeOf.get(other.name) ?? 0),
    )
    const { mutantCoverage } = shared
    return {
      status: DryRunStatus.Complete,
      tests,
      ...(mutantCoverage === undefined ? {} : { mutantCoverage }),
    }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    shared.activeMutant = options.activeMutant.id
    shared.hitCount = options.hitLimit === undefined ? undefined : 0
    shared.hitLimit = options.hitLimit
    const wanted = new Set(options.testFilter ?? this.tests.map(({ name }) => name))
    const tests: TestResult[] = []
    for (const test of this.tests) {
      if (!wanted.has(test.name)) continue
      const result = await runOne(test)
      tests.push(result)
      if (result.status === TestStatus.Failed && !options.disableBail) break
    }
    shared.activeMutant = undefined
    if (options.hitLimit !== undefined && (shared.hitCount ?? 0) > options.hitLimit)
      return toMutantRunResult({ status: DryRunStatus.Timeout, reason: 'it never ends' })
    return toMutantRunResult({ status: DryRunStatus.Complete, tests })
  }
}

const notMutated: ReadonlySet<string> = new Set(['fixtures', 'title', 'why', 'references'])

type Property = { readonly type: string; readonly key?: { readonly name?: string } }

const examples: Ignorer = {
  shouldIgnore(path) {
    const { type, key } = (path as unknown as { readonly node: Property }).node
    return type === 'ObjectProperty' && notMutated.has(key?.name ?? '')
      ? 'examples and prose of a rule'
      : undefined
  },
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner),
  declareValuePlugin(PluginKind.Ignore, 'examples', examples),
]
