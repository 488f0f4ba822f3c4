// Batches over HTTP on a real Redis: all or nothing, every fault at its place, dependencies, cancelling, repeating.
import t from 'tap'
import type { Batch, BatchCreated } from '../../contract/batch.js'
import type { Problem } from '../../contract/error.js'
import type { Job } from '../../contract/result.js'
import { unstartedResult } from '../../queue/record.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'
import { okResult, runJob } from './run-result.js'

const redis = await openLiveRedis()
const grants = {
  'few.yaml': 'extends: ci\nqueuedJobs: 5\n',
  'slow.yaml': 'extends: ci\nsubmitsPerMinute: 4\n',
}
const api = await openLiveApi(redis, { grants })
const worker = await api.openWorker()
const key = await api.key('main', ['submit', 'read'], 'ci')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const job = (more: object = {}): object => ({ language: 'bash', source: 'true', ...more })
const send = (
  jobs: readonly object[],
  headers: Record<string, string> = {},
  by = key,
): ReturnType<typeof ask> =>
  ask(api.origin, 'POST', '/v1/batches', { key: by, body: { jobs }, headers })
const read = async (id: string, query = ''): Promise<Batch> =>
  (await ask(api.origin, 'GET', `/v1/batches/${id}${query}`, { key })).json as Batch
const readJob = async (id: string): Promise<Job> =>
  (await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key })).json as Job

async function taken(jobs: readonly object[]): Promise<BatchCreated> {
  const answer = await send(jobs)
  if (answer.status !== 202) throw new Error(answer.text)
  return answer.json as BatchCreated
}

async function countJobs(by = key): Promise<number> {
  const { jobs } = (await ask(api.origin, 'GET', '/v1/jobs?limit=100', { key: by })).json as {
    jobs: Job[]
  }
  return jobs.length
}

t.test('a pipeline: build, tests of a matrix, and an end whatever comes', async (t) => {
  const { id, jobs, total } = await taken([
    job({ name: 'build' }),
    job({
      name: 'test',
      matrix: { n: ['1', '2'] },
      source: 'echo {{matrix.n}}',
      after: [{ job: 'build' }],
    }),
    job({ name: 'report', after: [{ job: 'test', on: 'always' }] }),
  ])
  t.equal(total, 4)
  t.same(
    jobs.map(({ name }) => name),
    ['build', 'test', 'test', 'report'],
  )
  const [build = '', one = '', two = '', report = ''] = jobs.map((entry) => entry.id)
  t.match(await readJob(two), {
    labels: { 'matrix/n': '2' },
    batch: { id, name: 'test' },
    after: [{ job: build, on: 'success' }],
  })
  t.match(await read(id), {
    state: 'running',
    total: 4,
    states: { queued: 4, running: 0, finished: 0 },
    outcomes: {},
  })
  const waiting = ask(api.origin, 'GET', `/v1/batches/${id}?wait=60&limit=2`, { key })
  const started = await worker.start(build)
  if (started.kind !== 'run') throw new Error(started.kind)
  t.match(await read(id, '?limit=0'), { states: { queued: 3, running: 1, finished: 0 }, jobs: [] })
  await worker.commit(build, started.attempt, okResult)
  await runJob(worker, one)
  await runJob(worker, two, { ...okResult, ...unstartedResult('exit-nonzero', 'It failed.') })
  await runJob(worker, report)
  const answer = await waiting
  t.match(answer, {
    status: 200,
    json: { state: 'finished', outcomes: { ok: 3, 'exit-nonzero': 1 }, next: '2' },
  })
  const rest = await read(id, '?cursor=2&limit=2')
  t.same(
    rest.jobs.map((entry) => entry.id),
    [two, report],
  )
  t.equal(rest.next, null)
  t.ok(rest.finishedAt)
  t.ok((await redis.look.pttl(`stockade:{default}:batch:${id}`)) > 0, 'kept for a time')
  const stranger = await api.key('stranger')
  for (const method of ['GET', 'DELETE'])
    t.equal((await ask(api.origin, method, `/v1/batches/${id}`, { key: stranger })).status, 404)
})

t.test(
  'a fault in the seventh job refuses all, and all faults are told with their places',
  async (t) => {
    const before = await countJobs()
    const jobs = Array.from({ length: 9 }, () => job())
    jobs[6] = job({ limits: { wallMs: 1e12 }, privileged: true })
    jobs[8] = job({ matrix: { n: ['1', '2'] }, devices: ['/dev/{{matrix.n}}'] })
    const denied = await send(jobs)
    t.match(denied, { status: 403, json: { code: 'policy-denied' } })
    const { violations = [] } = denied.json as Problem
    const pointers = violations.map(({ pointer }) => pointer)
    for (const pointer of ['/jobs/6/limits/wallMs', '/jobs/6/privileged', '/jobs/8/devices/0'])
      t.ok(pointers.includes(pointer), pointer)
    t.match(
      violations.find(({ pointer }) => pointer === '/jobs/8/devices/0')?.message,
      /^With n=1: /,
    )
    jobs[6] = job({ limits: { wallMs: 'x' }, unknown: 1 })
    const wrong = await send(jobs)
    t.match(wrong, { status: 400, json: { code: 'invalid-request' } })
    const said = ((wrong.json as Problem).violations ?? []).map(({ pointer }) => pointer)
    for (const pointer of ['/jobs/6/limits/wallMs', '/jobs/6/unknown', '/jobs/8/devices/0'])
      t.ok(said.includes(pointer), pointer)
    const circle = await send([
      job({ name: 'a', after: [{ job: 'b' }] }),
      job({ name: 'b', after: [{ job: 'a' }] }),
    ])
    t.match(circle, {
      status: 400,
      json: { violations: [{ pointer: '/jobs/1/after/0', message: /a after b after a/ }] },
    })
    const unknown = await send([job(), job({ after: [{ job: `job_${'0'.repeat(26)}` }] })])
    t.match(unknown, { status: 409, json: { code: 'unknown-dependency' } })
    const alone = await ask(api.origin, 'POST', '/v1/jobs', {
      key,
      body: job({ after: [{ job: 'build' }] }),
    })
    t.match(alone, { status: 400, json: { violations: [{ pointer: '/after/0/job' }] } })
    t.equal(await countJobs(), before, 'nothing was written')
  },
)

