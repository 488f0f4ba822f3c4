// Redis gone: 503 at once with Retry-After, nothing accepted, and everything works again by itself when it is back.
import t from 'tap'
import type { Job } from '../../contract/result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'
import { runJob } from './run-result.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const key = await api.key('main')
const body = { language: 'bash', source: 'true' }
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const ready = async (): Promise<number> => (await ask(api.origin, 'GET', '/readyz')).status

async function readyBecomes(status: number): Promise<void> {
  while ((await ready()) !== status) await new Promise(setImmediate)
}

t.test('away', async (t) => {
  // The key is known from here on; a key that is not known cannot be checked without Redis.
  const { id } = (await ask(api.origin, 'POST', '/v1/jobs', { key, body })).json as Job
  const unseen = await api.key('main')
  await redis.stop()
  await readyBecomes(503)
  const requests: readonly (readonly [string, string])[] = [
    ['POST', '/v1/jobs'],
    ['POST', '/v1/jobs?wait=30'],
    ['GET', '/v1/jobs'],
    ['GET', `/v1/jobs/${id}`],
    ['DELETE', `/v1/jobs/${id}`],
    ['GET', `/v1/jobs/${id}/events`],
  ]
  for (const [method, path] of requests) {
    for (const as of [key, unseen]) {
      const answer = await ask(api.origin, method, path, {
        key: as,
        ...(method === 'POST' ? { body } : {}),
      })
      t.match(answer, { status: 503, json: { code: 'store-unavailable' } }, `${method} ${path}`)
      t.ok(Number(answer.headers.get('retry-after')) >= 1)
    }
  }
  t.match(await ask(api.origin, 'GET', '/readyz'), {
    status: 503,
    json: { code: 'store-unavailable' },
  })
  t.equal((await ask(api.origin, 'GET', '/healthz')).status, 200, 'the process itself lives')
  t.match((await ask(api.origin, 'GET', '/metrics')).text, /^stockade_redis_up 0$/m)
  t.equal(
    (await ask(api.origin, 'POST', '/v1/policy/evaluate', { key, body })).status,
    200,
    'policy needs no Redis',
  )
  const bad = await ask(api.origin, 'POST', '/v1/jobs', { key, body: { ...body, x: 1 } })
  t.equal(bad.status, 400, 'a fault of form is one also now')
})

t.test('back', async (t) => {
  await redis.start()
  await readyBecomes(200)
  t.match((await ask(api.origin, 'GET', '/metrics')).text, /^stockade_redis_up 1$/m)
  const before = (await ask(api.origin, 'GET', '/v1/jobs', { key })).json as { jobs: Job[] }
  t.equal(before.jobs.length, 1, 'what was accepted is there, what was refused is not')
  const worker = await api.openWorker()
  const waiting = ask(api.origin, 'POST', '/v1/jobs?wait=60', {
    key,
    body: { ...body, labels: { back: 'yes' } },
  })
  for (;;) {
    const page = (await ask(api.origin, 'GET', '/v1/jobs?label=back=yes', { key })).json as {
      jobs: Job[]
    }
    const [job] = page.jobs
    if (job === undefined) continue
    await runJob(worker, job.id)
    break
  }
  t.match(
    await waiting,
    { status: 200, json: { state: 'finished' } },
    'the channel of results works again',
  )
})

t.test('gone while a request waits: the result is found when Redis is back', async (t) => {
  const worker = await api.openWorker()
  const waiting = ask(api.origin, 'POST', '/v1/jobs?wait=60', {
    key,
    body: { ...body, labels: { gone: 'yes' } },
  })
  let id = ''
  while (id === '') {
    const page = (await ask(api.origin, 'GET', '/v1/jobs?label=gone=yes', { key })).json as {
      jobs: Job[]
    }
    id = page.jobs[0]?.id ?? ''
  }
  await redis.stop()
  await readyBecomes(503)
  await redis.start()
  await runJob(worker, id)
  t.match(await waiting, { status: 200, json: { state: 'finished', id } })
})

t.test('there, but silent: 503 after a while, never a request that hangs', async (t) => {
  redis.pause()
  const answers = await Promise.all([
    ask(api.origin, 'POST', '/v1/jobs', { key, body }),
    ask(api.origin, 'GET', '/v1/jobs', { key }),
    ask(api.origin, 'GET', '/readyz'),
  ])
  for (const answer of answers)
    t.match(answer, { status: 503, json: { code: 'store-unavailable' } })
  redis.resume()
  await readyBecomes(200)
  t.equal((await ask(api.origin, 'POST', '/v1/jobs', { key, body })).status, 202)
})

t.test(
  'there, but full: not ready, nothing accepted, and all that is kept can be read',
  async (t) => {
    const { id } = (await ask(api.origin, 'POST', '/v1/jobs', { key, body })).json as Job
    await redis.look.config('SET', 'maxmemory', '1')
    for (const path of ['/v1/jobs', '/v1/jobs?wait=30'])
      t.match(await ask(api.origin, 'POST', path, { key, body }), {
        status: 503,
        json: { code: 'store-full' },
      })
    t.equal(await ready(), 503)
    t.match((await ask(api.origin, 'GET', '/metrics')).text, /^stockade_redis_up 0$/m)
    t.equal((await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key })).status, 200)
    await redis.look.config('SET', 'maxmemory', '0')
    t.equal(await ready(), 200)
    // It looks at the memory of Redis once a second, and takes jobs again from then on.
    let { status } = await ask(api.origin, 'POST', '/v1/jobs', { key, body })
    while (status === 503) ({ status } = await ask(api.origin, 'POST', '/v1/jobs', { key, body }))
    t.equal(status, 202)
  },
)

t.test('asking whether it takes writes leaves nothing behind', async (t) => {
  t.equal(await ready(), 200)
  t.strictSame(await redis.look.keys('*probe*'), [])
})

t.test('its round trip is measured each second', async (t) => {
  const count = async (): Promise<number> => {
    const { text } = await ask(api.origin, 'GET', '/metrics')
    return Number(/^stockade_redis_seconds_count (\d+)$/m.exec(text)?.[1] ?? -1)
  }
  const before = await count()
  t.ok(before >= 0)
  while ((await count()) === before) await new Promise(setImmediate)
  t.ok((await count()) > before, 'one more')
})
