// Real worker processes, killed, drained and cut off; the launcher is the fake one, so that the test decides how long runs last.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { frameTypes } from '../../contract/launch.js'
import { openSealer } from '../../queue/seal.js'
import { freePort } from '../free-port.js'
import { openLiveQueue, prefix } from '../queue/live-queue.js'
import { type FakeStep, openFakeLauncher } from './fake-launcher.js'
import { commandPayload, startWorker, submit, writeImages } from './live-worker.js'

const live = await openLiveQueue()
writeImages(live)
const socket = join(live.directory, 'launcher.sock')

/** Runs end at once, but for those of /bin/sleep, which end when they are told to. */
function act(step: FakeStep): void {
  step.started()
  if (step.argv[0] !== '/bin/sleep') {
    step.send(frameTypes.stdout, Buffer.from(`${step.argv.join(' ')}\n`))
    step.finished()
    return
  }
  step.cancelled.then((word) =>
    step.finished({ ended: 'signalled', signal: 9, reason: word as 'cancelled' | 'drain' }),
  )
}
t.setTimeout(120_000)
let launcher = await openFakeLauncher(socket, act)
const api = await live.openApi({ slots: 2, lockMs: 1000 })
t.teardown(async () => {
  await launcher.close()
  await live.close()
})
const quick = ['/bin/echo', 'hi']
const slow = ['/bin/sleep', '1000']

t.test('two hundred jobs and two workers, one killed in the middle: each ends once', async (t) => {
  const first = await startWorker(live)
  const second = await startWorker(live)
  const ends: string[] = []
  const jobs = await Promise.all(
    Array.from({ length: 200 }, async (_, at) => {
      const job = await submit(api, commandPayload(`many-${at % 5}`, quick))
      job.finished.then(({ id }) => {
        ends.push(id)
        if (ends.length === 60) first.kill('SIGKILL')
      })
      return job
    }),
  )
  const finished = await Promise.all(jobs.map((job) => job.finished))
  t.equal(await first.ended, 'SIGKILL')
  t.equal(finished.filter(({ outcome }) => outcome === 'ok').length, 200)
  t.equal(new Set(ends).size, 200)
  t.equal(ends.length, 200, 'nobody was told twice')
  t.match(finished[0], {
    stdout: '/bin/echo hi\n',
    exitCode: 0,
    isolation: { imageDigest: String },
    receipt: { payload: String, signatures: [{ keyid: String, sig: String }] },
  })
  second.kill('SIGTERM')
  t.equal(await second.ended, 0)
})

t.test('a job that takes its worker with it twice is quarantined', async (t) => {
  const job = await submit(api, commandPayload('deadly', slow), { attemptsMax: 9 })
  for (let death = 0; death < 2; death++) {
    const worker = await startWorker(live)
    await launcher.nextStep('/bin/sleep')
    worker.kill('SIGKILL')
    await worker.ended
  }
  const worker = await startWorker(live)
  t.match(await job.finished, {
    outcome: 'sandbox-error',
    cause: { stage: 'worker-lost' },
    attempts: 2,
  })
  t.equal((await api.depth()).quarantined, 1)
  t.match((await (await submit(api, commandPayload('deadly', quick))).finished).outcome, 'ok')
  worker.kill('SIGTERM')
  await worker.ended
})

t.test('it says where and when it is ready, and how far Redis is', async (t) => {
  const readyFile = join(live.directory, 'ready')
  const port = await freePort()
  const worker = await startWorker(live, {
    STOCKADE_WORKER_READY_FILE: readyFile,
    STOCKADE_WORKER_METRICS_ADDRESS: `127.0.0.1:${port}`,
  })
  t.equal(readFileSync(readyFile, 'utf8'), `${worker.child.pid}\n`)
  const figures = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const becomes = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(await figures())) await new Promise(setImmediate)
  }
  await becomes(/^stockade_redis_seconds_count [1-9]/m)
  await becomes(/^stockade_redis_up 1$/m)
  await live.killRedis()
  await becomes(/^stockade_redis_up 0$/m)
  await live.startRedis()
  await becomes(/^stockade_redis_up 1$/m)
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
})

t.test('a drain lets runs end, then gives them back: nothing counts as a loss', async (t) => {
  const worker = await startWorker(live, { STOCKADE_DRAIN_MS: '100' })
  const job = await submit(api, commandPayload('drained', slow))
  const step = await launcher.nextStep('/bin/sleep')
  worker.kill('SIGTERM')
  t.equal(await step.cancelled, 'drain')
  t.equal(await worker.ended, 0)
  t.match(await api.read('drained', job.id), { state: 'queued', attempts: 0 })
  t.equal(await live.look.hget(`${prefix}job:${job.id}`, 'deaths'), null)
  const next = await startWorker(live)
  const again = await launcher.nextStep('/bin/sleep')
  t.equal(await api.cancel('drained', job.id), 'cancelling')
  t.equal(await again.cancelled, 'cancelled')
  t.match(await job.finished, { outcome: 'cancelled', attempts: 1 })
  next.kill('SIGTERM')
  t.equal(await next.ended, 0)
})

