// Who has lost a job, and who has not: Redis away, calls that come twice, neighbours of a job that kills workers.
import type { Redis } from 'ioredis'
import t from 'tap'
import { commit } from '../../queue/commit.js'
import { appendEvents } from '../../queue/events.js'
import { beat } from '../../queue/heartbeat.js'
import { unstartedResult } from '../../queue/record.js'
import { release } from '../../queue/release.js'
import { start } from '../../queue/start.js'
import type { WorkerJobStore } from '../../queue/worker-store.js'
import { accept, openLiveQueue, prefix } from './live-queue.js'

const live = await openLiveQueue()
const lockMs = 60_000
const api = await live.openApi({ slots: 4, lockMs })
const heard = await live.openWorker({}, { lockMs })
const silent = await live.openWorker(undefined, { lockMs })
const other = await live.openWorker({}, { lockMs })
t.teardown(() => live.close())
const okResult = unstartedResult('ok', 'done')
const deathsOf = (id: string): Promise<string | null> =>
  live.look.hget(`${prefix}job:${id}`, 'deaths')

async function begin(store: WorkerJobStore, jobId: string): Promise<number> {
  const started = await store.start(jobId)
  if (started.kind !== 'run') throw new Error(`the job is ${started.kind}`)
  return started.attempt
}

t.test('what still runs at a worker that is heard is nobody else\u2019s', async (t) => {
  const id = await accept(api, 'heard')
  const attempt = await begin(heard, id)
  await live.makeHeard(2 * lockMs)
  t.same(await other.start(id), { kind: 'held' })
  t.equal(await deathsOf(id), null)
  t.ok(await heard.commit(id, attempt, okResult))
  t.match(await api.read('heard', id), { outcome: 'ok', attempts: 1 })
})

t.test('a worker that could not be heard, since nobody could, has lost nothing', async (t) => {
  const id = await accept(api, 'unheard')
  const attempt = await begin(silent, id)
  await live.makeHeard(lockMs / 2)
  t.same(await other.start(id), { kind: 'held' }, 'Redis has not been back for long enough')
  await live.makeHeard(2 * lockMs)
  t.match(await other.start(id), { kind: 'run', attempt: attempt + 1 })
  t.equal(await deathsOf(id), '1')
  t.same(
    await beat(live.look, 'silent', { silentMs: lockMs, slots: 1 }, [{ jobId: id, attempt }]),
    [{ jobId: id, why: 'lost' }],
    'and hears of it when it comes back',
  )
  t.ok(await other.commit(id, attempt + 1, okResult))
})

t.test('a pause of everybody begins the hearing anew', async (t) => {
  await live.look.hset(`${prefix}pulse`, { last: Date.now() - lockMs, since: 1 })
  await beat(live.look, 'anybody', { silentMs: lockMs, slots: 1 }, [])
  const since = Number(await live.look.hget(`${prefix}pulse`, 'since'))
  t.ok(since > Date.now() - lockMs, `heard since ${since}`)
})

/** A connection that sends every call twice and gives the second answer: what ioredis does when it lost the first. */
function stuttering(redis: Redis): Redis {
  return new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if ((name !== 'evalsha' && name !== 'eval') || typeof value !== 'function') return value
      return async (...values: unknown[]) => {
        await value.apply(target, values)
        return await value.apply(target, values)
      }
    },
  })
}

t.test('a call whose answer was lost changes nothing when it comes again', async (t) => {
  const redis = stuttering(live.look)
  const id = await accept(api, 'twice')
  const started = await start(redis, id, { worker: 'w', delivery: '1', silentMs: lockMs })
  t.match(started, { kind: 'run', attempt: 1 })
  t.equal(await deathsOf(id), null)
  for (const data of ['{"a":1}', '{"a":2}'])
    t.ok(await appendEvents(redis, id, [{ name: 'stdout', data }], 1))
  const told = await live.look.xrange(`${prefix}events:${id}`, '-', '+')
  t.same(
    told.map(([, fields]) => fields[3]).filter((data) => data?.includes('"a"')),
    ['{"a":1}', '{"a":2}'],
  )
  const back = { delayMs: 0, reason: 'unharmed' } as const
  t.equal(await release(redis, id, 1, back), 'stale', 'it is given back, once')
  t.match(await api.read('twice', id), { state: 'queued', attempts: 0, startedAt: null })
  await start(redis, id, { worker: 'w', delivery: '2', silentMs: lockMs })
  t.ok(await commit(redis, id, 2, okResult, 8))
  t.match(await api.read('twice', id), { outcome: 'ok', attempts: 1 })
})

t.test('of the jobs of a lost worker another one runs one at a time', async (t) => {
  const ids = [await accept(api, 'near'), await accept(api, 'near'), await accept(api, 'near')]
  for (const id of ids) await begin(silent, id)
  await live.makeHeard(2 * lockMs)
  const [first = '', second = '', third = ''] = ids
  const attempt = await begin(other, first)
  t.same(await other.start(second), { kind: 'later' })
  t.match(await api.read('near', second), { state: 'queued' })
  t.equal(await deathsOf(second), '1', 'counted once, however often it waits')
  t.same(await other.start(second), { kind: 'later' })
  t.equal(await deathsOf(second), '1')
  t.match(await heard.start(third), { kind: 'run' }, 'another worker may run one too')
  const fresh = await accept(api, 'near')
  t.match(await other.start(fresh), { kind: 'run' }, 'and what has lost no worker is not held up')
  t.ok(await other.commit(first, attempt, okResult))
  t.match(await other.start(second), { kind: 'run' })
})

t.test('given back before it ran, a job expires as if it had never been taken', async (t) => {
  const id = await accept(api, 'unharmed')
  const attempt = await begin(heard, id)
  await live.look.hset(`${prefix}job:${id}`, 'expiresAt', '1')
  t.equal(await heard.release(id, attempt, { delayMs: 0, reason: 'unharmed' }), 'released')
  const started = await heard.start(id)
  t.ok(['expired', 'gone'].includes(started.kind), started.kind)
  t.match(await api.read('unharmed', id), { outcome: 'expired', attempts: 0, startedAt: null })
})

t.test('an idempotency key lives as long as its job, and then for its time', async (t) => {
  const idempotency = { key: 'once', requestDigest: 'd' }
  const id = await accept(api, 'keyed', { idempotency })
  const [name = ''] = await live.look.keys(`${prefix}idempotency:keyed:*`)
  t.equal(await live.look.pttl(name), -1, 'no end while the job waits')
  const attempt = await begin(heard, id)
  await heard.commit(id, attempt, okResult)
  t.ok((await live.look.pttl(name)) > 0)
})

t.test('the second of two followers is told as well, wherever the first one is', async (t) => {
  const id = await accept(api, 'followed')
  const attempt = await begin(heard, id)
  const { signal } = new AbortController()
  const ends = [api.awaitEnd(id, signal), api.awaitEnd(id, signal), api.awaitEnd(id, signal)]
  await heard.commit(id, attempt, okResult)
  await Promise.all([...ends, api.awaitEnd(id, signal), api.awaitEnd('job_none', signal)])
  t.match(await api.read('followed', id), { state: 'finished' })
})
