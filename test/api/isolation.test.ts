// Everything by which one tenant might see, guess, cancel or delay what is another’s. Each attempt has the owner’s own as its control,
// and gets the very answer that an id has which never was: status, body and headers.
import t, { type Test } from 'tap'
import type { Job } from '../../contract/result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { type Answer, ask } from './raw-http.js'
import { okResult, runJob, startJob } from './run-result.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis, { settings: { slots: 64, tenantWaitsMax: 2 } })
const worker = await api.openWorker()
const owner = await api.key('owner')
const stranger = await api.key('stranger')
const admin = await api.key('operator', ['admin'])
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const spec = { language: 'bash', source: 'echo private', labels: { course: 'secret-course' } }
const nobodys = `job_${'0'.repeat(26)}`

const send = (
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  ask(api.origin, method, path, { key, headers, ...(body === undefined ? {} : { body }) })

const newJob = async (headers: Record<string, string> = {}): Promise<string> =>
  ((await send(owner, 'POST', '/v1/jobs', spec, headers)).json as Job).id

/** All that an answer tells, without what differs between any two requests. */
function tellsOf({ status, headers, text }: Answer): unknown {
  const told = Object.fromEntries(headers)
  // The length follows that of the request id, which counts this process's requests; the text is compared without it.
  for (const name of ['x-request-id', 'date', 'content-length']) delete told[name]
  return { status, told, text: text.replace(/"requestId":"[^"]*"/, '').replace(/job_\w{26}/g, '') }
}

const large = (): typeof okResult => {
  const [step] = okResult.steps
  if (step === undefined) throw new Error('there is no step')
  return { ...okResult, steps: [{ ...step, stdout: 'private output\n' }] }
}

/** A job of the owner’s in each state, so that no state answers otherwise. */
const waiting = await newJob()
const running = await newJob()
await startJob(worker, running)
const finished = await newJob()
await runJob(worker, finished, large())
const states = { waiting, running, finished }

const attempts: readonly (readonly [string, (id: string) => string, Record<string, string>?])[] = [
  ['GET', (id) => `/v1/jobs/${id}`],
  ['GET', (id) => `/v1/jobs/${id}?wait=1`],
  ['GET', (id) => `/v1/jobs/${id}`, { prefer: 'wait=1' }],
  ['DELETE', (id) => `/v1/jobs/${id}`],
  ['GET', (id) => `/v1/jobs/${id}/events`],
  ['GET', (id) => `/v1/jobs/${id}/events`, { 'last-event-id': '0-1' }],
  ['GET', (id) => `/v1/jobs/${id}/output/run/stdout`],
  ['GET', (id) => `/v1/jobs/${id}/output/run/stderr`, { range: 'bytes=0-1' }],
  ['GET', (id) => `/v1/jobs/${id}/output/nothing/stdout`],
]

for (const [state, id] of Object.entries(states)) {
  t.test(`a stranger and the id of a job that is ${state}`, async (t) => {
    for (const [method, pathOf, headers] of attempts) {
      const theirs = await send(stranger, method, pathOf(id), undefined, headers)
      const never = await send(stranger, method, pathOf(nobodys), undefined, headers)
      t.equal(theirs.status, 404, `${method} ${pathOf('…')}`)
      t.same(tellsOf(theirs), tellsOf(never), 'as if it never was')
      const asAdmin = await send(admin, method, pathOf(id), undefined, headers)
      t.match(asAdmin, { status: 403, json: { code: 'scope-missing' } }, 'nor may the operator')
    }
    t.equal((await send(owner, 'GET', `/v1/jobs/${id}`)).status, 200, 'control: the owner reads it')
  })
}

t.test('it was not cancelled, and the owner’s output is there', async (t) => {
  for (const [state, id] of Object.entries({ queued: waiting, running }))
    t.match((await send(owner, 'GET', `/v1/jobs/${id}`)).json, { state })
  t.equal(await redis.look.hget(`stockade:{default}:job:${running}`, 'cancel'), null)
  const output = await send(owner, 'GET', `/v1/jobs/${finished}/output/run/stdout`)
  t.equal(output.text, 'private output\n', 'control')
})

t.test('lists: no filter and no cursor leads to another’s', async (t) => {
  const page = (await send(owner, 'GET', '/v1/jobs?limit=1')).json as { next: string; jobs: Job[] }
  t.equal(page.jobs.length, 1, 'control')
  for (const query of [
    '',
    '?limit=100',
    '?label=course=secret-course',
    '?state=running',
    '?outcome=ok',
    `?cursor=${encodeURIComponent(page.next)}`,
    `?cursor=${encodeURIComponent(page.next)}&label=course=secret-course`,
  ]) {
    const answer = await send(stranger, 'GET', `/v1/jobs${query}`)
    t.same(answer.json, { jobs: [], next: null }, query)
  }
  for (const query of ['?tenant=owner', '?all=true'])
    t.equal((await send(stranger, 'GET', `/v1/jobs${query}`)).status, 400, query)
})

t.test('idempotency keys are each tenant’s own', async (t) => {
  const headers = { 'idempotency-key': 'the-same' }
  const own = await newJob(headers)
  const theirs = await send(stranger, 'POST', '/v1/jobs', spec, headers)
  t.equal(theirs.status, 202, 'not a conflict, not a repeat')
  t.not((theirs.json as Job).id, own)
  const other = await send(stranger, 'POST', '/v1/jobs', { ...spec, source: 'x' }, headers)
  t.equal(other.status, 409, 'control: their own is in use now')
  t.equal(await newJob(headers), own, 'control')
})

t.test(
  'equal bytes of two tenants are two blobs: nobody learns that another has them',
  async (t) => {
    const blob = { ...spec, source: `# ${'x'.repeat(100_000)}` }
    const [mine, theirs] = [
      (await send(owner, 'POST', '/v1/jobs', blob)).json as Job,
      (await send(stranger, 'POST', '/v1/jobs', blob)).json as Job,
    ]
    const names = await Promise.all(
      [mine, theirs].map(({ id }) => redis.look.hget(`stockade:{default}:job:${id}`, 'blob')),
    )
    t.ok(names[0])
    t.not(names[0], names[1], 'sealed for each: not even their names are equal')
  },
)

t.test('policy tells a tenant nothing of another’s grant', async (t) => {
  const asked = await send(stranger, 'POST', '/v1/policy/evaluate', spec)
  t.equal(asked.status, 200)
  t.notMatch(asked.text, /owner/)
})

t.test('usage: one’s own, and no word on whether another is there', async (t) => {
  t.equal((await send(owner, 'GET', '/v1/usage?tenant=owner')).status, 200, 'control')
  const answers = await Promise.all(
    ['owner', 'nobody', '*', 'operator'].map((tenant) =>
      send(stranger, 'GET', `/v1/usage?tenant=${encodeURIComponent(tenant)}`),
    ),
  )
  for (const answer of answers) {
    t.equal(answer.status, 403)
    t.same(tellsOf(answer), tellsOf(answers[1] as Answer))
  }
  t.notMatch((await send(stranger, 'GET', '/v1/usage')).text, /owner/)
})

t.test('the operator’s door is shut to every other scope, whatever lies behind', async (t) => {
  const paths = [
    ['GET', 'tenants'],
    ['GET', 'tenants/owner'],
    ['GET', 'tenants/nobody'],
    ['PATCH', 'tenants/stranger'],
    ['DELETE', 'tenants/owner'],
    ['GET', 'keys'],
    ['POST', 'keys'],
    ['DELETE', `keys/${owner.slice(3, 19)}`],
    ['POST', `keys/${stranger.slice(3, 19)}/rotate`],
  ] as const
  const said = await Promise.all(
    paths.map(([method, path]) => {
      const body =
        method === 'POST' || method === 'PATCH'
          ? { tenant: 'stranger', scopes: ['admin'] }
          : undefined
      return send(stranger, method, `/v1/admin/${path}`, body, { 'if-match': '*' })
    }),
  )
  for (const answer of said) t.same(tellsOf(answer), tellsOf(said[0] as Answer))
  t.match(said[0], { status: 403, json: { code: 'scope-missing' } })
  t.equal((await send(owner, 'GET', '/v1/jobs')).status, 200, 'the owner’s key still works')
})

async function takenPlaces(t: Test): Promise<void> {
  const held = new AbortController()
  const waits = [1, 2].map(() =>
    fetch(`${api.origin}/v1/jobs/${running}?wait=30`, {
      headers: { authorization: `Bearer ${owner}` },
      signal: held.signal,
    }).catch(() => null),
  )
  const third = (): Promise<Answer> => send(owner, 'GET', `/v1/jobs/${running}?wait=1`)
  while ((await third()).status !== 429) await new Promise(setImmediate)
  t.equal((await third()).status, 429, 'control: the owner’s places are taken')
  const mine = (await send(stranger, 'POST', '/v1/jobs', spec)).json as Job
  const answer = await send(stranger, 'GET', `/v1/jobs/${mine.id}?wait=1`)
  t.equal(answer.status, 202, 'the stranger’s are not')
  held.abort()
  await Promise.all(waits)
}

t.test('one tenant’s waits take no place of another’s', takenPlaces)

t.test('ids say nothing of how many or when, and cannot be counted up', async (t) => {
  const ids = await Promise.all(Array.from({ length: 50 }, () => newJob()))
  const bodies = ids.map((id) => id.slice(4))
  t.equal(new Set(bodies).size, 50)
  for (let at = 0; at < 26; at++)
    t.ok(new Set(bodies.map((body) => body[at])).size > 5, `place ${at} is not a clock or a count`)
})
