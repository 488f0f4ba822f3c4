// The api as a process: its settings, its signals, its log, its memory.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { variableOf } from '../../contract/config.js'
import type { Job } from '../../contract/result.js'
import { releaseDirectory } from '../../queue/settings-file.js'
import { freePort } from '../free-port.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const key = await api.key('main')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

type Process = {
  readonly child: ChildProcess
  readonly origin: string
  readonly metricsOrigin: string
  readonly log: string[]
  readonly ended: Promise<unknown>
}

async function start(): Promise<Process> {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const settings = redis.settings('api', {
    address: `127.0.0.1:${port}`,
    metricsAddress: `127.0.0.1:${metricsPort}`,
    adminSocket: join(redis.directory, 'process-admin.sock'),
    drainMs: 1000,
  })
  const variables = Object.entries(settings).map(
    ([name, value]) => [variableOf(name), String(value)] as const,
  )
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=512', join(releaseDirectory, 'dist', 'api', 'main.js')],
    {
      env: { PATH: process.env.PATH ?? '', ...Object.fromEntries(variables) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const log: string[] = []
  let rest = ''
  const ended = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (piece: Buffer) => {
      const lines = (rest + piece.toString()).split('\n')
      rest = lines.pop() ?? ''
      log.push(...lines)
      if (lines.some((line) => line.includes('"listening"'))) resolve()
    })
    child.once('exit', () => reject(new Error(log.join('\n'))))
  })
  return {
    child,
    origin: `http://127.0.0.1:${port}`,
    metricsOrigin: `http://127.0.0.1:${metricsPort}`,
    log,
    ended,
  }
}

t.test('SIGTERM: waiting requests get their 202, the process ends with 0', async (t) => {
  const { child, origin, ended, log } = await start()
  const body = {
    language: 'bash',
    source: 'echo a-secret-of-the-source',
    env: { A: 'a-secret-of-the-environment' },
  }
  const waiting = ask(origin, 'POST', '/v1/jobs?wait=300', { key, body })
  for (let jobs = 0; jobs === 0; )
    jobs = ((await ask(origin, 'GET', '/v1/jobs', { key })).json as { jobs: Job[] }).jobs.length
  child.kill('SIGTERM')
  const answer = await waiting
  t.equal(answer.status, 202)
  t.match(answer.json, { state: 'queued' })
  t.same(await ended, [0, null])
  const { id } = answer.json as Job
  t.match(
    await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key }),
    { status: 200 },
    'the job itself is safe',
  )
  t.ok(
    log.some((line) => line.includes(id)),
    'the job’s id is in the log',
  )
  const secret = key.split('_')[2] ?? 'none'
  for (const word of [
    secret,
    'a-secret-of-the-source',
    'a-secret-of-the-environment',
    'wait=300',
  ]) {
    t.notOk(
      log.some((line) => line.includes(word)),
      'and no secret, no source, no query',
    )
  }
  for (const line of log) t.ok(typeof JSON.parse(line) === 'object', 'each line is JSON')
})

t.test('metrics on a listener of their own are not on the public one', async (t) => {
  const { child, origin, metricsOrigin, ended } = await start()
  t.equal((await ask(origin, 'GET', '/metrics')).status, 404)
  const metrics = await ask(metricsOrigin, 'GET', '/metrics')
  t.equal(metrics.status, 200)
  t.match(metrics.text, /^nodejs_eventloop_lag_seconds /m)
  t.equal((await ask(metricsOrigin, 'GET', '/v1/jobs', { key })).status, 404)
  const status = /^process_resident_memory_bytes (\d+)/m.exec(metrics.text)
  t.ok(Number(status?.[1]) < 200 * 1024 * 1024, `${status?.[1]} bytes at rest`)
  child.kill('SIGINT')
  t.same(await ended, [0, null])
})

t.test('kill -9, then a start: the old admin socket is in nobody’s way', async (t) => {
  const first = await start()
  first.child.kill('SIGKILL')
  await first.ended
  t.ok(existsSync(join(redis.directory, 'process-admin.sock')))
  const second = await start()
  t.equal((await ask(second.origin, 'GET', '/readyz')).status, 200)
  second.child.kill('SIGTERM')
  t.same(await second.ended, [0, null])
})

t.test('settings that are wrong: every fault in one line, exit 2', async (t) => {
  const child = spawn(process.execPath, [join(releaseDirectory, 'dist', 'api', 'main.js')], {
    env: { STOCKADE_SLOTS: '0', STOCKADE_NOPE: '1', STOCKADE_ADDRESS: 'x' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr?.on('data', (piece) => {
    text += String(piece)
  })
  t.same(await once(child, 'close'), [2, null])
  t.match(text, /unknown variable STOCKADE_NOPE/)
  t.match(text, /slots/)
  t.match(text, /address/)
})

t.test('while it ends, new requests are refused', async (t) => {
  api.stop()
  const answer = await ask(api.origin, 'GET', '/v1/jobs', { key })
  t.match(answer, { status: 503, json: { code: 'shutting-down' } })
  t.equal(answer.headers.get('connection'), 'close')
})
