// Every figure in one run on this machine, side by side; writes bench.json and bench.md. test/bench/run brings the stack up first.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { loadSettings } from '../../queue/settings-file.js'
import { instance, openTenant } from '../stack.js'
import { httpCost } from './http-cost.js'
import { idleMemory } from './idle-memory.js'
import { judgeCost } from './judge-cost.js'
import { describeMachine } from './machine.js'
import { preparePlace } from './place.js'
import { pythonCost } from './python-cost.js'
import { queueDepth } from './queue-depth.js'
import { renderReport } from './report.js'
import type { Measured, Report } from './result.js'
import { runningMemory } from './running-memory.js'
import { factor, queuedJobs, soakJobs, waitingSlots } from './scale.js'
import { soak } from './soak.js'
import { startCosts } from './start-cost.js'
import { startRates } from './start-rate.js'
import { targetsOf } from './targets.js'
import { waitingMemory } from './waiting-memory.js'
import { withWays } from './ways.js'

const settings = loadSettings({ STOCKADE_CONFIG: `/etc/${instance}/stockade.yaml` })
const directory = process.env.STOCKADE_BENCH_DIRECTORY
if (directory === undefined) throw new Error('started by test/bench/run, which makes its scratch')
const output = process.env.STOCKADE_BENCH_OUTPUT ?? 'docs'
const uidOf = (user: string): number =>
  Number(execFileSync('id', ['-u', `${instance}-${user}`], { encoding: 'utf8' }))

/** Says what is going on and how long it took: some parts take a minute. */
async function part<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
  const before = performance.now()
  process.stdout.write(`${name} … `)
  const result = await work()
  console.log(`${((performance.now() - before) / 1000).toFixed(1)} s`)
  return result
}

async function measure(scratch: string): Promise<Measured> {
  const machine = describeMachine()
  const place = preparePlace(settings, scratch)
  const door = {
    origin: `http://${settings.address}`,
    key: openTenant('bench', 'platform').key,
  }
  const idleBytes = await part('the idle service', () => idleMemory(uidOf('launcher')))
  const waiting = await part(`${waitingSlots} waiting slots`, () =>
    waitingMemory(instance, settings.slots, waitingSlots),
  )
  const runningBytes = await part('running sandboxes', () =>
    runningMemory(instance, settings.slots),
  )
  const { start, rate, absent } = await withWays(place, async (ways, absent) => ({
    start: await part(`start and end: ${ways.length} ways`, () => startCosts(ways)),
    rate: await part('programs a second', () => startRates(ways)),
    absent,
  }))
  const python = await part('Python', () => pythonCost(place, door))
  const http = await part('through HTTP', () => httpCost(door))
  const judgeMicroseconds = await part('policy', () => judgeCost(settings))
  const soaked = await part(`soak: ${soakJobs} jobs`, () => soak(instance, door, soakJobs))
  const queue = await part(`queue: ${queuedJobs} jobs`, () =>
    queueDepth(settings.slots, queuedJobs),
  )
  return {
    ...{ machine, scale: factor, start, absent, rate, python, http, judgeMicroseconds },
    ...{ idleBytes, waiting, runningBytes, soak: soaked, queue },
  }
}

const measured = await measure(directory)
const report: Report = { ...measured, targets: targetsOf(measured) }
const page = renderReport(report)
writeFileSync(`${output}/bench.json`, `${JSON.stringify(report, null, 2)}\n`)
writeFileSync(`${output}/bench.md`, page)
console.log(`\n${page}`)
process.exit(0)
