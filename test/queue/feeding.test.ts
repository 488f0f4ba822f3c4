// The feeder: fair over tenants, within caps, and without loss when it dies between taking a job and handing it over.
import { Queue } from 'bullmq'
import t from 'tap'
import { feed, feedingOf } from '../../queue/feed.js'
import { bullPrefix, queueName } from '../../queue/keys.js'
import { unstartedResult } from '../../queue/record.js'
import { accept, openLiveQueue, prefix } from './live-queue.js'

const live = await openLiveQueue()
// Neither store feeds by its own clock here: the one api store is asked to, and the slots are given.
const api = await live.openApi({ slots: 1 })
const worker = await live.openWorker(undefined, { slots: 1 })
const queue = new Queue(queueName, { connection: live.look, prefix: bullPrefix })
t.teardown(async () => {
  await queue.close()
  await live.close()
})
const done = unstartedResult('ok', 'done')
const feeding = feedingOf({ slots: 1, lockMs: 1000 })

/** Runs every job that is handed over, in the order of BullMQ's queue, until none is left; gives the order. */
async function drainInOrder(whileItRuns: () => void = () => undefined): Promise<string[]> {
  const order: string[] = []
  for (;;) {
    await feed(live.look, feeding)
    const id = await live.look.rpop(`${bullPrefix}:${queueName}:wait`)
    if (id === null) return order
    await queue.remove(id)
    const started = await worker.start(id)
    if (started.kind !== 'run') continue
    order.push(started.fields.get('tenant') ?? '')
    whileItRuns()
    await worker.commit(id, started.attempt, done)
  }
}

t.test('a tenant with a hundred jobs does not hold up one with three', async (t) => {
  for (let at = 0; at < 100; at++) await accept(api, 'greedy')
  for (let at = 0; at < 3; at++) await accept(api, 'modest')
  // Each job takes as long as another: fair is what is held of the slots, not how many ran.
  const real = Date.now
  let now = real()
  Date.now = () => now
  const order = await drainInOrder(() => {
    now += 10
  }).finally(() => {
    Date.now = real
  })
  t.equal(order.length, 103)
  const last = order.lastIndexOf('modest')
  t.ok(last <= 1 + 2 * 3, `the last of the three was number ${last + 1}`)
})

t.test('priority orders a tenant’s own jobs, arrival those of one priority', async (t) => {
  const blocker = await accept(api, 'ordered', { runningJobs: 1 })
  const ids: string[] = []
  for (const priority of [9, 5, 0, 5])
    ids.push(await accept(api, 'ordered', { priority, runningJobs: 1 }))
  t.same(await live.look.zrange(`${prefix}waiting:ordered`, '0', '-1'), [
    ids[2],
    ids[1],
    ids[3],
    ids[0],
  ])
  t.equal(await live.look.sismember(`${prefix}inflight:ordered`, blocker), 1)
  await drainInOrder()
})

t.test('no more of a tenant’s jobs are in flight than its grant allows', async (t) => {
  for (let at = 0; at < 10; at++) await accept(api, 'capped', { runningJobs: 2 })
  await feed(live.look, feedingOf({ slots: 8, lockMs: 1000 }))
  t.equal(await live.look.scard(`${prefix}inflight:capped`), 2)
  t.equal(await live.look.zscore(`${prefix}tenants`, 'capped'), null, 'it is not looked at')
  const order = await drainInOrder()
  t.equal(order.filter((tenant) => tenant === 'capped').length, 10, 'all ran in the end')
})

t.test('a hundred tenants at their caps do not starve another', async (t) => {
  for (let at = 0; at < 100; at++)
    for (let turn = 0; turn < 2; turn++) await accept(api, `stuck-${at}`, { runningJobs: 1 })
  await accept(api, 'free')
  const order = await drainInOrder()
  t.ok(order.includes('free'))
  t.equal(order.length, 201)
})

t.test('a death between taking a job and handing it over loses nothing', async (t) => {
  const ids = new Set<string>()
  for (let at = 0; at < 5; at++) ids.add(await accept(api, 'gap'))
  // Whatever was given to BullMQ is taken away again, as if the feeder had died before giving it.
  await queue.obliterate({ force: true })
  for (const id of ids) await live.look.zadd(`${prefix}handover`, 'XX', 1, id)
  t.same(new Set(await drainInOrder()), new Set(['gap']))
  for (const id of ids) t.match(await api.read('gap', id), { state: 'finished', attempts: 1 })
})

t.test('handing over twice runs once', async (t) => {
  const id = await accept(api, 'twice')
  for (let turn = 0; turn < 3; turn++) {
    await live.look.zadd(`${prefix}handover`, 'XX', 1, id)
    await feed(live.look, feeding)
  }
  t.same(await drainInOrder(), ['twice'])
})

