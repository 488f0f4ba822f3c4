// Webhooks on a real api, a real Redis and real receivers: what is told, how it is signed, what is tried again and what is not.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { BatchCreated } from '../../contract/batch.js'
import type { DeliveryList } from '../../contract/webhook.js'
import { auditFile } from '../../queue/audit-log.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openNameServer } from './name-server.js'
import { ask } from './raw-http.js'
import { isSigned, openReceiver, say } from './receiver.js'
import { okResult, runJob } from './run-result.js'
import { newSecret, openHookApi, openHooks } from './webhook-bench.js'

const redis = await openLiveRedis()
const names = await openNameServer()
const receiver = await openReceiver()
const certificate = join(redis.directory, 'receiver.crt')
execFileSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=receiver'],
    ...['-addext', 'subjectAltName=DNS:hooks.internal,IP:127.0.0.1', '-out', certificate],
    ...['-keyout', join(redis.directory, 'receiver.key')],
  ],
  { stdio: 'ignore' },
)
const api = await openHookApi(redis, names, receiver, { callbackAuthorityFile: certificate })
const worker = await api.openWorker()
t.teardown(async () => {
  await api.close()
  await redis.close()
  await receiver.close()
  names.close()
})
t.beforeEach(() => {
  receiver.heard.length = 0
  receiver.answer = say(204)
})

t.test('each state is told once, signed, as it stood then', async (t) => {
  const { submit, settled, secret, key } = await openHooks(api, 'plain', receiver)
  const { id } = await submit({ labels: { build: '7' } })
  await runJob(worker, id)
  const deliveries = await settled(
    id,
    (all) => all.filter(({ state }) => state === 'delivered').length === 3,
  )
  t.match(
    deliveries.map(({ type, tries, lastStatus, lastFault, nextTryAt }) => ({
      type,
      tries,
      lastStatus,
      lastFault,
      nextTryAt,
    })),
    ['job.queued', 'job.running', 'job.finished'].map((type) => ({
      type,
      tries: 1,
      lastStatus: 204,
      lastFault: null,
      nextTryAt: null,
    })),
  )
  t.equal(receiver.heard.length, 3)
  for (const one of receiver.heard) {
    t.ok(isSigned(one, secret), 'by the tenant’s secret')
    t.notOk(isSigned(one, `whsec_${Buffer.alloc(32).toString('base64')}`), 'control: by no other')
    t.notOk(isSigned({ ...one, body: `${one.body} ` }, secret), 'control: a changed body is not')
    t.equal(one.path, '/from/plain?token=abc')
    t.equal(one.message.data.job?.id, id)
    t.same(one.message.data.job?.labels, { build: '7' })
  }
  t.same(new Set(receiver.heard.map((one) => one.id)), new Set(deliveries.map((one) => one.id)))
  const told = (type: string): unknown =>
    receiver.heard.find(({ message }) => message.type === type)?.message.data.job
  t.match(told('job.queued'), { state: 'queued', attempts: 0, startedAt: null, outcome: null })
  t.match(told('job.running'), { state: 'running', attempts: 1, finishedAt: null, outcome: null })
  t.match(told('job.finished'), {
    state: 'finished',
    outcome: 'ok',
    exitCode: 0,
    usage: { cpuMs: 10.25 },
    stdout: null,
  })
  const record = JSON.stringify(await redis.look.hgetall(`stockade:{default}:job:${id}`))
  t.notMatch(record, /token=abc|hooks\.internal/, 'Redis does not see the address')
  const stranger = await api.key('stranger')
  t.equal(
    (await ask(api.origin, 'GET', `/v1/jobs/${id}/deliveries`, { key: stranger })).status,
    404,
  )
  const { id: silent } = await submit({ callback: undefined })
  const none = (await ask(api.origin, 'GET', `/v1/jobs/${silent}/deliveries`, { key })).json
  t.same(none, { deliveries: [], omitted: 0 } satisfies DeliveryList)
  const metrics = (await ask(api.origin, 'GET', '/metrics')).text
  t.match(metrics, /^stockade_webhook_tries_total\{result="delivered",fault=""\} [3-9]/m)
})