t.test(
  'no launcher: nothing new is begun, nothing is lost, and it goes on by itself',
  async (t) => {
    const worker = await startWorker(live)
    await launcher.close()
    const jobs = await Promise.all(
      Array.from({ length: 10 }, () =>
        submit(api, commandPayload('away', quick), { attemptsMax: 1 }),
      ),
    )
    await worker.says('the launcher is away: no new work until it is back')
    launcher = await openFakeLauncher(socket, act)
    for (const job of jobs) t.match(await job.finished, { outcome: 'ok', attempts: 1 })
    await worker.says('the launcher is back')
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
  },
)

t.test('damaged, forged and swapped payloads end their jobs, and the worker goes on', async (t) => {
  const key = (id: string): string => `${prefix}job:${id}`
  const sealer = openSealer(join(live.directory, 'seal.key'))
  const jobs = await Promise.all(
    ['damaged', 'swapped', 'other', 'raised', 'missing', 'foreign', 'denied', 'shapeless'].map(
      async (name) => [name, await submit(api, commandPayload(`bad-${name}`, quick))] as const,
    ),
  )
  const { damaged, swapped, other, raised, missing, foreign, denied, shapeless } =
    Object.fromEntries(jobs)
  if (!damaged || !swapped || !other || !raised || !missing || !foreign || !denied || !shapeless)
    throw new Error('a job is missing')
  const sealed = Buffer.from((await live.look.hget(key(damaged.id), 'payload')) ?? '', 'base64')
  sealed[40] = (sealed[40] ?? 0) ^ 1
  await live.look.hset(key(damaged.id), 'payload', sealed.toString('base64'))
  await live.look.hset(
    key(swapped.id),
    'payload',
    (await live.look.hget(key(other.id), 'payload')) ?? '',
  )
  await live.look.hset(key(raised.id), 'grant', 'platform')
  await live.look.hdel(key(missing.id), 'payload')
  await live.look.hset(key(foreign.id), 'payload', '')
  // Whoever has the sealing key can still not skip policy, nor the schema.
  const reseal = async (id: string, tenant: string, spec: object): Promise<void> => {
    const fields = await live.look.hgetall(key(id))
    const expiresAtMs = Number(fields.expiresAt)
    const binding = { jobId: id, tenant, grant: 'untrusted', expiresAtMs }
    const body = { ...binding, grantRevision: 'r1', acceptedAtMs: 1, spec }
    const bytes = sealer.seal(Buffer.from(JSON.stringify(body)), binding)
    await live.look.hset(key(id), 'payload', bytes.toString('base64'))
  }
  await reseal(denied.id, 'bad-denied', { image: 'base', command: quick, privileged: true })
  await reseal(shapeless.id, 'bad-shapeless', { image: 'base', command: quick, surprise: 1 })
  const worker = await startWorker(live)
  for (const job of [damaged, swapped, raised, missing, foreign, shapeless])
    t.match(await job.finished, { outcome: 'sandbox-error', cause: { stage: 'damaged-payload' } })
  t.match(await denied.finished, { outcome: 'policy-denied', cause: { message: /privileged/ } })
  t.match(await other.finished, { outcome: 'ok' })
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
  const text = JSON.stringify(worker.lines)
  t.notMatch(text, /\/bin\/echo/, 'no source text in the log')
  t.match(
    worker.lines.find(({ msg }) => msg === 'finished'),
    { jobId: /^job_/, tenant: String },
  )
})

t.test('what the launcher reports is compared with the plan', async (t) => {
  await launcher.close()
  launcher = await openFakeLauncher(socket, (step) => {
    step.started({ noNewPrivileges: false })
    step.finished()
  })
  const worker = await startWorker(live)
  const job = await submit(api, commandPayload('weak', quick), { attemptsMax: 2 })
  t.match(await job.finished, {
    outcome: 'sandbox-error',
    cause: { stage: 'isolation-mismatch', message: /no_new_privs/ },
    attempts: 2,
    receipt: null,
  })
  await launcher.close()
  launcher = await openFakeLauncher(socket, (step) => {
    step.started()
    for (let at = 0; at < 2000; at++) step.send(frameTypes.stdout, Buffer.alloc(65_536, 'x'))
  })
  const flood = await submit(api, commandPayload('flood', quick), { attemptsMax: 1 })
  t.match(await flood.finished, {
    outcome: 'sandbox-error',
    cause: { stage: 'launcher-protocol', message: /bytes of output/ },
  })
  await launcher.close()
  launcher = await openFakeLauncher(socket, act)
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
})

t.test('Redis killed in the middle of jobs: all end, once, when it is back', async (t) => {
  const workers = [await startWorker(live), await startWorker(live)]
  const jobs = await Promise.all(
    Array.from({ length: 60 }, (_, at) => submit(api, commandPayload(`cut-${at % 3}`, quick))),
  )
  await Promise.race(jobs.map((job) => job.finished))
  await live.killRedis()
  while (api.healthy()) await new Promise(setImmediate)
  await t.rejects(submit(api, commandPayload('cut', quick)), /unavailable/)
  await t.rejects(api.depth(), /unavailable/)
  await live.startRedis()
  const finished = await Promise.all(jobs.map((job) => job.finished))
  t.equal(finished.filter(({ outcome }) => outcome === 'ok').length, 60)
  t.ok(api.healthy())
  for (const worker of workers) {
    worker.kill('SIGTERM')
    t.equal(await worker.ended, 0)
  }
})
