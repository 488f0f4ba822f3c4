// Quotas hold exactly, however many ask at once and whatever dies: the sums of usage are what a recount of the jobs gives.
import t, { type Test } from 'tap'
import type { RunResult } from '../../contract/result.js'
import type { UsageRow } from '../../contract/usage.js'
import { openApiJobStore } from '../../queue/job-store.js'
import { release } from '../../queue/release.js'
import { okResult } from '../api/run-result.js'
import { accept, admissionOf, log, openLiveQueue, payloadOf, prefix } from './live-queue.js'
import { whenReady } from './live-redis.js'

const live = await openLiveQueue()
const api = await live.openApi({ slots: 200 })
const worker = await live.openWorker(undefined, { slots: 200 })
t.teardown(() => live.close())

const secondOfRedis = async (): Promise<number> => Number((await live.look.time())[0])
const dayNow = async (): Promise<number> => Math.floor((await secondOfRedis()) / 86_400)

/** A test that counts one minute or one day must not see the next begin: it waits for that where it is near. */
async function farFromEnd(windowSeconds: number, room = 20): Promise<void> {
  while ((await secondOfRedis()) % windowSeconds > windowSeconds - room)
    await new Promise(setImmediate)
}

async function rowsOf(tenant: string): Promise<UsageRow[]> {
  const to = await api.usage.today()
  const from = new Date(Date.parse(to) - 86_400_000).toISOString().slice(0, 10)
  return api.usage.of(tenant, from, to)
}

const total = (rows: readonly UsageRow[], figure: (row: UsageRow) => number): number =>
  rows.reduce((sum, row) => sum + figure(row), 0)
const ended = ({ jobs }: UsageRow): number => Object.values(jobs).reduce((sum, one) => sum + one, 0)

/** A result of one step that used so much. */
function resultOf(cpuMs: number, wallMs = cpuMs, memoryPeakBytes = 1_048_576): RunResult {
  const [step] = okResult.steps
  if (step === undefined) throw new Error('there is no step')
  return {
    ...okResult,
    steps: [{ ...step, usage: { ...step.usage, cpuMs, wallMs, memoryPeakBytes } }],
  }
}

async function begin(id: string): Promise<number> {
  const started = await worker.start(id)
  if (started.kind !== 'run') throw new Error(`the job is ${started.kind}`)
  return started.attempt
}

const handedOver = async (tenant: string): Promise<string[]> => {
  await api.feed()
  const inflight = await live.look.smembers(`${prefix}inflight:${tenant}`)
  return inflight.sort()
}

t.test('a hundred at once through four processes against twenty a minute', async (t) => {
  await farFromEnd(60)
  const processes = await Promise.all(Array.from({ length: 4 }, () => live.openApi({ slots: 200 })))
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, at) => {
      // Clocks of api machines may be anywhere: the window is Redis's.
      const payload = { ...payloadOf('minute'), acceptedAtMs: Date.now() + (at - 50) * 3_600_000 }
      const late = { ...payload, expiresAtMs: Date.now() + 1e9 }
      return (processes[at % 4] ?? api).admit(admissionOf(late, { submitsPerMinute: 20 }))
    }),
  )
  const kinds = answers.map(({ kind }) => kind)
  t.equal(kinds.filter((kind) => kind === 'accepted').length, 20, 'exactly')
  t.equal(kinds.filter((kind) => kind === 'quota-exceeded').length, 80)
  const over = answers.find((answer) => answer.kind === 'quota-exceeded')
  t.match(over, { over: { name: 'submits', limit: 20, used: 20, freesAt: /Z$/ } })
  const left = over !== undefined && 'retryAfterSeconds' in over ? over.retryAfterSeconds : 0
  t.ok(left >= 1 && left <= 60, `free again in ${left} seconds`)
  const [first] = answers.filter((answer) => answer.kind === 'accepted')
  t.match(first, { quotas: [{ name: 'submits', limit: 20, used: Number, secondsLeft: Number }] })
  for (const store of processes) await store.close()
  const rows = await rowsOf('minute')
  t.equal(
    total(rows, ({ submits }) => submits),
    20,
  )
  t.equal(
    total(rows, ({ refused }) => refused.submits ?? 0),
    80,
    'told when a process ends',
  )
  t.equal((await rowsOf('nobody')).length, 0)
})

t.test('a repeat is no submit, and a new minute is a new allowance', async (t) => {
  await farFromEnd(60)
  const idempotency = { key: 'k', requestDigest: 'd' }
  const quota = { submitsPerMinute: 2, idempotency }
  const first = await accept(api, 'again', quota)
  for (let turn = 0; turn < 5; turn++)
    t.match(await api.admit(admissionOf(payloadOf('again'), quota)), {
      kind: 'repeated',
      jobId: first,
    })
  await accept(api, 'again', { submitsPerMinute: 2 })
  const next = (): ReturnType<typeof api.admit> =>
    api.admit(admissionOf(payloadOf('again'), { submitsPerMinute: 2 }))
  t.match(await next(), { kind: 'quota-exceeded' })
  // What a jump of Redis's own clock looks like, forward or back: the minute that was counted is not the one it is.
  for (const jump of [-1, 60]) {
    await live.look.hincrby(`${prefix}minute:again`, 'minute', jump)
    t.match(await next(), { kind: 'accepted', quotas: [{ used: 1 }] }, 'one more allowance a jump')
    t.match(await next(), { kind: 'accepted', quotas: [{ used: 2 }] })
    t.match(await next(), { kind: 'quota-exceeded' })
  }
})

