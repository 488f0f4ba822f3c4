// `npm run bench`: every figure in one run on this machine, side by side; writes docs/bench.json and docs/bench.md.
// test/bench/run brings the stack up first. Run by root: it starts the stop-watch as the worker's user and reads others' memory.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judge } from '../../policy/engine.js'
import { parseGrants } from '../../policy/grant-file.js'
import { loadLocalFiles } from '../../queue/local-files.js'
import { loadSettings } from '../../queue/settings-file.js'
import { type Target as Door, latency, type Throughput, throughput } from './http-load.js'
import { describeMachine } from './machine.js'
import { memoryOfSandboxes, memoryOfUser } from './memory.js'
import { type Report, renderReport, type Target } from './report.js'
import { trivialRequest } from './request.js'
import { bubblewrapArgv, compare, type Way } from './start-cost.js'
import { round, type Summary, summarise } from './statistics.js'

const instance = process.env.STOCKADE_TEST_INSTANCE ?? 'stockade-test'
const settings = loadSettings({ STOCKADE_CONFIG: `/etc/${instance}/stockade.yaml` })
/** One trivial program at a time, as a user meets it: long enough for a slot to be made new, the same for each way. */
const pauseUs = 15_000
const wayNames = {
  plain: 'plain fork and exec',
  bubblewrap: 'bubblewrap, same namespaces',
  sandbox: 'full sandbox, start to nothing left',
}
const trueJob = { image: 'default', command: ['/bin/true'] }

const text = (program: string, ...argv: string[]): string =>
  execFileSync(program, argv, { encoding: 'utf8' }).trim()
const uidOf = (user: string): number => Number(text('id', '-u', user))

/** The stop-watch, compiled, where the worker's user can execute it. */
function buildSpawn(): { spawn: string; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-bench-'))
  const spawn = join(directory, 'spawn')
  text('chmod', '0755', directory)
  text('gcc', '-std=c17', '-O2', 'test/bench/spawn.c', '-o', spawn)
  return { spawn, directory }
}

function measureStart(): Map<string, Summary> {
  const { spawn, directory } = buildSpawn()
  const request = join(directory, 'request')
  writeFileSync(request, trivialRequest(settings.imageDirectory, 'profiles'), { mode: 0o644 })
  const worker = `${instance}-worker`
  const asWorker = `setpriv --reuid ${worker} --regid ${worker} --init-groups`
  const image = text('sh', '-c', `ls -d ${settings.imageDirectory}/*/rootfs | head -1`)
  const bubblewrap = ['exec', '/usr/bin/bwrap', ...bubblewrapArgv(image)]
  const sandbox = ['launch', settings.launcherSocket, request]
  const way = (name: string, argv: string[], pauseUs: number): Way => ({
    ...{ name, argv, pauseUs },
    command: asWorker,
  })
  const ways = [
    way(wayNames.plain, ['exec', '/bin/true'], pauseUs),
    way(wayNames.bubblewrap, bubblewrap, pauseUs),
    way(wayNames.sandbox, sandbox, pauseUs),
    way('plain fork and exec, back to back', ['exec', '/bin/true'], 0),
    way('bubblewrap, back to back', bubblewrap, 0),
    way('full sandbox, back to back', sandbox, 0),
  ]
  return compare(ways, spawn, 20, 10)
}

async function measureJudge(): Promise<Summary> {
  const { catalogue, platform } = await loadLocalFiles({
    ...settings,
    profileDirectory: 'profiles',
  })
  const grant = parseGrants([]).get('untrusted')
  if (grant === undefined) throw new Error('no preset')
  const spec = {
    language: 'python',
    source: 'print(1)',
    env: { A: 'b' },
    limits: { wallMs: 1000, memoryBytes: 67_108_864 },
  }
  const values: number[] = []
  for (let run = 0; run < 12_000; run++) {
    const before = process.hrtime.bigint()
    judge(spec, grant, catalogue, platform)
    if (run >= 2000) values.push(Number(process.hrtime.bigint() - before) / 1000)
  }
  return summarise(values)
}

async function measureHttp(door: Door): Promise<{ latencyMs: Summary; throughput: Throughput[] }> {
  await latency(door, trueJob, 30)
  const latencyMs = await latency(door, trueJob, 300)
  const lines: Throughput[] = []
  for (const inFlight of [1, 2, 8, 32]) lines.push(await throughput(door, trueJob, 400, inFlight))
  return { latencyMs, throughput: lines }
}

function targetsOf(report: Omit<Report, 'targets'>): Target[] {
  const p50 = (name: string): number => report.start[name]?.p50 ?? Number.NaN
  const perPlain = round(p50(wayNames.sandbox) / p50(wayNames.plain))
  const perBubblewrap = round(p50(wayNames.bubblewrap) / p50(wayNames.sandbox))
  const best = Math.max(...report.http.throughput.map((line) => line.jobsPerSecond))
  const slotMebibytes = round(report.slotBytes / 1_048_576)
  const idle = Object.values(report.idleBytes).reduce((sum, bytes) => sum + bytes, 0) / 1_048_576
  return [
    {
      name: 'full sandbox against plain fork and exec',
      wanted: 'under 5 times',
      measured: perPlain,
      unit: 'times',
      pass: perPlain < 5,
    },
    {
      name: 'bubblewrap against full sandbox',
      wanted: 'at least 2 times',
      measured: perBubblewrap,
      unit: 'times',
      pass: perBubblewrap >= 2,
    },
    {
      name: 'HTTP with wait, p50',
      wanted: 'under 15 ms',
      measured: report.http.latencyMs.p50,
      unit: 'ms',
      pass: report.http.latencyMs.p50 < 15,
    },
    {
      name: 'HTTP jobs a second',
      wanted: '100 or more',
      measured: best,
      unit: 'a second',
      pass: best >= 100,
    },
    {
      name: 'idle api, worker and launcher',
      wanted: 'under 250 MiB',
      measured: round(idle),
      unit: 'MiB',
      pass: idle < 250,
    },
    {
      name: 'a waiting slot',
      wanted: 'under 2 MiB',
      measured: slotMebibytes,
      unit: 'MiB',
      pass: slotMebibytes < 2,
    },
    {
      name: 'judging a job, p99',
      wanted: 'under 100 µs',
      measured: report.judgeMicroseconds.p99,
      unit: 'µs',
      pass: report.judgeMicroseconds.p99 < 100,
    },
  ]
}

const key = readFileSync(`${process.env.HOME}/.config/stockade/${instance}.key`, 'utf8').trim()
const idleBytes = {
  'api and Redis': memoryOfUser(uidOf(`${instance}-api`)),
  worker: memoryOfUser(uidOf(`${instance}-worker`)),
  launcher: memoryOfUser(uidOf(`${instance}-launcher`)),
}
const slotBytes = memoryOfSandboxes(uidOf(`${instance}-launcher`)) / settings.slots
const measured = {
  machine: describeMachine(),
  start: Object.fromEntries(measureStart()),
  http: await measureHttp({ origin: `http://${settings.address}`, key }),
  judgeMicroseconds: await measureJudge(),
  idleBytes,
  slotBytes,
}
const report: Report = { ...measured, targets: targetsOf(measured) }
writeFileSync('docs/bench.json', `${JSON.stringify(report, null, 2)}\n`)
writeFileSync('docs/bench.md', renderReport(report))
for (const target of report.targets)
  console.log(
    `${target.pass ? 'pass' : 'MISS'}  ${target.name}: ${target.measured} ${target.unit} (${target.wanted})`,
  )
process.exit(0)
