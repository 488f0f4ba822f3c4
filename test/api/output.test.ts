// Large output through HTTP: the same contract as small output, streamed from its file; the raw bytes; and what happens when the file
// is not what it should be, or the client does not read.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Job, OutputFile } from '../../contract/result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'
import { okResult, startJob } from './run-result.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis, { settings: { requestMs: 2000 } })
const worker = await api.openWorker()
const key = await api.key('main')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

type Wrote = { readonly bytes: Buffer; readonly encoding: 'utf8' | 'base64' }

async function store(jobId: string, { bytes }: Wrote): Promise<OutputFile> {
  const writer = worker.outputs.create('main', jobId)
  await writer.write(bytes)
  return await writer.finish()
}

/** A finished job of one step whose output lies in files. */
async function finishedWith(stdout: Wrote, stderr: Wrote): Promise<string> {
  const body = { language: 'bash', source: 'true' }
  const { id } = (await ask(api.origin, 'POST', '/v1/jobs', { key, body })).json as Job
  const attempt = await startJob(worker, id)
  const [step] = okResult.steps
  if (step === undefined) throw new Error('there is no step')
  const kept = {
    ...step,
    stdout: await store(id, stdout),
    stderr: await store(id, stderr),
    encoding: { stdout: stdout.encoding, stderr: stderr.encoding },
  }
  if (!(await worker.commit(id, attempt, { ...okResult, steps: [kept] })))
    throw new Error('the result was stale')
  return id
}

const read = (id: string, wait = ''): ReturnType<typeof ask> =>
  ask(api.origin, 'GET', `/v1/jobs/${id}${wait}`, { key })

