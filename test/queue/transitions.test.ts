// Every transition of a job, and every loss: one result each, whatever dies.
import t from 'tap'
import { expire } from '../../queue/expire.js'
import { beat } from '../../queue/heartbeat.js'
import { unstartedResult } from '../../queue/record.js'
import type { WorkerJobStore } from '../../queue/worker-store.js'
import { accept, openLiveQueue, prefix } from './live-queue.js'

const live = await openLiveQueue()
const api = await live.openApi({ slots: 2 })
const cancels: string[] = []
const worker = await live.openWorker({ cancelled: (jobId) => cancels.push(jobId) })
t.teardown(() => live.close())
const okResult = unstartedResult('ok', 'done')

async function begin(store: WorkerJobStore, jobId: string): Promise<number> {
  const started = await store.start(jobId)
  if (started.kind !== 'run') throw new Error(`the job is ${started.kind}`)
  return started.attempt
}

/** Nothing of a finished job may stay in any list of the living. */
async function traces(jobId: string, tenant: string): Promise<string[]> {
  const zsets = [
    'handover',
    'running',
    'resting',
    'expiries',
    'charges',
    'ages:untrusted',
    `waiting:${tenant}`,
  ]
  const sets = ['shallow', `inflight:${tenant}`]
  const found: string[] = []
  for (const name of zsets)
    if ((await live.look.zscore(prefix + name, jobId)) !== null) found.push(name)
  for (const name of sets)
    if ((await live.look.sismember(prefix + name, jobId)) === 1) found.push(name)
  return found
}

t.test('twenty committers, one wins', async (t) => {
  const id = await accept(api, 'cas')
  const attempt = await begin(worker, id)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      worker.commit(id, attempt, unstartedResult(at % 2 === 0 ? 'ok' : 'exit-nonzero', `${at}`)),
    ),
  )
  const job = await api.read('cas', id)
  t.equal(job?.cause?.message, '0', 'the first one')
  t.equal(job?.outcome, 'ok')
  t.same(
    answers.map((won) => won),
    answers.map((_, at) => at % 2 === 0),
    'a repeat of the same is told so again, another is refused',
  )
  t.same(await traces(id, 'cas'), [])
})

t.test('the result of a worker that was given up is dropped', async (t) => {
  const id = await accept(api, 'stale')
  const first = await begin(worker, id)
  const second = await begin(worker, id)
  t.equal(second, first + 1)
  t.notOk(await worker.commit(id, first, okResult))
  t.notOk(await worker.tell(id, [{ name: 'stdout', data: '{}' }], first))
  t.equal(await worker.release(id, first, { delayMs: 0, reason: 'fault' }), 'stale')
  t.ok(await worker.commit(id, second, okResult))
  t.match(await api.read('stale', id), { outcome: 'ok', attempts: 2 })
})

t.test('the second lost worker quarantines the job, payload kept for the operator', async (t) => {
  const id = await accept(api, 'deadly', { attemptsMax: 9 })
  const finished = api.whenFinished(id)
  await begin(worker, id)
  await begin(worker, id)
  t.same(await worker.start(id), { kind: 'quarantined' })
  await finished.promise
  t.match(await api.read('deadly', id), {
    outcome: 'sandbox-error',
    cause: { stage: 'worker-lost' },
  })
  t.equal((await api.depth()).quarantined, 1)
  t.ok(await live.look.hexists(`${prefix}job:${id}`, 'payload'))
  t.same(await traces(id, 'deadly'), [])
  t.same(await worker.start(id), { kind: 'gone' })
})

t.test('a job that may run once is not run again after a loss', async (t) => {
  const id = await accept(api, 'single', { attemptsMax: 1 })
  await begin(worker, id)
  t.same(await worker.start(id), { kind: 'worker-lost' })
  t.match(await api.read('single', id), { outcome: 'sandbox-error' })
})

