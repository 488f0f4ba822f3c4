// Runs every attack: each folder's probe as a real job through HTTP, as an ordinary user and as root inside, beside the same
// probe outside of any sandbox; then what folders do in TypeScript; then that the host is as it was.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import {
  accountOf,
  asRoot,
  instance,
  openTenant,
  outputOf,
  port,
  servicePid,
  type Tenant,
} from '../stack.js'
import { repository } from '../tidy-source.js'
import { allowedCalls } from './allowed-calls.js'
import {
  attackNames,
  compileForHost,
  type Expectation,
  expectationOf,
  isAmong,
  runOutside,
  type Sights,
  sharedHeader,
  sightsOf,
  sourceOf,
} from './control.js'
import { hostState } from './host-state.js'

const tenant = openTenant('attack')
const directory = mkdtempSync(join(tmpdir(), 'stockade-attack-'))
asRoot(['chmod', '0755', directory])
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

const identities = [
  { uid: 1000, gid: 1000 },
  { uid: 0, gid: 0 },
]

const listenerName = `stockade-probe-${process.pid}`
const placeholders: Readonly<Record<string, () => string>> = {
  '{port}': () => port,
  '{api-pid}': () => String(servicePid('api')),
  '{listener}': () => listenerName,
  '{allowed-calls}': () => allowedCalls('default').join(','),
}
const filled = (words: readonly string[]): string[] =>
  words.map((word) => placeholders[word]?.() ?? word)

/** A try that can't be made on this host is said to be so; it never counts as a pass. */
function judgeOutside(t: Test, expectation: Expectation, sights: Sights): void {
  for (const [name, { outside, lacking = [] }] of Object.entries(expectation.tries)) {
    const saw = sights.get(name) ?? 'nothing'
    if (isAmong(saw, outside)) t.pass(`outside: ${name} saw ${saw}`)
    else if (isAmong(saw, lacking))
      t.pass(`outside: ${name}`, {
        skip: `not testable on this host: ${name} gives ${saw} even without a sandbox`,
      })
    else t.fail(`outside: ${name} saw ${saw}, which shows nothing; wanted ${outside.join(' or ')}`)
  }
}

function judgeInside(t: Test, expectation: Expectation, sights: Sights, label: string): void {
  for (const [name, { inside }] of Object.entries(expectation.tries)) {
    const saw = sights.get(name) ?? 'nothing'
    t.ok(isAmong(saw, inside), `${label}: ${name} saw ${saw}, allowed ${inside.join(' or ')}`)
  }
  const unknown = [...sights.keys()].filter((name) => expectation.tries[name] === undefined)
  t.same(unknown, [], `${label}: each try has an expectation`)
}

async function withListener(program: string, use: () => Promise<void>): Promise<void> {
  const listener = spawn(program, ['listen', listenerName], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(listener.stdout, 'data')
    await use()
  } finally {
    listener.kill('SIGKILL')
  }
}

async function probe(t: Test, name: string, expectation: Expectation): Promise<void> {
  const program = compileForHost(name, directory)
  const inside = filled(expectation.arguments ?? [])
  const outside = filled(expectation.outsideArguments ?? expectation.arguments ?? [])
  const body = async (): Promise<void> => {
    judgeOutside(t, expectation, runOutside(expectation, program, outside))
    for (const user of identities) {
      for (const more of expectation.specs ?? [{}]) {
        const spec: JobSpec = {
          language: 'c',
          source: sourceOf(name),
          files: [{ path: 'probe.h', content: sharedHeader() }],
          arguments: inside,
          user,
          ...more,
        }
        const job = await tenant.run(spec)
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
  if (inside.includes(listenerName)) await withListener(program, body)
  else await body()
}

type Check = { check(t: Test, tenant: Tenant): Promise<void> }

const before = hostState(instance)
for (const name of attackNames()) {
  const expectation = expectationOf(name)
  t.test(`row ${Number(name.slice(0, 3))}: ${expectation?.title ?? name.slice(4)}`, async (t) => {
    if (expectation !== null) await probe(t, name, expectation)
    const script = join(repository, 'dist', 'test', 'attack', name, 'check.js')
    if (existsSync(script)) {
      const { check } = (await import(pathToFileURL(script).href)) as Check
      await check(t, tenant)
    }
    t.ok(expectation !== null || existsSync(script), 'there is an attack in the folder')
  })
}

t.test('after all attacks the host is as it was', (t) => {
  t.same(hostState(instance), before)
  t.end()
})
