// Jobs by HTTP on a real Redis: sending, waiting, reading, listing, cancelling, idempotency, and what fills up.
import t from 'tap'
import type { Problem } from '../../contract/error.js'
import type { JobPage } from '../../contract/http.js'
import type { Job } from '../../contract/result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'
import { okResult, runJob, startJob } from './run-result.js'

const redis = await openLiveRedis()
const grants = { 'tiny.yaml': 'name: tiny\nextends: untrusted\nqueuedJobs: 2\n' }
const api = await openLiveApi(redis, { settings: { queuedJobsMax: 40 }, grants })
const worker = await api.openWorker()
const key = await api.key('main')
const body = { language: 'bash', source: 'echo 42' }
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const post = (path: string, more: Parameters<typeof ask>[3] = {}): ReturnType<typeof ask> =>
  ask(api.origin, 'POST', path, { key, body, ...more })
const get = (path: string, as = key): ReturnType<typeof ask> =>
  ask(api.origin, 'GET', path, { key: as })

/** The id of the one job that waits in Redis with this label. */
async function waitingJob(label: string): Promise<string> {
  for (;;) {
    const page = (await get(`/v1/jobs?label=test=${label}`)).json as JobPage
    const [job] = page.jobs
    if (job !== undefined) return job.id
  }
}

t.test('a job is accepted, read, run and read again', async (t) => {
  const created = await post('/v1/jobs')
  t.equal(created.status, 202)
  const job = created.json as Job
  t.equal(created.headers.get('location'), `/v1/jobs/${job.id}`)
  t.match(job, {
    state: 'queued',
    outcome: null,
    language: 'bash',
    image: 'base',
    labels: {},
    attempts: 0,
  })
  t.same((await get(`/v1/jobs/${job.id}`)).json, job, 'what is answered at once is what is stored')
  await runJob(worker, job.id)
  const finished = await get(`/v1/jobs/${job.id}`)
  t.equal(finished.status, 200)
  t.match(finished.json, {
    state: 'finished',
    outcome: 'ok',
    exitCode: 0,
    stdout: '42\n',
    attempts: 1,
  })
})

t.test('wait: 200 with the finished job', async (t) => {
  const answer = post('/v1/jobs?wait=30', { body: { ...body, labels: { test: 'wait' } } })
  await runJob(worker, await waitingJob('wait'))
  const { status, json, headers } = await answer
  t.equal(status, 200)
  t.match(json, { state: 'finished', stdout: '42\n' })
  t.equal(headers.get('location'), `/v1/jobs/${(json as Job).id}`)
})

t.test('Prefer: wait, applied and cut to the longest', async (t) => {
  const answer = post('/v1/jobs', {
    headers: { prefer: 'respond-async, wait=9999' },
    body: { ...body, labels: { test: 'prefer' } },
  })
  await runJob(worker, await waitingJob('prefer'))
  const { status, headers } = await answer
  t.equal(status, 200)
  t.equal(headers.get('preference-applied'), 'wait=300')
})

t.test('wait: 202 with the job as it stands when time is up', async (t) => {
  const { status, json } = await post('/v1/jobs?wait=1')
  t.equal(status, 202)
  t.match(json, { state: 'queued' })
  t.equal((await post('/v1/jobs?wait=0')).status, 202)
})

t.test('wait on reading, also for a job that runs already', async (t) => {
  const { id } = (await post('/v1/jobs')).json as Job
  t.equal((await get(`/v1/jobs/${id}?wait=1`)).status, 202)
  const attempt = await startJob(worker, id)
  const answer = get(`/v1/jobs/${id}?wait=30`)
  await worker.commit(id, attempt, okResult)
  t.match(await answer, { status: 200, json: { state: 'finished' } })
})

