// Server-Sent Events of a job on a real Redis: order, resuming, ends, and what a slow or absent client costs.
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { type JobEvent, openClient } from '../../api/client.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'
import { okResult, runJob, startJob } from './run-result.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const worker = await api.openWorker()
const key = await api.key('main')
const client = openClient({ origin: api.origin, key })
const spec = { language: 'bash', source: 'true' }
t.teardown(async () => {
  await api.close()
  await redis.close()
})

async function all(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const seen: JobEvent[] = []
  for await (const event of events) seen.push(event)
  return seen
}

const output = (text: string): { name: 'stdout'; data: string } => ({
  name: 'stdout',
  data: JSON.stringify({ step: 'run', base64: Buffer.from(text).toString('base64') }),
})

/** The gauge of open streams, as Prometheus reads it. */
async function openStreams(): Promise<number> {
  const text = await (await fetch(`${api.origin}/metrics`)).text()
  return Number(/^stockade_event_streams (\d+)$/m.exec(text)?.[1] ?? -1)
}

async function streamsBecome(count: number): Promise<void> {
  while ((await openStreams()) !== count) await new Promise(setImmediate)
}

t.test('a job followed from the first to the last event', async (t) => {
  const { id } = await client.create(spec)
  const following = all(client.events(id))
  await streamsBecome(1)
  const attempt = await startJob(worker, id)
  await worker.tell(id, [output('a\n'), { name: 'stderr', data: '{"step":"run","base64":"Yg=="}' }])
  await worker.tell(id, [{ name: 'step', data: '{"name":"run","state":"ended","outcome":"ok"}' }])
  await worker.commit(id, attempt, okResult)
  const events = await following
  t.same(
    events.map(({ name }) => name),
    ['state', 'state', 'stdout', 'stderr', 'step', 'state', 'result'],
  )
  t.match(events[0]?.data, { state: 'queued' })
  t.match(events[1]?.data, { state: 'running', attempt: 1 })
  t.match(events.at(-1)?.data, { outcome: 'ok', exitCode: 0 })
  await streamsBecome(0)
  t.same(await all(client.events(id)), events, 'and the same again afterwards')
})

t.test('resuming after each event gives exactly the rest', async (t) => {
  const { id } = await client.create(spec)
  await runJob(worker, id)
  const events = await all(client.events(id))
  for (const [at, { id: afterId }] of events.slice(0, -1).entries()) {
    t.same(await all(client.events(id, { afterId: afterId ?? '' })), events.slice(at + 1))
  }
})

t.test(
  'after the last event, or when events are no longer kept, the record tells the end',
  async (t) => {
    const { id } = await client.create(spec)
    await runJob(worker, id)
    const events = await all(client.events(id))
    const after = await all(client.events(id, { afterId: events.at(-1)?.id ?? '' }))
    t.match(after, [{ name: 'result', data: { outcome: 'ok' } }])
    await redis.look.del(`stockade:{default}:events:${id}`)
    t.match(await all(client.events(id)), [
      { name: 'result', data: { outcome: 'ok', exitCode: 0 } },
    ])
  },
)

t.test('headers of a stream', async (t) => {
  const { id } = await client.create(spec)
  await runJob(worker, id)
  const response = await fetch(`${api.origin}/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${key}` },
  })
  t.match(response.headers.get('content-type'), /^text\/event-stream/)
  t.equal(response.headers.get('cache-control'), 'no-store')
  t.equal(response.headers.get('x-content-type-options'), 'nosniff')
  t.match(await response.text(), /^retry: 1000\n\nid: \d+-\d+\nevent: state\ndata: \{/)
})

t.test('a stored event cannot forge a field', async (t) => {
  const { id } = await client.create(spec)
  const attempt = await startJob(worker, id)
  await worker.tell(id, [{ name: 'stdout', data: '{"step":\n"x"}\r\rid: 9-9\n\nevent: result' }])
  await worker.commit(id, attempt, okResult)
  const text = (await ask(api.origin, 'GET', `/v1/jobs/${id}/events`, { key })).text
  t.notMatch(text, /^id: 9-9$/m)
  t.equal(text.match(/^event: result$/gm)?.length, 1)
})

t.test('what is refused', async (t) => {
  const { id } = await client.create(spec)
  const path = `/v1/jobs/${id}/events`
  for (const last of ['x', '1', '1-', '-1', '$', '+', '1-1-1', `${'9'.repeat(21)}-0`]) {
    const answer = await ask(api.origin, 'GET', path, { key, headers: { 'last-event-id': last } })
    t.match(answer, { status: 400, json: { code: 'invalid-header' } }, last)
  }
  const json = await ask(api.origin, 'GET', path, { key, headers: { accept: 'application/json' } })
  t.match(json, { status: 406, json: { code: 'not-acceptable' } })
  t.match(await ask(api.origin, 'GET', `${path}?from=1`, { key }), { status: 400 })
})

t.test('a client that goes away frees its stream', async () => {
  const { id } = await client.create(spec)
  const leaving = new AbortController()
  const following = all(client.events(id, { signal: leaving.signal })).catch(() => [])
  await streamsBecome(1)
  leaving.abort()
  await following
  await streamsBecome(0)
})

/** How often a page of events has been read of Redis. */
async function pagesRead(): Promise<number> {
  const stats = await redis.look.info('commandstats')
  return Number(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

t.test('a client that does not read makes us read no further than the socket takes', async (t) => {
  const { id } = await client.create(spec)
  const attempt = await startJob(worker, id)
  const piece = 'x'.repeat(48 * 1024)
  for (let at = 0; at < 600; at++) await worker.tell(id, [output(piece)])
  await worker.commit(id, attempt, okResult)
  const before = await pagesRead()
  const socket = connect(api.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.pause()
  socket.write(
    `GET /v1/jobs/${id}/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${key}\r\n\r\n`,
  )
  await streamsBecome(1)
  // Others are served meanwhile, for as long as reading all of it takes.
  const whole = await all(client.events(id))
  const readOnce = (await pagesRead()) - before
  const half = await pagesRead()
  t.equal(whole.at(-1)?.name, 'result')
  await all(client.events(id))
  const readAgain = (await pagesRead()) - half
  t.ok(
    readOnce - readAgain < readAgain / 2,
    `${readOnce - readAgain} pages for the slow one, ${readAgain} for a good one`,
  )
  socket.destroy()
  await streamsBecome(0)
})

t.test('when the process ends, streams end', async (t) => {
  const { id } = await client.create(spec)
  const response = await fetch(`${api.origin}/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${key}` },
  })
  const text = response.text()
  await streamsBecome(1)
  api.stop()
  t.match(await text, /event: state/)
})
