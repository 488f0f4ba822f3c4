// Around the mutation run: the product is no mutant, a mutant is refused, and what the run does not show is told.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accountOf, asRoot, openTenant, persist } from '../stack.js'
import { repository } from '../tidy-source.js'
import { attackPage, renderAttacks, unshown } from './attack-page.js'
import { attackNames, compileForHost, expectationOf, isAmong, runOutside } from './control.js'
import { awaitLauncher } from './mutant-corpus.js'
import { layers, linkMutant, productProgram, readBack, useLauncher } from './mutant-launcher.js'
import { withPasses } from './mutation-run.js'
import { isThrough, readTable } from './mutation-table.js'

const table = readTable()
const tenant = openTenant('mutants')

const marks = ['__wrap_', 'mutant: there is no layer']
const marksIn = (program: string): string[] =>
  marks.filter((mark) => readFileSync(program).includes(mark))

t.test(
  'what is installed was not built with any layer left out, and has nothing to leave one out with',
  (t) => {
    const built = join(repository, 'native', 'build', 'launcher')
    t.same(marksIn(linkMutant(['landlock'])), marks, 'control: a mutant shows what it is')
    t.same(marksIn(built), [], 'the launcher that the build makes')
    t.same(marksIn(productProgram()), [], 'the launcher that the instance runs')
    const names = asRoot(['ls', join(productProgram(), '..')]).split('\n')
    t.same(
      names.filter((name) => name.includes('mutant')),
      [],
      'no mutant is installed',
    )
    const sources = [
      'grep',
      '-rlE',
      'mutant|__wrap_|WITHOUT',
      'native/launcher',
      'native/Makefile',
      'ops',
      'stockade',
    ]
    const [program = '', ...words] = sources
    t.throws(
      () => execFileSync(program, words, { cwd: repository, stdio: 'pipe' }),
      'no source of the product speaks of mutants',
    )
    t.end()
  },
)

t.test('docs/attacks.md is what the table says', (t) => {
  t.equal(readFileSync(attackPage, 'utf8'), renderAttacks(), 'else: npm run gen')
  t.same(
    layers.map(({ name }) => name).filter((name) => table.readBack[name] === undefined),
    [],
    'each layer is in the table; else: npm run test:mutants',
  )
  t.end()
})

/** A job through HTTP on a launcher that is not what it should be. */
async function isRefused(t: Test, stage: string): Promise<void> {
  const job = await persist(() => tenant.run({ image: 'default', command: ['/bin/true'] }))
  t.match(job, { outcome: 'sandbox-error', cause: { stage } }, `${stage}: ${accountOf(job)}`)
}

t.test('limits: the control, outside of any sandbox', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-limits-'))
  const expectation = expectationOf('limits')
  if (expectation === null) throw new Error('test/attack/limits has no expectation')
  const sights = runOutside(expectation, compileForHost('limits', directory), [])
  for (const [name, { outside }] of Object.entries(expectation.tries))
    t.ok(isAmong(sights.get(name) ?? 'nothing', outside), `${name} saw ${sights.get(name)}`)
  rmSync(directory, { recursive: true })
  t.end()
})

t.test(
  'a job on a mutant is refused by the launcher’s read-back, and by the worker’s without that',
  async (t) => {
    await withPasses(async ({ relay }) => {
      useLauncher(linkMutant(['capabilities']))
      await awaitLauncher(relay.socket)
      await isRefused(t, 'attest')
      useLauncher(linkMutant(['capabilities', readBack]))
      await awaitLauncher(relay.socket)
      await isRefused(t, 'isolation-mismatch')
    })
    const job = await persist(() => tenant.run({ image: 'default', command: ['/bin/true'] }))
    t.equal(job.outcome, 'ok', `control: on the product's launcher; ${accountOf(job)}`)
  },
)

t.test('rows that the run says nothing about are told', (t) => {
  const programs = attackNames().filter((name) => expectationOf(name) !== null)
  const tries = programs.flatMap((name) => Object.keys(expectationOf(name)?.tries ?? {}))
  const silent = programs.flatMap((name) => unshown(name, table))
  const alone = Object.values(table.rows)
    .flatMap((row) => Object.values(row))
    .filter((mutants) => layers.some(({ name }) => isThrough(mutants[name] ?? '')))
  t.comment(
    `mutants: ${layers.length} layers, ${tries.length} tries of ${programs.length} rows; ${alone.length} come through without one layer, ` +
      `${tries.length - silent.length - alone.length} without several, ${silent.length} in no mutant (docs/attacks.md)`,
  )
  t.ok(alone.length > 100, 'the run shows something')
  t.end()
})