t.test('a batch tells its end once, with its counts', async (t) => {
  const { key, secret, address } = await openHooks(api, 'batcher', receiver)
  const job = { language: 'bash', source: 'true' }
  const post = (callback: unknown): ReturnType<typeof ask> =>
    ask(api.origin, 'POST', '/v1/batches', { key, body: { jobs: [job, job], callback } })
  for (const [callback, status] of [
    ['https://127.0.0.1/', 403],
    ['https://hooks.example.com/', 403],
    [7, 400],
  ] as const)
    t.match(await post(callback), { status, json: { violations: [{ pointer: '/callback' }] } })
  const { id, jobs } = (await post(address)).json as BatchCreated
  for (const one of jobs) await runJob(worker, one.id)
  await receiver.until(1)
  const [one] = receiver.heard
  t.ok(one && isSigned(one, secret))
  t.match(one?.message, {
    type: 'batch.finished',
    data: { batch: { id, total: 2, outcomes: { ok: 2 } }, job: undefined },
  })
  const path = `/v1/batches/${id}/deliveries`
  const list = async (): Promise<DeliveryList> =>
    (await ask(api.origin, 'GET', path, { key })).json as DeliveryList
  while ((await list()).deliveries.some(({ state }) => state === 'waiting'));
  t.match(await list(), { deliveries: [{ type: 'batch.finished', state: 'delivered' }] })
  t.equal(receiver.heard.length, 1)
  const stranger = await api.key('batch-stranger')
  t.equal((await ask(api.origin, 'GET', path, { key: stranger })).status, 404)
  const record = JSON.stringify(await redis.look.hgetall(`stockade:{default}:batch:${id}`))
  t.notMatch(record, /token=abc/)
})

t.test('only the states that are wanted; the end of what never ran too', async (t) => {
  const { submit, settled, key } = await openHooks(api, 'choosy', receiver)
  const { id } = await submit({ callbackOn: ['finished'] })
  await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key })
  t.match(await settled(id), [{ type: 'job.finished', state: 'delivered' }])
  t.match(receiver.heard[0]?.message.data.job, { outcome: 'cancelled', attempts: 0 })
})

t.test(
  '500, then 200: tried again with the same id; both secrets sign after a rotation',
  async (t) => {
    const { submit, settled, secret } = await openHooks(api, 'again', receiver)
    receiver.answer = (response, one) =>
      say(receiver.heard.filter(({ id }) => id === one.id).length < 3 ? 500 : 200)(response, one)
    const rotated = await newSecret(api, 'again', { overlapSeconds: 60 })
    t.ok(rotated.previousUntil)
    const { id } = await submit({ callbackOn: ['queued'] })
    t.match(await settled(id), [{ state: 'delivered', tries: 3, lastStatus: 200 }])
    t.equal(new Set(receiver.heard.map((one) => one.id)).size, 1)
    for (const one of receiver.heard) {
      t.ok(isSigned(one, secret), 'by the one before')
      t.ok(isSigned(one, rotated.secret), 'and by the new one')
    }
    receiver.heard.length = 0
    const last = await newSecret(api, 'again', { overlapSeconds: 0 })
    await settled((await submit({ callbackOn: ['queued'] })).id)
    const [one] = receiver.heard
    t.ok(
      one && isSigned(one, last.secret) && !isSigned(one, rotated.secret),
      'without an overlap: the new one alone',
    )
  },
)

t.test('a redirect is not followed, 410 ends it, and so does the last try', async (t) => {
  const { submit, settled } = await openHooks(api, 'failing', receiver)
  const other = await openReceiver()
  t.teardown(() => other.close())
  receiver.answer = say(302, { location: `http://127.0.0.1:${other.port}/secret` })
  const { id } = await submit({ callbackOn: ['queued'] })
  t.match(await settled(id), [{ state: 'failed', tries: 4, lastStatus: 302, lastFault: 'status' }])
  t.same(other.heard, [], 'where it led to nobody went')
  receiver.answer = say(410)
  t.match(await settled((await submit({ callbackOn: ['queued'] })).id), [
    { state: 'failed', tries: 1, lastStatus: 410 },
  ])
  receiver.answer = (response) => void response.socket?.end('no http at all\r\n\r\n')
  t.match(await settled((await submit({ callbackOn: ['queued'] })).id), [
    { state: 'failed', lastFault: 'answer-refused' },
  ])
  receiver.answer = (response) =>
    void response.writeHead(200, { 'x-long': 'x'.repeat(40_000) }).end()
  t.match(await settled((await submit({ callbackOn: ['queued'] })).id), [
    { state: 'failed', lastFault: 'answer-refused' },
  ])
  receiver.answer = (response) => void response.writeHead(200).write('x'.repeat(1_000_000))
  t.match(
    await settled((await submit({ callbackOn: ['queued'] })).id),
    [{ state: 'delivered' }],
    'a body without an end is not read',
  )
})

