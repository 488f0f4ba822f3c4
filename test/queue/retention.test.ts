// What is kept and for how long: finished jobs by number and age, quarantined ones for the operator, lists by page.
import t from 'tap'
import { openBlobStore } from '../../queue/blob-store.js'
import { unstartedResult } from '../../queue/record.js'
import { retire, sweepLitter } from '../../queue/retire.js'
import { accept, openLiveQueue, prefix } from './live-queue.js'

const live = await openLiveQueue()
const api = await live.openApi({ slots: 1 })
const worker = await live.openWorker(undefined, { slots: 1 })
t.teardown(() => live.close())
const hourMs = 3_600_000

async function runOne(tenant: string): Promise<string> {
  const id = await accept(api, tenant)
  const started = await worker.start(id)
  if (started.kind !== 'run') throw new Error(started.kind)
  await worker.commit(id, started.attempt, unstartedResult('ok', 'done'))
  return id
}

t.test('by number: the oldest go, with every key of theirs', async (t) => {
  const ids: string[] = []
  for (let at = 0; at < 15; at++) {
    const id = await runOne('kept')
    await live.look.zadd(`${prefix}finished`, 'XX', Date.now() - 15 + at, id)
    ids.push(id)
  }
  t.equal(await retire(live.look, { keepMs: hourMs, keepJobs: 10 }), 5)
  for (const [at, id] of ids.entries())
    t.equal((await api.read('kept', id)) === null, at < 5, `number ${at}`)
  const [first = ''] = ids
  t.equal(await live.look.exists(`${prefix}events:${first}`), 0)
  t.equal((await api.list('kept', { limit: 100 })).jobs.length, 10)
})

t.test('by age', async (t) => {
  const id = await runOne('aged')
  await live.look.zadd(`${prefix}finished`, 'XX', Date.now() - 2 * hourMs, id)
  t.equal(await retire(live.look, { keepMs: hourMs, keepJobs: 1000 }), 1)
  t.equal(await api.read('aged', id), null)
})

t.test('a quarantined job outlives both', async (t) => {
  const id = await accept(api, 'deadly')
  for (let turn = 0; turn < 3; turn++) await worker.start(id)
  t.match(await api.read('deadly', id), { outcome: 'sandbox-error' })
  await live.look.zadd(`${prefix}quarantine`, 'XX', 1, id)
  await retire(live.look, { keepMs: 0, keepJobs: 0 })
  t.match(await api.read('deadly', id), { state: 'finished' })
})

t.test('and goes when the operator has had time to look', async (t) => {
  const id = await accept(api, 'deadly')
  for (let turn = 0; turn < 3; turn++) await worker.start(id)
  const kept = { keepMs: hourMs, keepJobs: 1000, quarantineKeepMs: 2 * hourMs }
  await live.look.zadd(`${prefix}quarantine`, 'XX', Date.now() - hourMs, id)
  await retire(live.look, kept)
  t.match(await api.read('deadly', id), { state: 'finished' })
  await live.look.zadd(`${prefix}quarantine`, 'XX', Date.now() - 3 * hourMs, id)
  await retire(live.look, kept)
  t.equal(await api.read('deadly', id), null)
  t.same(await live.look.zrange(`${prefix}quarantine`, '0', '-1'), [])
  for (const sum of ['quarantined', 'finished'])
    t.equal(await live.look.zscore(`${prefix}${sum}-bytes-by`, 'deadly'), null, sum)
})

t.test('an idempotency key whose job is gone is free again', async (t) => {
  const idempotency = { key: 'k', requestDigest: 'd' }
  const first = await accept(api, 'freed', { idempotency })
  await api.cancel('freed', first)
  await retire(live.look, { keepMs: -hourMs, keepJobs: 0 })
  t.not(await accept(api, 'freed', { idempotency }), first)
})

t.test('pages do not overlap, miss nothing, and take no foreign cursor', async (t) => {
  const ids = new Set<string>()
  for (let at = 0; at < 25; at++) ids.add(await accept(api, 'pages'))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await api.list('pages', { limit: 7, ...(cursor === undefined ? {} : { cursor }) })
    seen.push(...page.jobs.map(({ id }) => id))
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  t.equal(seen.length, 25)
  t.same(new Set(seen), ids)
  await t.rejects(api.list('pages', { limit: 7, cursor: 'bm9uZQ' }), /not a cursor/)
})

t.test('litter leaves its list only when it is gone from the disk', async (t) => {
  const blobs = openBlobStore(live.settings('api').blobDirectory)
  const digest = await blobs.put('litter', Buffer.from('sealed'))
  await live.look.sadd(`${prefix}litter`, `litter/${digest}`, 'litter/../../x')
  const failing = { ...blobs, remove: () => Promise.reject(new Error('no disk')) }
  await t.rejects(sweepLitter(live.look, failing), /no disk/)
  t.equal(await live.look.sismember(`${prefix}litter`, `litter/${digest}`), 1)
  await sweepLitter(live.look, blobs)
  t.notOk(await blobs.has('litter', digest))
  t.equal(await live.look.scard(`${prefix}litter`), 0, 'a name that is none is dropped')
})
