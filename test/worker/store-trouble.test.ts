// Redis away, full, or set back by somebody, under real worker processes: a job that runs goes on, and ends once.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { frameTypes } from '../../contract/launch.js'
import { openLiveQueue, prefix } from '../queue/live-queue.js'
import { whenReady } from '../queue/live-redis.js'
import { openFakeLauncher } from './fake-launcher.js'
import { commandPayload, startWorker, submit, writeImages } from './live-worker.js'

const lockMs = 1000
const live = await openLiveQueue()
writeImages(live)
const launcher = await openFakeLauncher(join(live.directory, 'launcher.sock'), (step) => {
  step.started()
  if (step.argv[0] === '/bin/echo') {
    step.send(frameTypes.stdout, Buffer.from('hi\n'))
    step.finished()
  } else
    step.cancelled.then(() => step.finished({ ended: 'signalled', signal: 9, reason: 'drain' }))
})
const api = await live.openApi({ slots: 2, lockMs })
t.teardown(async () => {
  await launcher.close()
  await live.close()
})
t.setTimeout(120_000)
const slow = ['/bin/sleep', '1000']
const field = (id: string, name: string): Promise<string | null> =>
  live.look.hget(`${prefix}job:${id}`, name)

t.test('Redis is away for longer than a lock: no run is lost, and none begun twice', async (t) => {
  const workers = [await startWorker(live), await startWorker(live)]
  const job = await submit(api, commandPayload('outage', slow), { attemptsMax: 1 })
  const step = await launcher.nextStep('/bin/sleep')
  await live.killRedis()
  await setTimeout(3 * lockMs) // The outage itself.
  await live.startRedis()
  await whenReady(api.redis)
  // BullMQ has handed it out again, and whoever got it has left it alone: its own key of the job is gone then.
  while ((await live.look.exists(`${prefix}bull:jobs:${job.id}`)) === 1) await setTimeout(50)
  t.equal(await field(job.id, 'deaths'), null)
  step.finished()
  t.match(await job.finished, { outcome: 'ok', attempts: 1 })
  for (const worker of workers) {
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
  }
})

t.test('Redis takes no writes when a job ends: its result waits', async (t) => {
  const worker = await startWorker(live)
  const job = await submit(api, commandPayload('refused', slow), { attemptsMax: 1 })
  const step = await launcher.nextStep('/bin/sleep')
  await live.look.config('SET', 'min-replicas-to-write', 1)
  step.finished()
  await worker.says('the store takes nothing; trying again')
  t.equal(await field(job.id, 'state'), 'running')
  await live.look.config('SET', 'min-replicas-to-write', 0)
  t.match(await job.finished, { outcome: 'ok', attempts: 1 })
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
})

t.test('an attempt that another one has taken over is ended', async (t) => {
  const worker = await startWorker(live)
  const job = await submit(api, commandPayload('taken', slow))
  const step = await launcher.nextStep('/bin/sleep')
  await live.look.hincrby(`${prefix}job:${job.id}`, 'attempt', 1)
  t.equal(await step.cancelled, 'drain')
  await worker.says('another attempt has taken over; this one is ended')
  t.equal(await api.cancel('taken', job.id), 'cancelling')
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
})

t.test('a job that has ended is not run again when its record is set back', async (t) => {
  const worker = await startWorker(live)
  const job = await submit(api, commandPayload('replayed', ['/bin/echo']))
  const record = await live.look.hgetall(`${prefix}job:${job.id}`)
  t.match(await job.finished, { outcome: 'ok' })
  const again = api.whenFinished(job.id)
  await live.look.del(`${prefix}job:${job.id}`)
  await live.look.hset(`${prefix}job:${job.id}`, { ...record, state: 'queued' })
  await live.look.zadd(`${prefix}handover`, 1, job.id)
  await again.promise
  t.match(await api.read('replayed', job.id), {
    outcome: 'sandbox-error',
    cause: { stage: 'damaged-payload', message: /ended here before/ },
  })
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
})

t.test('a grant that the worker does not have yet is no verdict', async (t) => {
  const worker = await startWorker(live)
  const payload = { ...commandPayload('early', ['/bin/echo']), grant: 'tomorrow' }
  const job = await submit(api, payload)
  t.match(await worker.says('given back'), { stage: 'grant-unknown', reason: 'unharmed' })
  t.equal(await api.cancel('early', job.id).then((how) => how !== 'unknown'), true)
  t.match(await job.finished, { outcome: 'cancelled', attempts: 0 })
  const late = { ...payload, jobId: `${payload.jobId.slice(0, -1)}0`, acceptedAtMs: 1 }
  const denied = await submit(api, late)
  t.match(await denied.finished, { outcome: 'policy-denied' }, 'later it is one')
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
})