t.test(
  'a day of processor time: refused, held, and passed by no more than what was in flight',
  async (t) => {
    await farFromEnd(86_400)
    const quota = { cpuSecondsPerDay: 1, runningJobs: 2 }
    for (let at = 0; at < 6; at++) await accept(api, 'day', quota)
    const [one = '', two = ''] = await handedOver('day')
    const attempts = [await begin(one), await begin(two)] as const
    t.ok(await worker.commit(one, attempts[0], resultOf(1000)))
    t.ok(await worker.commit(one, attempts[0], resultOf(1000)), 'told again, counted once')
    t.same(await handedOver('day'), [two], 'the others are held, though there is room')
    t.match(await api.admit(admissionOf(payloadOf('day'), quota)), {
      kind: 'quota-exceeded',
      over: { name: 'cpu-seconds', limit: 1, used: 1, freesAt: /T00:00:00.000Z$/ },
    })
    t.ok(await worker.commit(two, attempts[1], resultOf(900)), 'what was in flight ends')
    t.equal(
      total(await rowsOf('day'), ({ cpuMs }) => cpuMs),
      1900,
      'the overshoot: one job of two',
    )
    t.same(await handedOver('day'), [])
    // A new day: the row of today is yesterday's.
    const today = await dayNow()
    const [row, before] = [today, today - 1].map((day) => `${prefix}usage:day:${day}`)
    await live.look.rename(row ?? '', before ?? '')
    t.equal((await handedOver('day')).length, 2, 'the feeder lets them go by itself')
    await live.look.rename(before ?? '', row ?? '')
  },
)

t.test('a day of memory; and another quota of the same tenant in force at once', async (t) => {
  await farFromEnd(86_400)
  const quota = { memoryMebibyteSecondsPerDay: 10, runningJobs: 1 }
  const job = await accept(api, 'memory', quota)
  await worker.commit(job, await begin(job), resultOf(5, 2000, 5 * 1_048_576))
  t.match(await api.admit(admissionOf(payloadOf('memory'), quota)), {
    over: { name: 'memory-seconds', limit: 10, used: 10 },
  })
  const wider = { ...quota, memoryMebibyteSecondsPerDay: 11, runningJobs: 3 }
  await accept(api, 'memory', wider)
  await accept(api, 'memory', wider)
  t.equal((await handedOver('memory')).length, 2)
  const { grant } = admissionOf(payloadOf('memory'), { ...quota, runningJobs: 1 })
  await api.changeCaps('memory', grant)
  await accept(api, 'memory', wider)
  await api.changeCaps('memory', grant)
  t.equal((await handedOver('memory')).length, 3, 'handed over before the change')
  const [first = ''] = await handedOver('memory')
  await worker.commit(first, await begin(first), resultOf(1))
  t.equal((await handedOver('memory')).length, 2, 'and nothing after it')
})

t.test('stored bytes: what is kept is full until it goes', async (t) => {
  const bytes = async (): Promise<number> => {
    const kinds = ['queued', 'blob', 'finished', 'output']
    const scores = await Promise.all(
      kinds.map((kind) => live.look.zscore(`${prefix}${kind}-bytes-by`, 'stored')),
    )
    return scores.reduce((sum, score) => sum + Number(score ?? 0), 0)
  }
  const first = await accept(api, 'stored', { storedBytes: 1e6 })
  const one = await bytes()
  const quota = { storedBytes: 3 * one }
  await worker.commit(first, await begin(first), resultOf(1))
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => api.admit(admissionOf(payloadOf('stored'), quota))),
  )
  t.ok((await bytes()) <= 3 * one, `${await bytes()} of ${3 * one}`)
  const refused = answers.find((answer) => answer.kind === 'quota-exceeded')
  t.match(refused, { over: { name: 'stored-bytes', limit: 3 * one, freesAt: /Z$/ } })
  t.ok(answers.some(({ kind }) => kind === 'accepted'))
  t.match(await api.standings('stored', admissionOf(payloadOf('stored'), quota).grant), [
    { name: 'queued-jobs' },
    { name: 'stored-bytes', used: await bytes() },
  ])
})