t.test('without a secret nothing is taken; without it later, nothing is sent', async (t) => {
  const bare = await api.key('bare', ['submit', 'read'], 'named')
  const callback = `http://hooks.internal:${receiver.port}/`
  const body = { language: 'bash', source: 'true', callback }
  const refused = await ask(api.origin, 'POST', '/v1/jobs', { key: bare, body })
  t.match(refused, { status: 409, json: { code: 'webhook-secret-missing' } })
  const { submit, settled } = await openHooks(api, 'revoked', receiver)
  const { id } = await submit({ callbackOn: ['finished'] })
  const admin = await api.key('operator', ['admin'])
  const path = '/v1/admin/tenants/revoked/webhook-secret'
  t.equal((await ask(api.origin, 'DELETE', path, { key: admin })).status, 204)
  t.equal((await ask(api.origin, 'DELETE', path, { key: admin })).status, 404)
  await runJob(worker, id)
  t.match(await settled(id), [{ state: 'refused', lastFault: 'no-secret' }])
  t.same(receiver.heard, [])
  const nobody = await ask(api.origin, 'POST', '/v1/admin/tenants/nobody/webhook-secret', {
    key: admin,
    body: {},
  })
  t.equal(nobody.status, 404)
  const keys = await redis.look.keys('stockade:key:webhook:*')
  const stored = await redis.look.mget(keys)
  for (const text of stored) t.notMatch(text, /secret/, 'sealed')
  const log = readFileSync(auditFile(api.settings.auditDirectory, 'api'), 'utf8')
  t.match(log, /"what":"webhook-secret-rotate","tenant":"revoked"/)
  t.match(log, /"what":"webhook-secret-revoke","tenant":"revoked"/)
})

t.test('a disabled tenant’s webhooks are not sent', async (t) => {
  const { submit, key } = await openHooks(api, 'stopped', receiver)
  const { id } = await submit({ callbackOn: ['finished'] })
  const before = await ask(api.origin, 'GET', `/v1/jobs/${id}/deliveries`, { key })
  t.same((before.json as DeliveryList).deliveries, [])
  await api.service.keys.tenants.change('stopped', 'any', { disabled: true })
  await runJob(worker, id)
  await redis.look.publish('stockade:channel:deliveries', '')
  const list = async (): Promise<DeliveryList> => api.service.store.deliveries.list(id)
  while ((await list()).deliveries.every(({ state }) => state === 'waiting'));
  t.match((await list()).deliveries, [{ state: 'refused', lastFault: 'callback-refused' }])
  t.same(receiver.heard, [])
})

t.test('over TLS the certificate is of the name that was asked', async (t) => {
  const tls = {
    key: readFileSync(join(redis.directory, 'receiver.key'), 'utf8'),
    cert: readFileSync(certificate, 'utf8'),
  }
  const secure = await openReceiver(tls)
  t.teardown(() => secure.close())
  const files = api.service.files()
  const named = files.grants.get('named')
  if (named === undefined) throw new Error('no grant')
  const callbackOrigins = ['hooks', 'other'].map(
    (name) => `https://${name}.internal:${secure.port}`,
  )
  ;(files.grants as Map<string, typeof named>).set('secure', {
    ...named,
    grant: { ...named.grant, name: 'secure', callbackOrigins },
  })
  names.set('other.internal', ['127.0.0.1'])
  const { submit, settled } = await openHooks(api, 'secure', receiver, 'secure')
  const good = await submit({
    callbackOn: ['queued'],
    callback: `https://hooks.internal:${secure.port}/`,
  })
  t.match(await settled(good.id), [{ state: 'delivered' }])
  const bad = await submit({
    callbackOn: ['queued'],
    callback: `https://other.internal:${secure.port}/`,
  })
  t.match(await settled(bad.id), [{ state: 'failed', lastFault: 'tls' }])
  t.equal(secure.heard.length, 1, 'nothing is said to another')
})

t.test('what is given back again and again has an end', async (t) => {
  const { submit, settled } = await openHooks(api, 'restless', receiver)
  const { id } = await submit()
  for (let run = 0; run < 12; run++) {
    const started = await worker.start(id)
    if (started.kind !== 'run') throw new Error(started.kind)
    await worker.release(id, started.attempt, { delayMs: 0, reason: 'unharmed' })
  }
  await runJob(worker, id, okResult)
  const all = await settled(id)
  t.equal(all.length, 16)
  t.equal(all.at(-1)?.type, 'job.finished', 'and its end is told all the same')
  t.equal((await api.service.store.deliveries.list(id)).omitted, 11)
})