t.test('a client that goes away leaves nothing that waits', async (t) => {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const labelled = JSON.stringify({ ...body, labels: { test: 'leaving' } })
  const answer = fetch(`${api.origin}/v1/jobs?wait=300`, {
    method: 'POST',
    headers,
    body: labelled,
    signal: leaving.signal,
  })
  const id = await waitingJob('leaving')
  leaving.abort()
  await t.rejects(answer)
  while (!api.lines.some((line) => line.includes(id))) await new Promise(setImmediate)
  t.pass('the request has ended')
  await runJob(worker, id)
})

t.test('idempotency: the same request gives the same job, another is refused', async (t) => {
  const headers = { 'idempotency-key': 'one' }
  const first = (await post('/v1/jobs', { headers })).json as Job
  const again = await post('/v1/jobs', { headers })
  t.equal(again.status, 202)
  t.equal((again.json as Job).id, first.id)
  const waiting = post('/v1/jobs?wait=30', { headers })
  await runJob(worker, first.id)
  t.match(await waiting, { status: 200, json: { id: first.id, state: 'finished' } })
  t.match(await post('/v1/jobs', { headers }), { status: 200, json: { id: first.id } })
  const other = await post('/v1/jobs', { headers, body: { ...body, source: 'echo 43' } })
  t.equal(other.status, 409)
  t.match(other.json, { code: 'idempotency-conflict' })
  const stranger = await ask(api.origin, 'POST', '/v1/jobs', {
    key: await api.key('other'),
    body,
    headers,
  })
  t.equal(stranger.status, 202, 'keys are a tenant’s own')
  t.not((stranger.json as Job).id, first.id)
})

t.test('ten at once with one idempotency key are one job', async (t) => {
  const headers = { 'idempotency-key': 'ten' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => post('/v1/jobs', { headers })))
  t.equal(new Set(answers.map(({ json }) => (json as Job).id)).size, 1)
})

t.test('cancel: at once while it waits, told to its worker while it runs', async (t) => {
  const { id } = (await post('/v1/jobs')).json as Job
  const cancelled = await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key })
  t.match(cancelled, { status: 200, json: { state: 'finished', outcome: 'cancelled' } })
  t.match(await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key }), { status: 200 }, 'and again')
  const running = (await post('/v1/jobs')).json as Job
  const attempt = await startJob(worker, running.id)
  const told = await ask(api.origin, 'DELETE', `/v1/jobs/${running.id}`, { key })
  t.match(told, { status: 202, json: { state: 'running' } })
  await worker.commit(running.id, attempt, okResult)
})

