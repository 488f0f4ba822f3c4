// Bytes are counted as they are, whatever happens to a job; shares of them bound what waits and what is kept; and a Redis at its limit
// lets running jobs end, takes no new ones, and takes them again by itself.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RunResult } from '../../contract/result.js'
import { byteKinds } from '../../queue/depth.js'
import { retire } from '../../queue/retire.js'
import { shed } from '../../queue/shed.js'
import { okResult } from '../api/run-result.js'
import { accept, admissionOf, openLiveQueue, payloadOf, prefix } from './live-queue.js'
import { whenReady } from './live-redis.js'

const live = await openLiveQueue()
const api = await live.openApi({ slots: 2 })
const worker = await live.openWorker(undefined, { slots: 2 })
t.teardown(() => live.close())

const plenty = { all: 1e12, tenant: 1e12 }
const noLimits = { queued: plenty, blob: plenty, finished: plenty, output: plenty, event: plenty }

type Sums = Map<string, number>

/** Fields of a job's hash that are counted, by kind. */
const fieldsByKind = {
  queued: 'queuedBytes',
  blob: 'blobBytes',
  finished: 'keptBytes',
  output: 'outputBytes',
  event: 'eventBytes',
} as const

/** Kind and tenant → bytes, counted again from every record that there is. Output counts when the job has ended. */
async function recount(): Promise<Sums> {
  const sums: Sums = new Map()
  for (const key of await live.look.keys(`${prefix}job:*`)) {
    const job = await live.look.hgetall(key)
    for (const kind of byteKinds) {
      const bytes = Number(job[fieldsByKind[kind]] ?? 0)
      if (bytes === 0 || (kind === 'output' && job.state !== 'finished')) continue
      for (const name of [kind, `${kind} ${job.tenant}`])
        sums.set(name, (sums.get(name) ?? 0) + bytes)
    }
  }
  return sums
}

async function counted(): Promise<Sums> {
  const sums: Sums = new Map()
  for (const kind of byteKinds) {
    const all = Number((await live.look.get(`${prefix}${kind}-bytes`)) ?? 0)
    if (all !== 0) sums.set(kind, all)
    const by = await live.look.zrange(`${prefix}${kind}-bytes-by`, '0', '-1', 'WITHSCORES')
    for (let at = 0; at < by.length; at += 2) sums.set(`${kind} ${by[at]}`, Number(by[at + 1]))
  }
  return sums
}

const byName = (sums: Sums): [string, number][] => [...sums].sort(([a], [b]) => (a < b ? -1 : 1))

async function sumsAreRight(t: Test, when: string): Promise<void> {
  t.same(byName(await counted()), byName(await recount()), when)
}

/** A result with one file of so many bytes, and a text of so many. */
function resultWith(text: string, fileBytes: number): RunResult {
  const [step] = okResult.steps
  if (step === undefined) throw new Error('there is no step')
  const stderr = { digest: 'ab'.repeat(32), bytes: fileBytes }
  return { ...okResult, steps: [{ ...step, stdout: text, ...(fileBytes > 0 ? { stderr } : {}) }] }
}

async function begin(id: string): Promise<number> {
  const started = await worker.start(id)
  if (started.kind !== 'run') throw new Error(`the job is ${started.kind}`)
  return started.attempt
}

async function runOne(tenant: string, text = 'x', fileBytes = 0, source = 'true'): Promise<string> {
  const id = await accept(api, tenant, { source })
  await worker.commit(id, await begin(id), resultWith(text, fileBytes))
  return id
}

const large = 'x'.repeat(200_000)
const piece = { name: 'stdout' as const, data: JSON.stringify({ step: 'run', base64: 'eA==' }) }

t.test('the sums are what a recount gives, after every transition', async (t) => {
  const waiting = await accept(api, 'one', { source: large })
  await accept(api, 'two')
  await sumsAreRight(t, 'two wait, one with a blob')
  const attempt = await begin(waiting)
  await worker.tell(waiting, [piece, piece], attempt)
  await sumsAreRight(t, 'one runs and tells')
  await worker.release(waiting, attempt, { delayMs: 0, reason: 'fault' })
  await sumsAreRight(t, 'given back')
  const again = await begin(waiting)
  await worker.commit(waiting, again, resultWith('text', 50_000), [piece])
  await worker.commit(waiting, again, resultWith('text', 50_000), [piece])
  await sumsAreRight(t, 'ended, and told so twice')
  const cancelled = await accept(api, 'one', { source: large })
  await api.cancel('one', cancelled)
  await api.cancel('one', cancelled)
  const late = await accept(api, 'two', { lifeMs: 1 })
  while ((await api.read('two', late))?.state !== 'finished') await new Promise(setImmediate)
  await sumsAreRight(t, 'cancelled and expired')
  const deadly = await accept(api, 'two', { source: large })
  for (let turn = 0; turn < 3; turn++) await worker.start(deadly)
  await sumsAreRight(t, 'quarantined with its blob')
  const sums = await counted()
  for (const kind of byteKinds) t.ok((sums.get(kind) ?? 0) > 0, `some ${kind} bytes`)
})

