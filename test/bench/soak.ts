// Many jobs, and what is held before, half-way and after: nothing may grow.
import { poolFull, slots } from '../sandbox/conversation.js'
import type { ServiceName } from '../stack.js'
import { type Holdings, holdings } from './holdings.js'
import { trivialJob } from './http-cost.js'
import { type Door, throughput } from './http-load.js'

export type Soak = {
  readonly jobs: number
  readonly before: Holdings
  readonly half: Holdings
  readonly after: Holdings
  /** What grew, in words; empty when nothing did. */
  readonly grown: readonly string[]
}

const inFlight = 8
/** Redis is told and not judged: it keeps finished jobs up to `finishedKeepJobs`, as it should. */
const judged: readonly ServiceName[] = ['api', 'worker', 'launcher']
/** A garbage-collected heap breathes: from half-way to the end by less than this, or it grows with the jobs. */
const breath = 1.15

async function hold(instance: string): Promise<Holdings> {
  await poolFull(slots)
  return holdings(instance)
}

function whatGrew(before: Holdings, half: Holdings, after: Holdings): string[] {
  const counts = Object.entries(after.counts)
    .filter(([name, count]) => count > (before.counts[name] ?? 0))
    .map(([name, count]) => `${name}: ${before.counts[name]} before, ${count} after`)
  const memory = judged
    .filter((name) => after.residentBytes[name] > half.residentBytes[name] * breath)
    .map((name) => `memory of ${name}`)
  return [...counts, ...memory]
}

export async function soak(instance: string, door: Door, jobs: number): Promise<Soak> {
  const part = Math.max(inFlight, Math.round(jobs / 2))
  await throughput(door, trivialJob, Math.max(inFlight, Math.round(jobs / 10)), inFlight)
  const before = await hold(instance)
  await throughput(door, trivialJob, part, inFlight)
  const half = await hold(instance)
  await throughput(door, trivialJob, part, inFlight)
  const after = await hold(instance)
  return { jobs: 2 * part, before, half, after, grown: whatGrew(before, half, after) }
}
