// Two jobs at once, of one tenant and of two: one holds all that can be held, the other tries to reach it (rows 28, 56, 57, 77, 78 between
// slots). Beside it the same two programs as plain processes of one user, which reach each other in every way.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { JobSpec } from '../../../contract/job.js'
import { accountOf, asRoot, openTenant, outputOf, type Tenant } from '../../stack.js'
import {
  attackFolder,
  isAmong,
  type Sights,
  sharedHeaders,
  sightsOf,
  type Try,
} from '../control.js'
import { untilSaid } from '../until-said.js'

const folder = join(attackFolder, 'cross-slot')
const source = readFileSync(join(folder, 'probe.c'), 'utf8')
const { tries } = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as {
  tries: Record<string, Try>
}
const one = openTenant('cross-one')
const other = openTenant('cross-other')

function judge(t: Test, sights: Sights, side: 'inside' | 'outside', label: string): void {
  for (const [name, row] of Object.entries(tries)) {
    const saw = sights.get(name) ?? 'nothing'
    if (side === 'outside' && isAmong(saw, row.lacking ?? []))
      t.pass(`${label}: ${name}`, {
        skip: `not testable on this host: ${saw} even without a sandbox`,
      })
    else
      t.ok(
        isAmong(saw, row[side]),
        `${label}: ${name} saw ${saw}, wanted ${row[side].join(' or ')}`,
      )
  }
  t.equal(sights.size, Object.keys(tries).length, `${label}: each try has an expectation`)
}

t.test('control: two plain processes of one user reach each other', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-cross-'))
  const program = join(directory, 'probe')
  const mark = `cross-control-${process.pid}`
  execFileSync('gcc', ['-O1', '-I', attackFolder, '-o', program, join(folder, 'probe.c')], {
    stdio: 'pipe',
  })
  asRoot(['chmod', '-R', 'a+rX', directory])
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const [first = '', ...words] = [...sudo, program, 'hold', mark]
  const holder = spawn(first, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    const place = /held at (\S+)/.exec(line.toString())?.[1] ?? ''
    const pid = asRoot(['pgrep', '-n', '-f', `probe hold ${mark}`]).trim()
    judge(t, sightsOf(asRoot([program, 'try', mark, pid, place])), 'outside', 'outside')
  } finally {
    asRoot([program, 'clear', mark])
    asRoot([
      'sh',
      '-c',
      'pkill -KILL -f "^$1 hold" || true; ipcrm -M 0x53746f63 -S 0x53746f63 -Q 0x53746f63; rm -f /tmp/$2* /dev/shm/$2*',
      'sh',
      program,
      mark,
    ])
    rmSync(directory, { recursive: true, force: true })
  }
})

const spec = (words: string[], more: Partial<JobSpec>): JobSpec => ({
  language: 'c',
  source,
  files: sharedHeaders(),
  arguments: words,
  limits: { wallMs: 50_000, cpuMs: 20_000, processes: 16 },
  network: 'loopback',
  ...more,
})

/** Real uid and gid of a process, its namespaces, and its control group, by the host's own account. */
const hostSide = (pid: string): { ids: number[]; namespaces: string[]; groups: string } => ({
  ids: asRoot(['sh', '-c', 'awk \'/^[UG]id:/ { print $2 }\' "/proc/$1/status"', 'sh', pid])
    .trim()
    .split('\n')
    .map(Number),
  namespaces: asRoot([
    'sh',
    '-c',
    'for f in user mnt pid net ipc uts cgroup time; do readlink "/proc/$1/ns/$f"; done',
    'sh',
    pid,
  ])
    .trim()
    .split('\n'),
  groups: asRoot(['cat', `/proc/${pid}/cgroup`]),
})

type Held = {
  readonly id: string
  readonly pid: string
  readonly place: string
  readonly mark: string
}

let marks = 0
async function hold(tenant: Tenant, more: Partial<JobSpec>): Promise<Held> {
  const mark = `cross-${process.pid}-${marks++}`
  const { id } = await tenant.submit(spec(['hold', mark], more))
  const said = await untilSaid(tenant, id, 'held at 0x')
  const pid = asRoot(['pgrep', '-n', '-f', `^/work/program hold ${mark}`]).trim()
  return { id, pid, mark, place: /held at (\S+)/.exec(said)?.[1] ?? '' }
}

const users = [
  { uid: 1000, gid: 1000 },
  { uid: 0, gid: 0 },
]
for (const [label, attacker] of [
  ['one tenant', one],
  ['another tenant', other],
] as const)
  for (const user of users)
    t.test(`two jobs at once, the second of ${label}, uid ${user.uid}`, async (t) => {
      const held = await hold(one, { user })
      try {
        const job = await attacker.run(spec(['try', held.mark, held.pid, held.place], { user }))
        t.equal(job.outcome, 'ok', accountOf(job))
        judge(t, sightsOf(outputOf(job).toString()), 'inside', label)
        const still = asRoot(['sh', '-c', 'tr "\\0" " " < "/proc/$1/cmdline"', 'sh', held.pid])
        t.match(still, held.mark, 'the first job is still there')
      } finally {
        await one.request('DELETE', `/v1/jobs/${held.id}`)
      }
      const first = await one.finished(held.id)
      t.equal(first.outcome, 'cancelled', `and ended only when we said so; ${accountOf(first)}`)
    })

t.test('two jobs that run at once share no host id, no namespace and no group', async (t) => {
  const holders = [
    await hold(one, {}),
    await hold(other, {}),
    await hold(one, { user: { uid: 0, gid: 0 } }),
  ]
  const seen = holders.map(({ pid }) => hostSide(pid))
  const ranges: [number, number][] = []
  for (const { id } of holders) {
    await one.request('DELETE', `/v1/jobs/${id}`)
    await other.request('DELETE', `/v1/jobs/${id}`)
  }
  for (const [at, { id }] of holders.entries()) {
    const job = await (at === 1 ? other : one).finished(id)
    t.equal(job.isolation?.uidMap, job.isolation?.gidMap)
    const [inside, host = 0, count = 0] = (job.isolation?.uidMap ?? '').split(' ').map(Number)
    t.same([inside, count], [0, 65_536])
    ranges.push([host, host + count])
    const [low = 0, high = 0] = ranges[at] ?? []
    t.ok(
      seen[at]?.ids.every((id) => id >= low && id < high),
      `host ids ${seen[at]?.ids} are of the slot ${low}…${high}`,
    )
    t.ok(low >= 65_536, 'which are nobody’s on the host')
  }
  const sorted = [...ranges].sort(([a], [b]) => a - b)
  t.ok(
    sorted.every(([low], at) => at === 0 || low >= (sorted[at - 1]?.[1] ?? 0)),
    `disjoint ranges ${JSON.stringify(sorted)}`,
  )
  const namespaces = seen.flatMap(({ namespaces }) => namespaces)
  t.equal(new Set(namespaces).size, namespaces.length, 'eight namespaces each, none shared')
  const own = hostSide('self').namespaces
  t.same(
    namespaces.filter((name) => own.includes(name)),
    [],
    'none is the host’s',
  )
  t.equal(new Set(seen.map(({ groups }) => groups)).size, holders.length, 'a control group each')
})