t.test('and after Redis was killed in the middle of many of them', async (t) => {
  const works = Array.from({ length: 60 }, (_, at) => runOne(`cut-${at % 3}`, 'y', at * 10))
  await Promise.race(works)
  await live.killRedis()
  await live.startRedis()
  await whenReady(worker.redis)
  while (!api.healthy()) await new Promise(setImmediate)
  await Promise.allSettled(works)
  await sumsAreRight(t, 'whatever was written is counted')
})

t.test('when all are retired, nothing is left of any sum', async (t) => {
  for (const key of await live.look.keys(`${prefix}job:*`)) {
    const { tenant = '', state } = await live.look.hgetall(key)
    const id = key.slice(`${prefix}job:`.length)
    if (state === 'queued') await api.cancel(tenant, id)
    if (state === 'running')
      await worker.commit(id, Number(await live.look.hget(key, 'attempt')), okResult)
  }
  await retire(live.look, { keepMs: -1000, keepJobs: 0 })
  await shed(live.look, { ...noLimits, finished: { all: 0, tenant: 0 } }, false)
  t.same(await live.look.keys(`${prefix}job:*`), [])
  t.same(byName(await counted()), [])
  for (const name of ['told', 'outputs', 'finished', 'quarantine'])
    t.same(await live.look.keys(`${prefix}${name}:*`), [], name)
})

t.test('waiting bytes: a tenant’s own limit and that of all, exactly', async (t) => {
  const tight = await live.openApi({
    slots: 1,
    queuedTenantBytesMax: 10_000,
    queuedBytesMax: 25_000,
  })
  const send = (tenant: string) =>
    tight.admit(admissionOf(payloadOf(tenant, 'x'.repeat(2000)), { runningJobs: 1 }))
  const kinds: string[] = []
  for (let at = 0; at < 3; at++) kinds.push((await send('tight')).kind)
  t.same(kinds, ['accepted', 'tenant-queue-full', 'tenant-queue-full'])
  t.match(await send('tight'), { of: 'bytes', retryAfterSeconds: Number })
  for (const tenant of ['b', 'c']) t.equal((await send(tenant)).kind, 'accepted')
  while ((await send('d')).kind === 'accepted');
  t.match(await send('e'), { kind: 'queue-full', of: 'bytes' })
  for (const key of await live.look.keys(`${prefix}job:*`)) {
    const tenant = (await live.look.hget(key, 'tenant')) ?? ''
    await api.cancel(tenant, key.slice(`${prefix}job:`.length))
  }
  t.equal((await send('tight')).kind, 'accepted', 'and there is room again')
})

t.test(
  'blobs on the disk have limits of their own, asked before anything is written',
  async (t) => {
    const tight = await live.openApi({ slots: 1, queuedTenantBlobBytesMax: 500_000 })
    const send = (idempotency: { key: string; requestDigest: string } | null = null) =>
      tight.admit(admissionOf(payloadOf('blobs', large), { runningJobs: 1, idempotency }))
    const idempotency = { key: 'k', requestDigest: 'd' }
    t.equal((await send(idempotency)).kind, 'accepted')
    t.equal((await send()).kind, 'accepted')
    t.match(await send(), { kind: 'tenant-queue-full', of: 'bytes' })
    t.equal((await send(idempotency)).kind, 'repeated', 'a repeat needs no room')
    t.ok(existsSync(join(live.directory, 'blobs', 'blobs')))
  },
)

t.test(
  'kept bytes: the oldest of the tenant that is over its share, then the oldest of all',
  async (t) => {
    const small = await runOne('small')
    const big: string[] = []
    for (let at = 0; at < 5; at++) big.push(await runOne('big', 'z'.repeat(10_000)))
    const kept = Number(await live.look.hget(`${prefix}job:${big[0]}`, 'keptBytes'))
    const over = await shed(
      live.look,
      { ...noLimits, finished: { all: 1e12, tenant: 2.5 * kept } },
      false,
    )
    t.match(over, { shares: 3, memory: 0 })
    t.same(await Promise.all(big.map(async (id) => (await api.read('big', id)) !== null)), [
      ...[false, false, false, true, true],
    ])
    t.ok(await api.read('small', small), 'the other tenant’s, older than those, is untouched')
    await shed(live.look, { ...noLimits, finished: { all: kept, tenant: 1e12 } }, false)
    t.equal(await api.read('small', small), null, 'then the oldest of all')
    t.ok(await api.read('big', big[4] ?? ''))
    await sumsAreRight(t, 'the sums follow')
  },
)