const raw = (id: string, path: string, headers = {}): Promise<Response> =>
  fetch(`${api.origin}/v1/jobs/${id}/output/${path}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
  })

const text: Wrote = {
  bytes: Buffer.from('"quotes" \\ \u0000\u001b\u2028 日本語 \u{1f600}\r\n'.repeat(20_001)),
  encoding: 'utf8',
}
const noText = (bytes: number): Wrote => ({ bytes: randomBytes(bytes), encoding: 'base64' })

t.test('a job with large output reads as one with small output', async (t) => {
  const stderr = noText(100_001)
  const id = await finishedWith(text, stderr)
  for (const answer of [await read(id), await read(id, '?wait=1')]) {
    t.equal(answer.status, 200)
    t.match(answer.headers.get('content-type'), /^application\/json/)
    const job = answer.json as Job
    t.equal(Object.keys(job)[0], 'id')
    t.same(job.encoding, { stdout: 'utf8', stderr: 'base64' })
    for (const part of [job, job.steps[0]]) {
      t.ok(part?.stdout === text.bytes.toString())
      t.ok(part?.stderr === stderr.bytes.toString('base64'))
    }
    t.match(job, { outcome: 'ok', exitCode: 0, state: 'finished', steps: [{ name: 'run' }] })
  }
  const deleted = await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key })
  t.ok((deleted.json as Job).stdout === text.bytes.toString(), 'also where it is cancelled late')
})

t.test('base64 is whole at every length, and a place in the text is not mistaken', async (t) => {
  for (const bytes of [16_385, 65_536, 65_537, 65_538, 131_071]) {
    const [stdout, stderr] = [noText(bytes), noText(bytes + 1)]
    const job = (await read(await finishedWith(stdout, stderr))).json as Job
    t.ok(Buffer.from(job.stdout ?? '', 'base64').equals(stdout.bytes), `${bytes}`)
    t.ok(Buffer.from(job.stderr ?? '', 'base64').equals(stderr.bytes))
  }
})

t.test('the raw bytes, whole and in ranges', async (t) => {
  const stderr = noText(100_000)
  const id = await finishedWith(text, stderr)
  const whole = await raw(id, 'run/stderr')
  t.equal(whole.status, 200)
  t.equal(whole.headers.get('content-type'), 'application/octet-stream')
  t.equal(whole.headers.get('content-length'), '100000')
  t.equal(whole.headers.get('accept-ranges'), 'bytes')
  t.equal(whole.headers.get('x-content-type-options'), 'nosniff')
  t.match(whole.headers.get('content-disposition'), /^attachment; filename="job_\w+-run-stderr"$/)
  t.ok(Buffer.from(await whole.arrayBuffer()).equals(stderr.bytes))
  const ranges: readonly [string, number, number][] = [
    ['bytes=0-0', 0, 1],
    ['bytes=99990-', 99_990, 100_000],
    ['bytes=-10', 99_990, 100_000],
    ['bytes=65530-65545', 65_530, 65_546],
    ['bytes=5-999999999', 5, 100_000],
    ['bytes=-999999', 0, 100_000],
  ]
  for (const [range, start, end] of ranges) {
    const part = await raw(id, 'run/stderr', { range })
    t.equal(part.status, 206, range)
    t.equal(part.headers.get('content-range'), `bytes ${start}-${end - 1}/100000`)
    t.ok(Buffer.from(await part.arrayBuffer()).equals(stderr.bytes.subarray(start, end)))
  }
  for (const range of ['bytes=100000-', 'bytes=-0', 'bytes=100001-100002']) {
    const none = await raw(id, 'run/stderr', { range })
    t.equal(none.status, 416, range)
    t.equal(none.headers.get('content-range'), 'bytes */100000')
    t.match(await none.json(), { code: 'range-not-satisfiable' })
  }
  for (const range of ['bytes=1-0', 'bytes=a-', 'lines=1-2', 'bytes=0-1,3-4', 'bytes=-'])
    t.equal((await raw(id, 'run/stderr', { range })).status, 200, `${range} is no range of ours`)
})

t.test('small output is there as bytes as well; what is not there is not found', async (t) => {
  const body = { language: 'bash', source: 'true' }
  const { id } = (await ask(api.origin, 'POST', '/v1/jobs', { key, body })).json as Job
  t.equal((await raw(id, 'run/stdout')).status, 404, 'not before its end')
  await worker.commit(id, await startJob(worker, id), okResult)
  t.equal(await (await raw(id, 'run/stdout')).text(), '42\n')
  t.equal(await (await raw(id, 'run/stdout', { range: 'bytes=1-' })).text(), '2\n')
  t.equal(await (await raw(id, 'run/stderr')).text(), '')
  for (const path of ['run/stdin', 'other/stdout', 'run/..%2f..', '..%2f/stdout'])
    t.equal((await raw(id, path)).status, 404, path)
  const stranger = await api.key('stranger')
  const answer = await ask(api.origin, 'GET', `/v1/jobs/${id}/output/run/stdout`, { key: stranger })
  t.match(answer, { status: 404, json: { code: 'not-found' } })
})

t.test('a damaged or missing file is an error, and the next request is served', async (t) => {
  const id = await finishedWith(text, noText(20_000))
  const folder = join(redis.directory, 'outputs', 'main', id)
  const digest = createHash('sha256').update(text.bytes).digest('hex')
  writeFileSync(join(folder, digest), Buffer.alloc(text.bytes.length))
  const lost = { status: 500, json: { code: 'output-lost' } }
  t.match(await read(id), lost)
  t.equal((await raw(id, 'run/stdout')).status, 500)
  t.equal((await raw(id, 'run/stderr')).status, 200, 'the other one is whole')
  rmSync(join(folder, digest))
  t.match(await read(id), lost)
  const list = await ask(api.origin, 'GET', '/v1/jobs', { key })
  t.match((list.json as { jobs: Job[] }).jobs[0], { id, outcome: 'ok' }, 'the end stands in lists')
})

/** Files of outputs that this process holds open. */
const openFiles = (): number => {
  let count = 0
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(join('/proc/self/fd', name)).includes('/outputs/main/')) count++
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return count
}

t.test('a client that does not read is cut off, and the file is let go', async (t) => {
  const id = await finishedWith(noText(30_000_000), text)
  const socket = connect(api.port, '127.0.0.1')
  const closed = once(api.app.server, 'connection').then(([peer]) => once(peer, 'close'))
  await once(socket, 'connect')
  socket.pause()
  socket.on('error', () => undefined)
  const before = process.memoryUsage()
  socket.write(`GET /v1/jobs/${id} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${key}\r\n\r\n`)
  await closed
  const after = process.memoryUsage()
  t.comment(`heap ${before.heapUsed} to ${after.heapUsed}`)
  socket.destroy()
  while (openFiles() > 0) await new Promise(setImmediate)
  t.equal(openFiles(), 0, 'no descriptor is left')
  t.equal((await read(id)).status, 200, 'a good client gets all of it')
  while (openFiles() > 0) await new Promise(setImmediate)
})
