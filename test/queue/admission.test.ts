// Admission under races: limits hold exactly, an idempotency key is one job, a refusal leaves nothing behind.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { unstartedResult } from '../../queue/record.js'
import { accept, admissionOf, openLiveQueue, payloadOf, prefix } from './live-queue.js'

const live = await openLiveQueue()
const api = await live.openApi({ slots: 1, queuedJobsMax: 40 })
const other = await live.openApi({ slots: 1, queuedJobsMax: 40 })
const worker = await live.openWorker(undefined, { slots: 1 })
t.teardown(() => live.close())
const okResult = unstartedResult('ok', 'done')

t.test('a hundred at once against a limit of seven: seven wait', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      (at % 2 === 0 ? api : other).admit(
        admissionOf(payloadOf('small'), { queuedJobs: 7, runningJobs: 1 }),
      ),
    ),
  )
  const kinds = answers.map(({ kind }) => kind)
  const accepted = kinds.filter((kind) => kind === 'accepted').length
  await api.feed()
  t.equal(await live.look.scard(`${prefix}inflight:small`), 1, 'one is handed over, by the cap')
  t.equal(await live.look.zcard(`${prefix}waiting:small`), accepted - 1)
  t.ok(accepted === 7 || accepted === 8, 'seven wait, and an eighth once the first is handed over')
  t.equal(kinds.filter((kind) => kind === 'tenant-queue-full').length, 100 - accepted)
  t.match(
    answers.find(({ kind }) => kind === 'tenant-queue-full'),
    { retryAfterSeconds: Number },
  )
})

t.test('the queue as a whole has a limit too', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 80 }, (_, at) =>
      api.admit(admissionOf(payloadOf(`tenant-${at}`), { runningJobs: 1 })),
    ),
  )
  t.ok(answers.some(({ kind }) => kind === 'queue-full'))
  t.ok((await api.depth()).waiting <= 40)
  for (const key of await live.look.keys(`${prefix}waiting:*`))
    for (const id of await live.look.zrange(key, '0', '-1'))
      await api.cancel(key.slice(`${prefix}waiting:`.length), id)
  t.equal((await api.depth()).waiting, 0)
})

t.test('who has filled the queue keeps nobody out of whom no job waits', async (t) => {
  const kindOf = async (tenant: string): Promise<string> =>
    (await api.admit(admissionOf(payloadOf(tenant), { runningJobs: 1 }))).kind
  const kinds: string[] = []
  for (let at = 0; at < 60; at++) kinds.push(await kindOf('filler'))
  t.equal((await api.depth()).waiting, 36, 'all but a tenth')
  t.equal(kinds.lastIndexOf('accepted'), kinds.indexOf('queue-full') - 1)
  for (const tenant of ['first', 'second', 'third', 'fourth'])
    t.equal(await kindOf(tenant), 'accepted', tenant)
  t.equal(await kindOf('first'), 'queue-full', 'a second job is none of the reserve')
  t.equal(await kindOf('fifth'), 'queue-full', 'and all has an end')
  for (const key of await live.look.keys(`${prefix}waiting:*`))
    for (const id of await live.look.zrange(key, '0', '-1'))
      await api.cancel(key.slice(`${prefix}waiting:`.length), id)
})

t.test('fifty at once with one idempotency key are one job', async (t) => {
  const idempotency = { key: 'same', requestDigest: 'd1' }
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      (at % 2 === 0 ? api : other).admit(admissionOf(payloadOf('once'), { idempotency })),
    ),
  )
  t.equal(answers.filter(({ kind }) => kind === 'accepted').length, 1)
  t.equal(answers.filter(({ kind }) => kind === 'repeated').length, 49)
  t.equal(new Set(answers.map((answer) => ('jobId' in answer ? answer.jobId : ''))).size, 1)
  const changed = { key: 'same', requestDigest: 'd2' }
  t.equal(
    (await api.admit(admissionOf(payloadOf('once'), { idempotency: changed }))).kind,
    'conflict',
  )
  t.equal(
    (await api.admit(admissionOf(payloadOf('another'), { idempotency: changed }))).kind,
    'accepted',
    'a key is a tenant’s own',
  )
})

t.test('a repeat through another api process hears of the end as well', async (t) => {
  const idempotency = { key: 'told', requestDigest: 'd' }
  const first = await accept(api, 'told', { idempotency })
  const here = api.whenFinished(first)
  const there = other.whenFinished(first)
  const again = await other.admit(admissionOf(payloadOf('told'), { idempotency }))
  t.match(again, { kind: 'repeated', jobId: first })
  const started = await worker.start(first)
  if (started.kind !== 'run') throw new Error(started.kind)
  t.ok(await worker.commit(first, started.attempt, okResult))
  await Promise.all([here.promise, there.promise])
  t.match(await other.read('told', first), { state: 'finished', outcome: 'ok', attempts: 1 })
})

t.test(
  'a job that is refused leaves no blob, an accepted one leaves it until it ends',
  async (t) => {
    const blobs = (): string[] => readdirSync(join(live.directory, 'blobs', 'large'))
    const source = 'x'.repeat(200_000)
    const limits = { queuedJobs: 2, runningJobs: 1 }
    const first = await accept(api, 'large', { source, ...limits })
    const second = await accept(api, 'large', { source, ...limits })
    const refused = await api.admit(admissionOf(payloadOf('large', source), limits))
    t.equal(refused.kind, 'tenant-queue-full')
    t.equal(blobs().length, 2)
    const started = await worker.start(first)
    if (started.kind !== 'run') throw new Error(started.kind)
    const opened = await worker.open(first, started.fields)
    t.equal(opened.spec.source, source)
    await worker.commit(first, started.attempt, okResult)
    await api.cancel('large', second)
    while (blobs().length > 0) await new Promise(setImmediate)
    t.pass('both are gone')
  },
)

t.test('a stranger sees nothing and cancels nothing', async (t) => {
  const id = await accept(api, 'owner')
  t.equal(await api.read('stranger', id), null)
  t.equal(await api.cancel('stranger', id), 'unknown')
  t.equal(await api.events('stranger', id, null, new AbortController().signal), null)
  t.match(await api.read('owner', id), { state: 'queued', attempts: 0 })
})

t.test('the worker’s access list keeps it from key records', async (t) => {
  await live.look.set('stockade:key:abc', 'secret')
  await t.rejects(worker.redis.get('stockade:key:abc'), /NOPERM/)
  await t.rejects(worker.redis.keys('*'), /NOPERM/)
  await t.rejects(worker.redis.flushall(), /NOPERM/)
  t.equal(await api.redis.get('stockade:key:abc'), 'secret')
})
