// Clients that are slow on purpose (slowloris and its kin): cut off in time, while good ones are served.
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask, exchange } from './raw-http.js'
import { okResult, runJob } from './run-result.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis, { settings: { requestHeadersMs: 1000, requestMs: 2000 } })
const key = await api.key('main')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const head = (...lines: string[]): string =>
  [
    'POST /v1/jobs HTTP/1.1',
    'Host: here',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n')

const body = '{"language":"bash","source":"true"}'

t.test('a client that never ends its headers', async (t) => {
  const answer = await exchange(api.port, ['GET /healthz HTTP/1.1\r\nHost: here\r\nX-A: '])
  t.equal(answer.status, 408)
  t.match(answer.text, /"code":"request-timeout"/)
})

t.test('a client that never ends its body', async (t) => {
  const answer = await exchange(api.port, [head('Content-Length: 1000'), '{"lang'])
  t.equal(answer.status, 408)
  t.match(answer.text, /"code":"request-timeout"/)
})

t.test('a client that says nothing at all', async (t) => {
  const answer = await exchange(api.port, [])
  t.ok(answer.closed)
})

t.test('500 slow clients do not keep a good one waiting', async (t) => {
  const slow = Array.from({ length: 500 }, () =>
    exchange(api.port, ['POST /v1/jobs HTTP/1.1\r\nHost: h\r\nX-']),
  )
  const response = await fetch(`${api.origin}/healthz`)
  t.equal(response.status, 200)
  const answers = await Promise.all(slow)
  t.ok(
    answers.every((answer) => answer.closed),
    'all of them are cut off',
  )
})

t.test('the time to send a request does not cut the time to wait for an answer', async (t) => {
  const waiting = head(`Content-Length: ${body.length}`).replace('/v1/jobs', '/v1/jobs?wait=4')
  const answer = await exchange(api.port, [waiting + body], 1)
  t.equal(answer.status, 202)
})

t.test('a client that does not read a large answer is cut off', async (t) => {
  const worker = await api.openWorker()
  const created = await ask(api.origin, 'POST', '/v1/jobs', { key, bytes: body })
  const { id } = created.json as { id: string }
  const [step] = okResult.steps
  if (step === undefined) throw new Error('there is no step')
  await runJob(worker, id, {
    ...okResult,
    steps: [{ ...step, stdout: 'x'.repeat(16 * 1024 * 1024) }],
  })
  const socket = connect(api.port, '127.0.0.1')
  const closed = once(api.app.server, 'connection').then(([peer]) => once(peer, 'close'))
  await once(socket, 'connect')
  socket.pause()
  socket.on('error', () => undefined)
  socket.write(`GET /v1/jobs/${id} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${key}\r\n\r\n`)
  await closed
  t.pass('the connection ends')
  socket.destroy()
  t.equal(
    (await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key })).text.length > 32 * 1024 * 1024,
    true,
    'a good client gets all of it',
  )
})

t.test('bodies of all requests together are bounded', async (t) => {
  const half = [head('Content-Length: 1000000'), 'x'.repeat(900_000)]
  const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(api.port, half)))
  const refusedOnes = answers.filter(({ status }) => status === 429)
  t.ok(refusedOnes.length > 0, `${refusedOnes.length} of 100 were refused`)
  t.match(refusedOnes[0]?.text, /"code":"queue-full"/)
  t.equal(
    (await ask(api.origin, 'POST', '/v1/jobs', { key, bytes: body })).status,
    202,
    'and room is there again',
  )
})