t.test('output bytes: only jobs that have files go for them, and the files go after', async (t) => {
  const plain = await runOne('files')
  const ids: string[] = []
  for (let at = 0; at < 3; at++) {
    const id = await accept(api, 'files')
    const writer = worker.outputs.create('files', id)
    writer.write(Buffer.alloc(100_000))
    const file = await writer.finish()
    const attempt = await begin(id)
    await worker.commit(id, attempt, resultWith('', file.bytes))
    ids.push(id)
  }
  const folder = (id: string): string => join(live.directory, 'outputs', 'files', id)
  for (const id of ids) t.ok(existsSync(folder(id)))
  await shed(live.look, { ...noLimits, output: { all: 250_000, tenant: 1e12 } }, false)
  t.ok(await api.read('files', plain))
  t.equal(await api.read('files', ids[0] ?? ''), null)
  while (existsSync(folder(ids[0] ?? ''))) await new Promise(setImmediate)
  t.ok(existsSync(folder(ids[1] ?? '')))
})

t.test('events go before results do', async (t) => {
  const id = await accept(api, 'told')
  const attempt = await begin(id)
  await worker.tell(
    id,
    Array.from({ length: 50 }, () => piece),
    attempt,
  )
  await worker.commit(id, attempt, okResult)
  const gone = await shed(live.look, { ...noLimits, event: { all: 0, tenant: 0 } }, false)
  t.match(gone, { shares: 0, memory: 0 })
  t.equal(await live.look.exists(`${prefix}events:${id}`), 0)
  t.match(await api.read('told', id), { outcome: 'ok' })
  const events = await api.events('told', id, null, new AbortController().signal)
  for await (const event of events ?? []) t.fail(`there is ${event.name}`)
  await sumsAreRight(t, 'the sums follow')
})

async function usedMemory(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await live.look.info('memory'))?.[1])
}

t.test(
  'Redis at its limit: what runs ends, nothing is taken, and it goes on by itself',
  async (t) => {
    const idle = await usedMemory()
    const running = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const id = await accept(api, 'limit')
        return { id, attempt: await begin(id), finished: api.whenFinished(id) }
      }),
    )
    const cancelled = await accept(api, 'limit', { runningJobs: 1 })
    for (let at = 0; at < 300; at++) await runOne('ballast', 'w'.repeat(15_000))
    // No housekeeping in between: an api process that never looks would be as this moment is.
    const full = await usedMemory()
    await live.look.config('SET', 'maxmemory', full - 1000)
    await t.rejects(live.look.set('more', 'x'.repeat(10_000)), /OOM/, 'it is at its limit')
    for (const { id, attempt, finished } of running.slice(0, 4)) {
      t.ok(await worker.commit(id, attempt, resultWith('v'.repeat(10_000), 0), [piece]))
      await finished.promise
      t.match(await api.read('limit', id), { outcome: 'ok', attempts: 1 })
    }
    const [last] = running.slice(4)
    if (last === undefined) throw new Error('there is no last one')
    const held = { delayMs: 0, reason: 'unharmed' as const }
    t.equal(await worker.release(last.id, last.attempt, held), 'released')
    t.equal(await api.cancel('limit', cancelled), 'cancelled')
    const refused = await api.admit(admissionOf(payloadOf('limit', large)))
    t.match(refused, { kind: /store-full|accepted/ })
    let answer = await api.admit(admissionOf(payloadOf('limit')))
    while (answer.kind !== 'accepted') {
      t.match(answer, { kind: 'store-full', retryAfterSeconds: Number })
      await new Promise((resolve) => setImmediate(resolve))
      answer = await api.admit(admissionOf(payloadOf('limit')))
    }
    t.ok((await usedMemory()) < full, `${idle} idle, ${full} full, ${await usedMemory()} now`)
    t.match(await api.read('limit', last.id), { state: 'queued' })
    await live.look.config('SET', 'maxmemory', 0)
    await sumsAreRight(t, 'the sums follow')
  },
)

t.test('a large job that Redis refuses after its blob was written leaves none', async (t) => {
  const sender = await live.openApi({ slots: 1 })
  // Its first look at Redis is over, its next one some time away: only Redis itself can refuse.
  t.equal((await sender.admit(admissionOf(payloadOf('refused')))).kind, 'accepted')
  await live.look.config('SET', 'maxmemory', 1)
  const refused = await sender.admit(admissionOf(payloadOf('refused', large)))
  t.match(refused, { kind: 'store-full' })
  t.same(readdirSync(join(live.directory, 'blobs', 'refused')), [], 'written, and removed')
  t.match(await sender.admit(admissionOf(payloadOf('other', large))), { kind: 'store-full' })
  t.notOk(existsSync(join(live.directory, 'blobs', 'other')), 'then known before it is written')
  await live.look.config('SET', 'maxmemory', 0)
})
