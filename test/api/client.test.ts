// The typed client against a running api: every call, and how it takes a refusal and a lost stream.
import t from 'tap'
import { openClient, StockadeError } from '../../api/client.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { runJob } from './run-result.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const worker = await api.openWorker()
const client = openClient({ origin: api.origin, key: await api.key('main') })
const spec = { language: 'bash', source: 'true', labels: { by: 'client' } }
t.teardown(async () => {
  await api.close()
  await redis.close()
})

t.test('each call', async (t) => {
  const job = await client.create(spec, { idempotencyKey: 'one' })
  t.equal((await client.create(spec, { idempotencyKey: 'one' })).id, job.id)
  t.match(await client.create(spec, { waitSeconds: 1 }), { state: 'queued' })
  const waiting = client.read(job.id, { waitSeconds: 30 })
  await runJob(worker, job.id)
  t.match(await waiting, { state: 'finished', outcome: 'ok' })
  t.equal((await client.list({ label: ['by', 'client'], limit: 1 })).jobs.length, 1)
  t.match((await client.list({ state: 'finished', outcome: 'ok' })).jobs, [{ id: job.id }])
  const other = await client.create(spec)
  t.match(await client.cancel(other.id), { outcome: 'cancelled' })
  t.match(await client.evaluate(spec), { verdict: 'allow' })
  t.ok((await client.rules()).rules.length > 0)
  t.ok((await client.languages()).languages.length > 0)
  t.ok((await client.images()).images.length > 0)
})

t.test('a refusal is an error with its problem', async (t) => {
  try {
    await client.create({ ...spec, privileged: true })
    t.fail('it was taken')
  } catch (error) {
    t.type(error, StockadeError)
    t.match((error as StockadeError).problem, {
      code: 'policy-denied',
      violations: [{ pointer: '/privileged' }],
    })
  }
})