t.test('our faults use up the runs, what is given back unharmed does not', async (t) => {
  const id = await accept(api, 'faulty', { attemptsMax: 2 })
  for (let turn = 0; turn < 5; turn++) {
    const attempt = await begin(worker, id)
    t.equal(await worker.release(id, attempt, { delayMs: 0, reason: 'unharmed' }), 'released')
  }
  t.match(await api.read('faulty', id), { state: 'queued', attempts: 0 })
  const first = await begin(worker, id)
  t.equal(await worker.release(id, first, { delayMs: 0, reason: 'fault' }), 'released')
  const second = await begin(worker, id)
  t.equal(await worker.release(id, second, { delayMs: 0, reason: 'fault' }), 'exhausted')
  t.ok(await worker.commit(id, second, unstartedResult('sandbox-error', 'ours', 'mount')))
  t.match(await api.read('faulty', id), { outcome: 'sandbox-error', attempts: 2 })
})

t.test('what rests can be cancelled and expires, and leaves nothing behind', async (t) => {
  const rest = { delayMs: 3_600_000, reason: 'unharmed' } as const
  const unwanted = await accept(api, 'rests')
  t.equal(await worker.release(unwanted, await begin(worker, unwanted), rest), 'released')
  t.same(await traces(unwanted, 'rests'), ['resting', 'expiries', 'inflight:rests'])
  t.equal(await api.cancel('rests', unwanted), 'cancelled')
  const late = await accept(api, 'rests')
  t.equal(await worker.release(late, await begin(worker, late), rest), 'released')
  await live.look.zadd(`${prefix}expiries`, 1, late)
  await expire(live.look)
  t.match(await api.read('rests', late), { outcome: 'expired', attempts: 0 })
  for (const id of [unwanted, late]) t.same(await traces(id, 'rests'), [])
})

t.test('cancel: final at once while it waits, told to the worker while it runs', async (t) => {
  const waiting = await accept(api, 'cancels')
  const finished = api.whenFinished(waiting)
  t.equal(await api.cancel('cancels', waiting), 'cancelled')
  await finished.promise
  t.match(await api.read('cancels', waiting), { outcome: 'cancelled', attempts: 0 })
  t.same(await worker.start(waiting), { kind: 'gone' }, 'its delivery finds nothing to run')
  const running = await accept(api, 'cancels')
  const attempt = await begin(worker, running)
  t.equal(await api.cancel('cancels', running), 'cancelling')
  while (!cancels.includes(running)) await new Promise(setImmediate)
  const heard = await beat(live.look, 'another', { silentMs: 1000, slots: 1 }, [
    { jobId: running, attempt },
  ])
  t.same(heard, [{ jobId: running, why: 'cancelled' }], 'who missed the word hears it again')
  t.equal(
    await worker.release(running, attempt, { delayMs: 0, reason: 'fault' }),
    'cancelled',
    'a cancelled job is not tried again',
  )
  t.match(await api.read('cancels', running), { outcome: 'cancelled' })
  t.equal(await api.cancel('cancels', running), 'finished')
  t.same(await traces(running, 'cancels'), [])
})

t.test('a deadline that passes while it waits ends the job, without any worker', async (t) => {
  const id = await accept(api, 'late', { lifeMs: 1 })
  const finished = api.whenFinished(id)
  const before = await api.read('late', id)
  if (before?.state !== 'finished') await finished.promise
  t.match(await api.read('late', id), { outcome: 'expired', attempts: 0, startedAt: null })
  t.same(await worker.start(id), { kind: 'gone' }, 'its delivery finds nothing to run')
  t.same(await traces(id, 'late'), [])
})

t.test('a job that had started does not expire when it is tried again', async (t) => {
  const id = await accept(api, 'again')
  await begin(worker, id)
  await live.look.hset(`${prefix}job:${id}`, 'expiresAt', '1')
  t.equal(await begin(worker, id), 2)
})

t.test('every way of finishing leaves an idle tenant without a trace', async (t) => {
  const tenants = ['cas', 'stale', 'deadly', 'single', 'faulty', 'cancels', 'late']
  for (const tenant of tenants) {
    t.equal(await live.look.hget(`${prefix}running-caps`, tenant), null)
    t.equal(await live.look.hget(`${prefix}virtual-times`, tenant), null)
    t.equal(await live.look.zscore(`${prefix}tenants`, tenant), null)
  }
})