t.test('a worker that dies gives its running place back', async (t) => {
  const lockMs = 60_000
  const quota = { runningJobs: 1 }
  const own = await live.openApi({ slots: 200, lockMs })
  const dying = await live.openWorker(undefined, { lockMs, slots: 200 })
  const other = await live.openWorker({}, { lockMs, slots: 200 })
  const deadly = await accept(own, 'dies', { ...quota, attemptsMax: 1 })
  const next = await accept(own, 'dies', quota)
  t.match(await dying.start(deadly), { kind: 'run' })
  t.same(await handedOver('dies'), [deadly], 'one place, and it is taken')
  await live.makeHeard(2 * lockMs)
  t.match(await other.start(deadly), { kind: 'worker-lost' })
  t.same(await handedOver('dies'), [next], 'the place is the next one’s')
  t.match(await rowsOf('dies'), [{ submits: 2, jobs: { service: 1 }, cpuMs: 0 }])
  const started = await other.start(next)
  if (started.kind !== 'run') throw new Error(started.kind)
  await release(live.look, next, started.attempt, { delayMs: 0, reason: 'fault' })
  t.same(await handedOver('dies'), [next], 'given back, it keeps its place and has cost nothing')
  const again = await other.start(next)
  if (again.kind !== 'run') throw new Error(again.kind)
  await other.commit(next, again.attempt, resultOf(7))
  t.same(await handedOver('dies'), [])
  t.match(await rowsOf('dies'), [{ submits: 2, jobs: { service: 1, program: 1 }, cpuMs: 7 }])
})

type Sums = { submits: number; ended: number; cpuMs: number; wallMs: number; memory: number }

/** From the records of all jobs of a tenant: none has been retired. */
async function recount(tenant: string): Promise<Sums> {
  const sums = { submits: 0, ended: 0, cpuMs: 0, wallMs: 0, memory: 0 }
  for (const id of await live.look.zrange(`${prefix}list:${tenant}`, '0', '-1')) {
    const job = await live.look.hgetall(`${prefix}job:${id}`)
    sums.submits++
    if (job.state !== 'finished') continue
    sums.ended++
    sums.cpuMs += Number(job.cpuMs ?? 0)
    sums.wallMs += Number(job.wallMs ?? 0)
    sums.memory += Number(job.memoryMebibyteMs ?? 0)
  }
  return sums
}

async function counted(tenant: string): Promise<Sums> {
  const rows = await rowsOf(tenant)
  return {
    submits: total(rows, ({ submits }) => submits),
    ended: total(rows, ended),
    cpuMs: total(rows, ({ cpuMs }) => cpuMs),
    wallMs: total(rows, ({ wallMs }) => wallMs),
    memory: total(rows, ({ memoryMebibyteMs }) => memoryMebibyteMs),
  }
}

/** Admits, runs and ends a job; half of them are cancelled instead. */
async function oneLife(tenant: string, at: number, told: string[]): Promise<void> {
  const id = await accept(api, tenant, { submitsPerMinute: 1000 })
  told.push(id)
  if (at % 4 === 3) await api.cancel(tenant, id)
  else await worker.commit(id, await begin(id), resultOf(10 + at, 20, at * 1_048_576))
}

async function sumsAreRight(t: Test, tenant: string, when: string): Promise<void> {
  t.same(await counted(tenant), await recount(tenant), when)
}

t.test('Redis killed in the middle of admissions and ends: the sums are a recount', async (t) => {
  for (let round = 0; round < 4; round++) {
    const tenant = `cut-${round}`
    const told: string[] = []
    const works = Array.from({ length: 60 }, (_, at) => oneLife(tenant, at, told))
    // In the middle: when the first of them has ended, whichever that is.
    await Promise.race(works)
    await live.killRedis()
    await live.startRedis()
    await whenReady(worker.redis)
    await whenReady(api.redis)
    await Promise.allSettled(works)
    await sumsAreRight(t, tenant, `round ${round}`)
    const { submits } = await counted(tenant)
    t.ok(submits >= told.length, `${told.length} were told that they are in, ${submits} are`)
    const minute = await live.look.hgetall(`${prefix}minute:${tenant}`)
    t.ok(Number(minute.count ?? 0) <= submits, 'no allowance was lost for a job that is not there')
  }
})

t.test('what is kept of a day, and for how long', async (t) => {
  const days = 3
  const short = await openApiJobStore(live.settings('api', { usageKeepDays: days }), log)
  await whenReady(short.redis)
  while ((await live.look.get(`${prefix}usage-keep-days`)) !== String(days))
    await new Promise(setImmediate)
  const job = await accept(short, 'kept')
  await worker.commit(job, await begin(job), resultOf(1))
  const left = await live.look.ttl(`${prefix}usage:kept:${await dayNow()}`)
  t.ok(left > (days - 1) * 86_400 && left <= days * 86_400, `${left} seconds`)
  await short.close()
})

t.test('the busiest by name, and all together', async (t) => {
  const { busiest, all } = await api.usage.busiest(3)
  t.equal(busiest.length, 3)
  const cpu = busiest.map(({ row }) => row.cpuMs)
  t.same(
    cpu,
    [...cpu].sort((a, b) => b - a),
  )
  const rows = await api.usage.on(await api.usage.today())
  t.ok(rows.length > 5)
  for (const figure of [
    (row: UsageRow) => row.submits,
    (row: UsageRow) => row.cpuMs,
    (row: UsageRow) => row.refused.submits ?? 0,
    ended,
  ])
    t.equal(figure(all), total(rows, figure))
})
