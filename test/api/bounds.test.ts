// What one caller may hold of the service: waits and event streams by tenant, connections by address. Others are served meanwhile.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { holderOf } from '../../api/connections.js'
import { openPlaces } from '../../api/places.js'
import type { Job } from '../../contract/result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask, exchange } from './raw-http.js'
import { runJob } from './run-result.js'

const redis = await openLiveRedis()
const connectionsMax = 20
const api = await openLiveApi(redis, {
  settings: { tenantWaitsMax: 2, addressConnectionsMax: connectionsMax },
})
const worker = await api.openWorker()
const greedy = await api.key('greedy')
const modest = await api.key('modest')
const body = { language: 'bash', source: 'true' }
t.teardown(async () => {
  await api.close()
  await redis.close()
})

async function metric(name: string): Promise<number> {
  const { text } = await ask(api.origin, 'GET', '/metrics')
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? -1)
}

async function becomes(name: string, value: number): Promise<void> {
  while ((await metric(name)) !== value) await new Promise(setImmediate)
}

const create = (key: string, path = '/v1/jobs', headers = {}): ReturnType<typeof ask> =>
  ask(api.origin, 'POST', path, { key, body, headers })

t.test('a tenant’s waits and streams together are bounded, and nobody else’s', async (t) => {
  const { id } = (await create(greedy)).json as Job
  const waiting = ask(api.origin, 'GET', `/v1/jobs/${id}?wait=300`, { key: greedy })
  await becomes('stockade_waiting_requests', 1)
  const streaming = ask(api.origin, 'GET', `/v1/jobs/${id}/events`, { key: greedy })
  await becomes('stockade_event_streams', 1)

  const refusals = await Promise.all([
    create(greedy, '/v1/jobs?wait=1'),
    ask(api.origin, 'GET', `/v1/jobs/${id}?wait=1`, { key: greedy }),
    ask(api.origin, 'GET', `/v1/jobs/${id}/events`, { key: greedy }),
  ])
  for (const refusal of refusals) {
    t.match(refusal, { status: 429, json: { code: 'too-many-waits' } })
    t.ok(Number(refusal.headers.get('retry-after')) >= 1)
  }
  t.equal(await metric('stockade_waits_refused_total'), 3)
  const list = (await ask(api.origin, 'GET', '/v1/jobs', { key: greedy })).json as { jobs: Job[] }
  t.equal(list.jobs.length, 1, 'what was refused was not queued')

  t.equal((await create(greedy)).status, 202, 'what does not wait is taken')
  const preferring = await create(greedy, '/v1/jobs', { prefer: 'wait=300' })
  t.equal(preferring.status, 202, 'a mere preference never fails a request (RFC 7240)')
  t.notOk(preferring.headers.has('preference-applied'))
  t.match(
    await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key: greedy }),
    { status: 200 },
    'and what is there can be read',
  )
  t.equal((await create(modest, '/v1/jobs?wait=1')).status, 202, 'another tenant waits')

  await runJob(worker, id)
  t.match(await waiting, { status: 200, json: { state: 'finished' } })
  t.match((await streaming).text, /^event: result$/m)
  await becomes('stockade_waiting_requests', 0)
  await becomes('stockade_event_streams', 0)
  t.equal((await create(greedy, '/v1/jobs?wait=1')).status, 202, 'places were given back')
})

t.test('a client that goes away gives its place back', async (t) => {
  const leave = new AbortController()
  const { id } = (await create(greedy)).json as Job
  const gone = [`/v1/jobs/${id}?wait=300`, `/v1/jobs/${id}/events`].map((path) =>
    fetch(`${api.origin}${path}`, {
      headers: { authorization: `Bearer ${greedy}` },
      signal: leave.signal,
    }).then(
      (response) => response.text().catch(() => undefined),
      () => undefined,
    ),
  )
  await becomes('stockade_waiting_requests', 1)
  await becomes('stockade_event_streams', 1)
  leave.abort()
  await Promise.all(gone)
  await becomes('stockade_waiting_requests', 0)
  await becomes('stockade_event_streams', 0)
  t.equal((await create(greedy, '/v1/jobs?wait=1')).status, 202)
})

async function open(): Promise<Socket> {
  const socket = connect(api.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const health = 'GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n'

t.test('one address has so many connections; one more is told why, and ends', async (t) => {
  const held = await Promise.all(Array.from({ length: connectionsMax }, open))
  const answer = await exchange(api.port, [health])
  t.equal(answer.status, 429)
  t.match(answer.text, /"code":"too-many-connections"/)
  t.match(answer.text, /^retry-after: \d+\r$/im)
  t.ok(answer.closed)
  const silent = await exchange(api.port, [])
  t.ok(silent.closed, 'one that asks nothing is cut')
  for (const socket of held) socket.destroy()
  let status = 0
  while (status !== 200) status = (await exchange(api.port, [health], 1)).status
  t.equal(status, 200, 'places were given back')
  t.ok((await metric('stockade_connections_refused_total')) >= 2)
})

t.test('an address is what one client has', async (t) => {
  t.equal(holderOf('10.1.2.3'), '10.1.2.3')
  t.equal(holderOf('::ffff:10.1.2.3'), '10.1.2.3', 'IPv4 on a socket of both')
  t.equal(holderOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2', 'a network of 64 bits')
  t.equal(holderOf('2001:db8:1:2::9'), '2001:db8:1:2')
  t.equal(holderOf('2001:db8::9'), '2001:db8:0:0')
  t.equal(holderOf('::1'), '0:0:0:0')
  t.equal(holderOf(undefined), null, 'a UNIX socket has none')
})

t.test('a place given back twice is one place', async (t) => {
  const places = openPlaces(1)
  const leave = places.take('a')
  t.equal(places.take('a'), null)
  t.not(places.take('b'), null)
  leave?.()
  leave?.()
  t.not(places.take('a'), null)
  t.equal(places.take('a'), null)
})
