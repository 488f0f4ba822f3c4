// One key's requests in a minute: bounded, told how long to wait, each key for itself, and never in the way of a job.
import t from 'tap'
import { openKeyRate } from '../../api/key-rate.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis, { settings: { keyRequestsPerMinute: 5 } })
t.teardown(async () => {
  await api.close()
  await redis.close()
})
const get = (key: string): ReturnType<typeof ask> =>
  ask(api.origin, 'GET', '/v1/languages', { key })

t.test('beyond the bound: 429 and how long to wait, for this key alone', async (t) => {
  const [wild, calm] = [await api.key('acme'), await api.key('acme')]
  for (let at = 0; at < 5; at++) t.equal((await get(wild)).status, 200)
  const refused = await get(wild)
  t.match(refused, { status: 429, json: { code: 'too-many-requests' } })
  const seconds = Number(refused.headers.get('retry-after'))
  t.ok(seconds >= 1 && seconds <= 60, `${seconds} s`)
  t.equal((await get(calm)).status, 200, 'another key of the same tenant')
})

t.test('jobs are counted by their tenant’s quotas, and not here', async (t) => {
  const key = await api.key('sender')
  const body = { language: 'bash', source: 'true' }
  for (let at = 0; at < 8; at++)
    t.equal((await ask(api.origin, 'POST', '/v1/jobs', { key, body })).status, 202)
  t.equal((await get(key)).status, 200)
})

t.test('a minute later all may again, and who is gone is forgotten', (t) => {
  let now = 1000
  const rate = openKeyRate(2, () => now)
  t.same([rate.take('a'), rate.take('a'), rate.take('a')], [null, null, 60])
  now += 59_500
  t.equal(rate.take('a'), 1)
  now += 500
  t.same([rate.take('a'), rate.take('a'), rate.take('a')], [null, null, 60])
  t.end()
})
