// Every language as real jobs on the running stack: input, ends, errors and limits look the same whatever the runtime.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Language } from '../../contract/catalogue.js'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, openTenant } from '../stack.js'
import { repository } from '../tidy-source.js'
import { type Programs, programs } from './programs.js'

const isFull = process.env.STOCKADE_TEST_FULL === '1'
const skip = isFull
  ? false
  : 'the images of all languages take minutes to build: STOCKADE_TEST_FULL=1 (npm run test:full) runs them'
const mebibyte = 1_048_576
/** Room for the largest runtime (Java), and little enough that the hogs fill it at once. */
const memoryBytes = 192 * mebibyte
const compiled = ['c', 'cpp', 'go', 'java']

const folder = join(repository, 'profiles/languages')
const languages = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Language,
)
t.strictSame(
  Object.keys(programs).sort(),
  languages.map(({ name }) => name).sort(),
  'each language has its programs',
)

type Run = (source: string, rest?: Omit<JobSpec, 'language' | 'source'>) => Promise<Job>

async function checkEnds(
  t: Test,
  run: Run,
  { echo, exitsWith3, uncaught }: Programs,
): Promise<void> {
  const spoken = await run(echo, { stdin: 'first\nsecond\n' })
  t.equal(spoken.outcome, 'ok', accountOf(spoken))
  t.equal(spoken.stdout, 'first\nsecond\nhello\n', 'reads its input and writes')
  t.equal(spoken.stderr, '', 'and says nothing else')

  const third = await run(exitsWith3)
  t.equal(third.outcome, 'exit-nonzero', accountOf(third))
  t.equal(third.exitCode, 3)

  const thrown = await run(uncaught.source)
  t.equal(thrown.outcome, uncaught.outcome, accountOf(thrown))
  t.equal(thrown.exitCode, uncaught.exitCode)
  if (uncaught.outcome === 'signalled') t.equal(thrown.signal, 'SIGABRT')
  t.match(thrown.stderr, uncaught.message, 'says what went wrong, and where')
}

async function checkMalformed(t: Test, run: Run, name: string, program: Programs): Promise<void> {
  const job = await run(program.malformed.source)
  const isCompiled = compiled.includes(name)
  t.equal(job.outcome, isCompiled ? 'compile-error' : 'exit-nonzero', accountOf(job))
  t.equal(job.failedStep, isCompiled ? 'compile' : 'run')
  t.match(job.stderr, program.malformed.message, 'in the words of the compiler')
}

async function checkLimits(t: Test, run: Run, { endless, hog, garbage }: Programs): Promise<void> {
  const spun = await run(endless, { limits: { cpuMs: 1000, wallMs: 30_000, memoryBytes } })
  t.equal(spun.outcome, 'cpu-time-limit', accountOf(spun))
  const filled = await run(hog, { limits: { memoryBytes, wallMs: 60_000, cpuMs: 30_000 } })
  t.equal(filled.outcome, 'memory-limit', accountOf(filled))
  const swept = await run(garbage, { limits: { memoryBytes, wallMs: 60_000, cpuMs: 30_000 } })
  t.equal(swept.outcome, 'ok', `what is not kept does not count; ${accountOf(swept)}`)
  t.equal(swept.stdout, 'done\n')
}

/** The least that the language's data asks for is enough: policy refuses less (rule-runtime-minimum.ts). */
async function checkMinimum(t: Test, run: Run, language: Language): Promise<void> {
  const { memoryMinimumBytes, processesMinimum, hello } = language
  const limits = { memoryBytes: memoryMinimumBytes, processes: processesMinimum }
  const job = await run(hello, { limits })
  t.equal(job.outcome, 'ok', `${JSON.stringify(limits)}: ${accountOf(job)}`)
  t.equal(job.stdout, 'hello\n')
}

t.test('all languages', { skip }, async (t) => {
  const tenant = openTenant('languages')
  for (const language of languages) {
    const { name } = language
    const program = programs[name]
    if (program === undefined) throw new Error(`no programs for ${name}`)
    t.test(name, async (t) => {
      const run: Run = (source, rest) => tenant.run({ ...rest, language: name, source })
      await checkEnds(t, run, program)
      await checkMalformed(t, run, name, program)
      await checkLimits(t, run, program)
      await checkMinimum(t, run, language)
    })
  }
})