t.test('a list: newest first, by pages, filtered', async (t) => {
  const lister = await api.key('lister')
  const ids: string[] = []
  for (let at = 0; at < 5; at++) {
    const spec = { ...body, labels: { at: String(at), 'a/b.c_d-e': 'x=y, ü' } }
    ids.unshift(
      ((await ask(api.origin, 'POST', '/v1/jobs', { key: lister, body: spec })).json as Job).id,
    )
  }
  const all = (await get('/v1/jobs', lister)).json as JobPage
  t.same(new Set(all.jobs.map((job) => job.id)), new Set(ids))
  t.equal(all.next, null)
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = (await get(`/v1/jobs?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, lister))
      .json as JobPage
    t.ok(page.jobs.length <= 2)
    seen.push(...page.jobs.map((job) => job.id))
    cursor = page.next
  }
  t.same(
    seen,
    all.jobs.map((job) => job.id),
    'pages are the list, each job once',
  )
  await runJob(worker, ids[1] ?? '')
  const finished = (await get('/v1/jobs?state=finished&outcome=ok', lister)).json as JobPage
  t.same(
    finished.jobs.map((job) => job.id),
    [ids[1]],
  )
  t.match(finished.jobs[0], {
    stdout: null,
    steps: [],
    isolation: null,
    receipt: null,
    exitCode: 0,
  })
  const labelled = (await get(`/v1/jobs?label=at%3D3`, lister)).json as JobPage
  t.same(
    labelled.jobs.map((job) => job.id),
    [ids[1]],
  )
  const odd = (await get(`/v1/jobs?label=${encodeURIComponent('a/b.c_d-e=x=y, ü')}`, lister))
    .json as JobPage
  t.equal(odd.jobs.length, 5)
  for (const id of ids) await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key: lister })
})

t.test('a list: queries that are none', async (t) => {
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=-1',
    'state=done',
    'outcome=good',
    'label=x',
    'label=a b=c',
    'cursor=',
    'order=asc',
    'limit=1&limit=2',
  ]) {
    const answer = await get(`/v1/jobs?${query}`)
    t.equal(answer.status, 400, query)
    t.match(answer.json, { code: 'invalid-header', violations: [{ rule: 'schema' }] })
  }
  const answer = await get('/v1/jobs?cursor=bm90LWEtY3Vyc29y')
  t.match(answer, { status: 400, json: { code: 'invalid-cursor' } })
})

t.test('429 when one tenant has too many waiting', async (t) => {
  const tiny = await api.key('tiny', ['submit', 'read'], 'tiny')
  const send = (): ReturnType<typeof ask> =>
    ask(api.origin, 'POST', '/v1/jobs', { key: tiny, body })
  const answers = await Promise.all(Array.from({ length: 30 }, send))
  const full = answers.find(({ status }) => status === 429)
  t.ok(answers.some(({ status }) => status === 202))
  t.match(full?.json, { code: 'tenant-queue-full' })
  t.ok(Number(full?.headers.get('retry-after')) >= 1)
  t.equal((await post('/v1/jobs')).status, 202, 'others are not held up')
})

t.test('429 when the queue is full', async (t) => {
  const answers: Awaited<ReturnType<typeof ask>>[] = []
  while (answers.at(-1)?.status !== 429 && answers.length < 400)
    answers.push(await post('/v1/jobs'))
  const full = answers.at(-1)
  t.equal(full?.status, 429)
  t.match(full?.json, { code: 'queue-full' })
  t.ok(Number(full?.headers.get('retry-after')) >= 1)
})

t.test('policy: evaluate says what would be, and writes nothing', async (t) => {
  // What the tests before have asked is written now, and not in the middle of this one.
  await api.service.store.asked.flush()
  const before = await redis.look.dbsize()
  const allowed = await ask(api.origin, 'POST', '/v1/policy/evaluate', { key, body })
  t.match(allowed, {
    status: 200,
    json: { verdict: 'allow', violations: [], plan: { runtime: 'native', imageName: 'base' } },
  })
  const denied = await ask(api.origin, 'POST', '/v1/policy/evaluate', {
    key,
    body: { ...body, privileged: true },
  })
  t.match(denied, {
    status: 200,
    json: { verdict: 'deny', plan: null, violations: [{ pointer: '/privileged' }] },
  })
  const wrong = await ask(api.origin, 'POST', '/v1/policy/evaluate', {
    key,
    body: { ...body, x: 1 },
  })
  t.match(wrong, { status: 400, json: { code: 'invalid-request' } })
  t.equal(await redis.look.dbsize(), before)
})

t.test('what this machine can do', async (t) => {
  const rules = await get('/v1/policy/rules')
  t.equal(rules.status, 200)
  t.ok((rules.json as { rules: unknown[] }).rules.length > 15)
  const languages = (await get('/v1/languages')).json as {
    languages: { name: string; images: unknown }[]
  }
  t.same(
    languages.languages.map(({ name }) => name).sort(),
    ['bash', 'c', 'cpp', 'python'],
    'only what an image has',
  )
  t.match((await get('/v1/images')).json, { images: [{ name: 'base' }] })
  for (const path of ['/v1/languages', '/v1/images', '/v1/policy/rules']) {
    t.equal(((await get(`${path}?x=1`)).json as Problem).code, 'invalid-header')
  }
})