t.test(
  'stored secrets are put into the payload of each job; one that is not there refuses all',
  async (t) => {
    const missing = await send([job(), job({ secrets: [{ name: 'TOKEN' }] })])
    t.match(missing, { status: 400, json: { violations: [{ pointer: '/jobs/1/secrets/0/name' }] } })
    const { jobs } = await taken([
      job(),
      job({ secrets: [{ name: 'TOKEN', value: 'of-the-house' }] }),
    ])
    const start = await worker.start(jobs[1]?.id ?? '')
    if (start.kind !== 'run') throw new Error(start.kind)
    t.match((await worker.open(jobs[1]?.id ?? '', start.fields)).spec.secrets, [
      { value: 'of-the-house' },
    ])
    t.notMatch(JSON.stringify([...start.fields]), /of-the-house/)
  },
)

t.test('quotas count each job, before any is written', async (t) => {
  for (const [grant, most, code] of [
    ['few', 5, 'tenant-queue-full'],
    ['slow', 4, 'quota-exceeded'],
  ] as const) {
    const by = await api.key(grant, ['submit', 'read'], grant)
    const all = Array.from({ length: most }, () => job())
    t.match(await send([...all, job()], {}, by), { status: 429, json: { code } })
    t.equal(await countJobs(by), 0)
    t.equal((await send(all, {}, by)).status, 202, `control: ${most} are taken`)
    t.equal(await countJobs(by), most)
  }
})

t.test('the same key and body give the same batch', async (t) => {
  const headers = { 'idempotency-key': 'nightly' }
  const jobs = [job({ name: 'a' }), job({ name: 'b', after: [{ job: 'a' }] })]
  const [one, two] = await Promise.all([send(jobs, headers), send(jobs, headers)])
  t.same(one.json, two.json)
  t.match(await send([job()], headers), { status: 409, json: { code: 'idempotency-conflict' } })
  const single = await ask(api.origin, 'POST', '/v1/jobs', { key, body: job(), headers })
  t.equal(single.status, 202, 'a job’s key is another’s')
})

t.test('cancelling a batch ends all of it, each by the caller', async (t) => {
  const { id, jobs } = await taken([
    job({ name: 'a' }),
    job({ name: 'b', after: [{ job: 'a' }] }),
    job({ name: 'c', after: [{ job: 'b', on: 'always' }] }),
  ])
  const running = jobs[0]?.id ?? ''
  const started = await worker.start(running)
  if (started.kind !== 'run') throw new Error(started.kind)
  const answer = await ask(api.origin, 'DELETE', `/v1/batches/${id}`, { key })
  t.match(answer, {
    status: 202,
    json: { states: { running: 1, finished: 2 }, outcomes: { cancelled: 2 } },
  })
  for (const { id: jobId } of jobs.slice(1)) t.equal((await readJob(jobId)).cause?.job, undefined)
  await worker.commit(running, started.attempt, unstartedResult('cancelled', 'Ended.'))
  t.match(await read(id), { state: 'finished', outcomes: { cancelled: 3 } })
})

t.test('a thousand jobs in one request; large ones lie in blobs', async (t) => {
  const by = await api.key('many', ['submit', 'read'], 'ci')
  const many = await send(
    Array.from({ length: 1000 }, () => job()),
    {},
    by,
  )
  t.equal(many.status, 202)
  t.equal((many.json as BatchCreated).jobs.length, 1000)
  const { jobs } = await taken([job({ stdin: 'x'.repeat(100_000) }), job()])
  const [large = ''] = jobs.map((entry) => entry.id)
  const start = await worker.start(large)
  if (start.kind !== 'run') throw new Error(start.kind)
  t.equal((await worker.open(large, start.fields)).spec.stdin?.length, 100_000)
})

t.test('Redis is killed after a batch was taken: all of it is there again', async (t) => {
  const { id, jobs } = await taken([job({ name: 'a' }), job({ name: 'b', after: [{ job: 'a' }] })])
  await redis.kill()
  await redis.start()
  while ((await ask(api.origin, 'GET', '/v1/jobs', { key })).status !== 200);
  t.match(await read(id), { total: 2, states: { queued: 2 } })
  for (const { id: jobId } of jobs) await runJob(worker, jobId)
  t.match(await read(id), { state: 'finished', outcomes: { ok: 2 } })
})