t.test('a running job that BullMQ has forgotten is found again', async (t) => {
  const id = await accept(api, 'orphan')
  await worker.start(id)
  await queue.obliterate({ force: true })
  await live.look.zadd(`${prefix}running`, 'XX', 1, id)
  await live.makeHeard(0)
  await feed(live.look, feeding)
  t.same(await queue.getJobs(['waiting']), [], 'not while its worker may have been out of reach')
  await live.makeHeard(5000)
  await feed(live.look, feeding)
  t.same(await queue.getJobs(['waiting']).then((jobs) => jobs.map((job) => job.id)), [id])
  t.match(await worker.start(id), { kind: 'run', attempt: 2 })
  await worker.commit(id, 2, done)
  await queue.obliterate({ force: true })
})

t.test('a job is in BullMQ’s hands in the same step as it is admitted', async (t) => {
  const id = await accept(api, 'step')
  const job = await queue.getJob(id)
  t.match(job, { id, name: 'job', opts: { attempts: 1 } })
  t.equal(await job?.getState(), 'waiting', 'and BullMQ reads it as one of its own')
  t.same(await drainInOrder(), ['step'])
})

t.test('the end of a job hands over the next, with nobody feeding', async (t) => {
  const first = await accept(api, 'chain', { runningJobs: 1 })
  const second = await accept(api, 'chain', { runningJobs: 1 })
  const started = await worker.start(first)
  t.equal(await queue.getJob(second), undefined, 'the cap holds it back')
  if (started.kind === 'run') await worker.commit(first, started.attempt, done)
  t.equal(await (await queue.getJob(second))?.getState(), 'waiting')
  await queue.remove(first)
  t.same(await drainInOrder(), ['chain'])
})

t.test('what BullMQ refuses undoes nothing of ours, and is handed over again', async (t) => {
  const { look } = live
  const wait = `${bullPrefix}:${queueName}:wait`
  await look.del(wait)
  await look.set(wait, 'no list')
  const id = await accept(api, 'refused')
  t.match(await api.read('refused', id), { state: 'queued' }, 'admitted all the same')
  t.ok(await look.zscore(`${prefix}handover`, id), 'and stays where the feeder looks')
  await look.del(wait, `${bullPrefix}:${queueName}:${id}`)
  await look.zadd(`${prefix}handover`, 'XX', 1, id)
  t.same(await drainInOrder(), ['refused'])
})

t.test('who cancels what was handed over, again and again, gains no more room', async (t) => {
  const wait = `${bullPrefix}:${queueName}:wait`
  await drainInOrder()
  for (let at = 0; at < 50; at++) await api.cancel('fickle', await accept(api, 'fickle'))
  const handed = await live.look.llen(wait)
  t.ok(handed <= 2, `${handed} of fifty lie before the next job`)
  const next = await accept(api, 'patient')
  t.same(await drainInOrder(), ['patient'], 'what was cancelled is passed over')
  t.match(await api.read('patient', next), { outcome: 'ok' })
  t.equal(await live.look.scard(`${prefix}shallow`), 0, 'and every place is given back')
  t.equal(await live.look.zcard(`${prefix}handover`), 0)
})

t.test('jobs that were given back for a while hold nobody’s room', async (t) => {
  await drainInOrder()
  const wait = `${bullPrefix}:${queueName}:wait`
  const resting: string[] = []
  for (let at = 0; at < 5; at++) resting.push(await accept(api, 'early'))
  const rest = { delayMs: 3_600_000, reason: 'unharmed' } as const
  for (let at = 0; at < resting.length; at++) {
    const id = (await live.look.rpop(wait)) ?? ''
    await queue.remove(id)
    const started = await worker.start(id)
    if (started.kind !== 'run') throw new Error(started.kind)
    t.equal(id, resting[at], 'each in the step that gives the one before it back')
    await worker.release(id, started.attempt, rest)
  }
  t.match(await api.depth(), { handedOver: 0, resting: 5, waiting: 0 })
  for (let at = 0; at < 3; at++) await accept(api, 'punctual')
  t.same(await drainInOrder(), Array(3).fill('punctual'), 'all others go on')
  t.match(await api.read('early', resting[0] ?? ''), { state: 'queued', attempts: 0 })
})

t.test('when they are due they wait in turn, where they stood before', async (t) => {
  const resting = await live.look.zrange(`${prefix}resting`, '0', '-1')
  const newer = await accept(api, 'early', { runningJobs: 1 })
  t.same(await live.look.zrange(`${prefix}waiting:early`, '0', '-1'), [newer], 'its cap is used')
  const other = await accept(api, 'punctual')
  for (const id of resting) await live.look.zadd(`${prefix}resting`, 'XX', 1, id)
  await feed(live.look, feeding)
  t.match(await api.depth(), { handedOver: 1, resting: 0 }, 'no more than there is room for')
  const left = await live.look.zrange(`${prefix}waiting:early`, '0', '-1')
  t.equal(left.at(-1), newer, 'before what came later')
  const order = await drainInOrder()
  t.same([...order].sort(), [...Array(6).fill('early'), 'punctual'])
  t.ok(order.indexOf('punctual') <= 2, 'and they are a tenant like others in the race')
  for (const id of [...resting, newer])
    t.match(await api.read('early', id), { outcome: 'ok', attempts: 1 })
  t.match(await api.read('punctual', other), { outcome: 'ok' })
})
