// Runs every attack: each folder's probe as a real job through HTTP, as an ordinary user and as root inside, beside the same
// probe outside of any sandbox; then what folders do in TypeScript; then that the host is as it was.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, asRoot, instance, openTenant, outputOf, type Tenant } from '../stack.js'
import { repository } from '../tidy-source.js'
import { beside } from './beside.js'
import { leftOut, rowOf, rowsMax } from './catalogue.js'
import {
  attackNames,
  chosenNames,
  compileForHost,
  type Expectation,
  expectationOf,
  isAmong,
  programOf,
  runOutside,
  type Sights,
  sightsOf,
} from './control.js'
import { hostState } from './host-state.js'
import { besideOnHost, filled, identities, listenerName } from './placeholders.js'

const tenant = openTenant('attack')
const directory = mkdtempSync(join(tmpdir(), 'stockade-attack-'))
asRoot(['chmod', '0755', directory])
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

/** Rows of which this kernel cannot show one try: the attack has nothing to succeed at, with or without a sandbox. */
const notHere: number[] = []

/**
 * A try that can't be made on this host is said to be so; it never counts as a pass. A row is shown here when one of its tries
 * succeeds outside with what no sandbox may see.
 */
function judgeOutside(t: Test, expectation: Expectation, sights: Sights): void {
  let shown = false
  for (const [name, { inside, outside, lacking = [] }] of Object.entries(expectation.tries)) {
    const saw = sights.get(name) ?? 'nothing'
    shown ||= isAmong(saw, outside) && !isAmong(saw, inside)
    if (isAmong(saw, outside)) t.pass(`outside: ${name} saw ${saw}`)
    else if (isAmong(saw, lacking))
      t.pass(`outside: ${name}`, {
        skip: `not testable on this host: ${name} gives ${saw} even without a sandbox`,
      })
    else t.fail(`outside: ${name} saw ${saw}, which shows nothing; wanted ${outside.join(' or ')}`)
  }
  if (!shown) notHere.push(expectation.row)
}

function judgeInside(t: Test, expectation: Expectation, sights: Sights, label: string): void {
  for (const [name, { inside }] of Object.entries(expectation.tries)) {
    const saw = sights.get(name) ?? 'nothing'
    t.ok(isAmong(saw, inside), `${label}: ${name} saw ${saw}, allowed ${inside.join(' or ')}`)
  }
  const unknown = [...sights.keys()].filter((name) => expectation.tries[name] === undefined)
  t.same(unknown, [], `${label}: each try has an expectation`)
}

/** The probe as a job, and where the expectation wants it, another job of the same program beside it. */
async function runInside(t: Test, expectation: Expectation, spec: JobSpec): Promise<Job> {
  const held = expectation.beside
  if (held === undefined) return tenant.run(spec)
  return beside(t, tenant, { ...spec, arguments: [...held] }, () => tenant.run(spec))
}

async function probeInside(
  t: Test,
  name: string,
  expectation: Expectation,
  values: readonly string[],
): Promise<void> {
  for (const user of identities) {
    for (const more of expectation.specs ?? [{}]) {
      const spec: JobSpec = {
        ...programOf(name),
        arguments: [...values],
        user,
        ...more,
      }
      const job = await runInside(t, expectation, spec)
      const label = `uid ${user.uid}${Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`}`
      t.equal(
        job.outcome,
        'ok',
        `${label}: ${job.outcome === 'ok' ? 'the probe ran to its end' : accountOf(job)}`,
      )
      judgeInside(t, expectation, sightsOf(outputOf(job).toString()), label)
    }
  }
}

async function probe(t: Test, name: string, expectation: Expectation): Promise<void> {
  const program = compileForHost(name, directory)
  const inside = filled(expectation.arguments ?? [])
  const outside = filled(expectation.outsideArguments ?? expectation.arguments ?? [])
  const control = async (): Promise<void> =>
    judgeOutside(t, expectation, runOutside(expectation, program, outside))
  const both = async (): Promise<void> => {
    if (expectation.beside === undefined) await control()
    else await besideOnHost([program, ...expectation.beside], control)
    await probeInside(t, name, expectation, inside)
  }
  if (inside.includes(listenerName)) await besideOnHost([program, 'listen', listenerName], both)
  else await both()
}

type Check = { check(t: Test, tenant: Tenant): Promise<void> }

const before = hostState(instance)
for (const name of chosenNames()) {
  const expectation = expectationOf(name)
  t.test(`row ${rowOf(name)}: ${expectation?.title ?? name.slice(4)}`, async (t) => {
    if (expectation !== null) await probe(t, name, expectation)
    const script = join(repository, 'dist', 'test', 'attack', name, 'check.js')
    if (existsSync(script)) {
      const { check } = (await import(pathToFileURL(script).href)) as Check
      await check(t, tenant)
    }
    t.ok(expectation !== null || existsSync(script), 'there is an attack in the folder')
  })
}

t.test('the corpus is counted', (t) => {
  if (chosenNames().length < attackNames().length) {
    t.comment(`corpus: a part, rows ${chosenNames().map(rowOf).join(' ')}`)
    t.same(notHere, [], 'each of them is shown here')
    t.end()
    return
  }
  const all = attackNames().map(rowOf)
  const shown = all.filter((row) => !notHere.includes(row))
  const left = leftOut().map(({ row }) => row)
  t.comment(
    `corpus: ${shown.length} rows shown, ${left.length} left out (${left.join(' ')}), ` +
      `${notHere.length} that this kernel cannot show (${notHere.join(' ')})`,
  )
  t.equal(shown.length + notHere.length + left.length, rowsMax, 'each row is one of the three')
  t.end()
})

t.test('after all attacks the host is as it was', (t) => {
  t.same(hostState(instance), before)
  t.end()
})
