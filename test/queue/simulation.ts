// Slots and jobs in simulated time, on the real scripts and a real Redis: what is made up is only the clock, how long a job
// runs, and BullMQ’s workers: a free slot takes the next id of BullMQ’s list.
import { admit } from '../../queue/admit.js'
import { commit } from '../../queue/commit.js'
import { type Feeding, feed } from '../../queue/feed.js'
import { beat } from '../../queue/heartbeat.js'
import { newJobId } from '../../queue/job-id.js'
import { bullPrefix, queueName } from '../../queue/keys.js'
import { unstartedResult } from '../../queue/record.js'
import { start } from '../../queue/start.js'
import type { LiveRedis } from './live-redis.js'

export type SimulatedJob = {
  readonly tenant: string
  readonly runMs: number
  readonly weight?: number
  readonly cap?: number
  readonly priority?: number
  readonly lifetimeMs?: number
}
export type Ran = SimulatedJob & {
  readonly id: string
  readonly arrivedMs: number
  readonly startedMs: number
  readonly endedMs: number
  /** Jobs that began between its arrival and its start. */
  readonly begunBefore: number
}
type Waiting = SimulatedJob & {
  readonly id: string
  readonly arrivedMs: number
  readonly begunAtArrival: number
}
type Running = Waiting & {
  readonly attempt: number
  readonly startedMs: number
  readonly endMs: number
}

export type Simulation = {
  readonly now: () => number
  /** Jobs that began, in that order; `endedMs` is when they will have. */
  readonly begun: readonly Ran[]
  readonly busy: () => readonly Running[]
  arrive(job: SimulatedJob): Promise<string>
  /** Goes on until so many more have begun, or none is left to. */
  run(more?: number): Promise<void>
  /** The clock that the scripts are told goes ahead or back by this. */
  jump(byMs: number): void
  close(): void
}

const unlimited = Number.MAX_SAFE_INTEGER
const room = { all: unlimited, tenant: unlimited }
const done = unstartedResult('ok', 'done')
const tickMs = 1000
const bull = `${bullPrefix}:${queueName}:`

type World = {
  readonly redis: LiveRedis['look']
  readonly slots: number
  readonly feeding: Feeding
  readonly waiting: Map<string, Waiting>
  readonly begun: Ran[]
  running: Running[]
  clock: number
  /** What the scripts are told is off by so much. */
  skew: number
  nextTick: number
}

async function begin(world: World, id: string): Promise<void> {
  const { redis, waiting, begun, clock } = world
  const job = waiting.get(id)
  const taker = { worker: 'simulated', delivery: id, silentMs: world.feeding.silentMs }
  const started = await start(redis, id, taker)
  if (job === undefined || started.kind !== 'run') return
  waiting.delete(id)
  const endMs = clock + job.runMs
  const begunBefore = begun.length - job.begunAtArrival
  begun.push({ ...job, startedMs: clock, endedMs: endMs, begunBefore })
  world.running.push({ ...job, attempt: started.attempt, startedMs: clock, endMs })
}

/** Free slots take what is handed over, as BullMQ’s workers do. */
async function fill(world: World): Promise<void> {
  while (world.running.length < world.slots) {
    const id = await world.redis.rpop(`${bull}wait`)
    if (id === null) return
    await begin(world, id)
  }
}

async function turn(world: World): Promise<void> {
  for (let before = -1; before !== world.begun.length; ) {
    before = world.begun.length
    await feed(world.redis, world.feeding)
    await fill(world)
  }
}

/** To the next end of a job, or the next turn of the housekeeping. */
async function step(world: World): Promise<void> {
  const next = Math.min(world.nextTick, ...world.running.map(({ endMs }) => endMs))
  world.clock = next
  while (world.nextTick <= next) world.nextTick += tickMs
  const ended = world.running.filter(({ endMs }) => endMs <= next)
  world.running = world.running.filter(({ endMs }) => endMs > next)
  for (const { id, attempt } of ended) {
    await commit(world.redis, id, attempt, done, world.slots)
    await world.redis.del(bull + id)
    await turn(world)
  }
  await turn(world)
}

async function arrive(world: World, job: SimulatedJob): Promise<string> {
  const { redis, waiting, slots } = world
  const id = newJobId()
  waiting.set(id, { ...job, id, arrivedMs: world.clock, begunAtArrival: world.begun.length })
  const admitted = await admit(redis, recordOf(id, job, { now: Date.now(), slots }))
  if (admitted.kind !== 'accepted') throw new Error(`the job is ${admitted.kind}`)
  await fill(world)
  return id
}

/** One at a time: it holds the clock of this process. Close it before anything else is timed. */
export async function simulate(live: LiveRedis, slots: number): Promise<Simulation> {
  const realNow = Date.now
  const redis = live.look
  await redis.flushdb()
  // Nothing here is about durability.
  await redis.config('SET', 'appendfsync', 'no')
  const feeding: Feeding = { slots, silentMs: 1e12 }
  const clock = 1_800_000_000_000
  const world: World = {
    ...{ redis, slots, feeding, clock },
    waiting: new Map(),
    begun: [],
    running: [],
    skew: 0,
    nextTick: clock + tickMs,
  }
  Date.now = () => world.clock + world.skew
  await beat(redis, 'simulated', { silentMs: feeding.silentMs, slots }, [])
  return {
    now: () => world.clock,
    begun: world.begun,
    busy: () => world.running,
    arrive: (job) => arrive(world, job),
    async run(more = Number.POSITIVE_INFINITY) {
      const until = world.begun.length + more
      const isLeft = (): boolean => world.waiting.size > 0 || world.running.length > 0
      while (world.begun.length < until && isLeft()) await step(world)
    },
    jump(byMs) {
      world.skew += byMs
    },
    close() {
      Date.now = realNow
    },
  }
}

function recordOf(
  id: string,
  { tenant, weight = 100, cap = 1_000_000, priority = 5, lifetimeMs = 3_600_000 }: SimulatedJob,
  { now, slots }: { readonly now: number; readonly slots: number },
): Parameters<typeof admit>[1] {
  const expiresAtMs = now + 10 * 365 * 24 * 3_600_000
  return {
    jobId: id,
    ...{ tenant, priority, expiresAtMs, slots, weight, grant: 'untrusted', acceptedAtMs: now },
    ...{ queuedMax: unlimited, tenantQueuedMax: unlimited, tenantRunningMax: cap },
    idempotency: null,
    after: [],
    replyTo: 'nobody',
    auditLine: '',
    bytes: { queued: 0, blob: 0 },
    limits: { queued: room, blob: room },
    quota: { submits: 0, cpuMs: 0, memoryMebibyteMs: 0, storedBytes: 0, keepMs: 0 },
    fields: [
      ...['state', 'queued', 'tenant', tenant, 'createdAt', String(now)],
      ...['expiresAt', String(expiresAtMs), 'attemptsMax', '3', 'lifetimeMs', String(lifetimeMs)],
      ...['grant', 'untrusted', 'labels', '{}'],
    ],
  }
}

/** Parts of the slots’ time that each tenant had between two moments, 1 all together. */
export function sharesOf(
  begun: readonly Ran[],
  fromMs: number,
  toMs: number,
): ReadonlyMap<string, number> {
  const held = new Map<string, number>()
  let sum = 0
  for (const { tenant, startedMs, endedMs } of begun) {
    const ms = Math.max(0, Math.min(endedMs, toMs) - Math.max(startedMs, fromMs))
    held.set(tenant, (held.get(tenant) ?? 0) + ms)
    sum += ms
  }
  return new Map([...held].map(([tenant, ms]) => [tenant, ms / sum]))
}
