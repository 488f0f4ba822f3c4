// Every row of contract/error.ts, reached through the front door: its status, its form, its link; and nobody sees more of our fault.
import { once } from 'node:events'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { type ErrorCode, errorCodes, errors, type Problem } from '../../contract/error.js'
import { auditFile } from '../../queue/audit-log.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask, exchange } from './raw-http.js'
import { okResult, runJob } from './run-result.js'

const redis = await openLiveRedis()
const grants = {
  'tiny.yaml': 'name: tiny\nextends: untrusted\nqueuedJobs: 1\nrunningJobs: 1\n',
  'slow.yaml': 'name: slow\nextends: untrusted\nsubmitsPerMinute: 1\n',
}
const settings = { queuedJobsMax: 4, requestHeadersMs: 1000, bodyBytesMax: 4096 }
let imagesAreThere = true
const api = await openLiveApi(redis, {
  settings,
  grants,
  files: (files) => ({
    ...files,
    get catalogue() {
      if (broken) throw new Error('a secret of the house')
      return imagesAreThere ? files.catalogue : { ...files.catalogue, images: [] }
    },
  }),
})
let broken = false
/** Another process of the same service, with room for few. */
const narrow = await openLiveApi(redis, {
  settings: {
    tenantWaitsMax: 1,
    addressConnectionsMax: 3,
    keyRequestsPerMinute: 3,
    adminSocket: join(redis.directory, 'narrow.sock'),
  },
})
const key = await api.key('main')
const reader = await api.key('main', ['read'])
const tiny = await api.key('tiny', ['submit'], 'tiny')
const slow = await api.key('slow', ['submit'], 'slow')
const admin = await api.key('operator', ['admin'])
const body = { language: 'bash', source: 'true' }
const reached = new Map<ErrorCode, unknown>()
t.teardown(async () => {
  await narrow.close()
  await api.close()
  await redis.close()
})

const post = (more: Parameters<typeof ask>[3]): ReturnType<typeof ask> =>
  ask(api.origin, 'POST', '/v1/jobs', { key, body, ...more })
const get = (path: string, more: Parameters<typeof ask>[3] = {}): ReturnType<typeof ask> =>
  ask(api.origin, 'GET', path, { key, ...more })

/** Sends until the answer has the status. */
async function until(
  status: number,
  send: () => ReturnType<typeof ask>,
): Promise<Awaited<ReturnType<typeof ask>>> {
  for (;;) {
    const answer = await send()
    if (answer.status === status) return answer
  }
}

const jsonOf = (raw: string): unknown => JSON.parse(raw.slice(raw.indexOf('\r\n\r\n') + 4))

async function conflict(): ReturnType<typeof ask> {
  const headers = { 'idempotency-key': 'x' }
  await post({ headers })
  return post({ headers, body: { ...body, stdin: 'other' } })
}

function change(headers: Record<string, string>, name = 'tiny'): ReturnType<typeof ask> {
  const options = {
    key: admin,
    body: { description: 'changed', disabled: name === 'off' },
    headers,
  }
  return ask(api.origin, 'PATCH', `/v1/admin/tenants/${name}`, options)
}

async function disabled(): ReturnType<typeof ask> {
  const off = await api.key('off')
  await change({ 'if-match': '*' }, 'off')
  return get('/v1/jobs', { key: off })
}

async function tooManyDependents(): ReturnType<typeof ask> {
  const { id } = (await post({ key: await api.key('crowd') })).json as { id: string }
  const crowd = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [`job-${at}`, 'success']),
  )
  await redis.look.hset(`stockade:{default}:dependents:${id}`, crowd)
  return post({ key: await api.key('crowd'), body: { ...body, after: [{ job: id }] } })
}

async function withCallback(): ReturnType<typeof ask> {
  const builder = await api.key('builder', ['submit'], 'ci')
  return post({ key: builder, body: { ...body, callback: 'https://hooks.example.com/' } })
}

async function internal(): ReturnType<typeof ask> {
  broken = true
  const answer = await post({})
  broken = false
  return answer
}

async function tooManyWaits(): ReturnType<typeof ask> {
  const wait = (): ReturnType<typeof ask> =>
    ask(narrow.origin, 'POST', '/v1/jobs?wait=300', { key, body })
  // Of two at one time one is refused, the other waits until the process ends.
  return Promise.race([wait(), wait()])
}

async function tooManyConnections(): Promise<unknown> {
  const held = Array.from({ length: 3 }, () => connect(narrow.port, '127.0.0.1'))
  for (const socket of held) socket.on('error', () => undefined)
  await Promise.all(held.map((socket) => once(socket, 'connect')))
  const answer = await exchange(narrow.port, ['GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n'])
  for (const socket of held) socket.destroy()
  return jsonOf(answer.text)
}

async function notReady(): ReturnType<typeof ask> {
  imagesAreThere = false
  const answer = await get('/readyz')
  imagesAreThere = true
  return answer
}

async function storeAway(): ReturnType<typeof ask> {
  await redis.stop()
  return until(503, () => get('/readyz'))
}

/** A finished job whose large output has no file. */
async function finishedJob(): Promise<string> {
  const { id } = (await post({})).json as { id: string }
  const [step] = okResult.steps
  if (step === undefined) throw new Error('there is no step')
  const stderr = { digest: '0'.repeat(64), bytes: 20_000 }
  await runJob(await api.openWorker(), id, { ...okResult, steps: [{ ...step, stderr }] })
  return id
}

async function outOfRange(): ReturnType<typeof ask> {
  const path = `/v1/jobs/${await finishedJob()}/output/run/stdout`
  return get(path, { headers: { range: 'bytes=3-' } })
}

async function storeFull(): ReturnType<typeof ask> {
  const text = await redis.look.info('memory')
  const used = Number(/^used_memory:(\d+)/m.exec(text)?.[1])
  await redis.look.config('SET', 'maxmemory', Math.round(used * 1.1))
  const answer = await until(503, () => post({}))
  await redis.look.config('SET', 'maxmemory', 0)
  return answer
}

/** A log whose disk is full: the kernel answers ENOSPC to every write to /dev/full. */
async function auditFull(): ReturnType<typeof ask> {
  const path = auditFile(api.settings.auditDirectory, 'api')
  renameSync(path, `${path}.1`)
  symlinkSync('/dev/full', path)
  await api.service.audit.reopen()
  const answer = await post({})
  rmSync(path)
  await api.service.audit.reopen()
  return answer
}

/** In this order: the last ones end the service. */
const ways: Readonly<Record<ErrorCode, () => Promise<unknown>>> = {
  'malformed-json': async () => (await post({ bytes: '{' })).json,
  'invalid-request': async () => (await post({ body: {} })).json,
  'invalid-header': async () => (await get('/v1/jobs?limit=x')).json,
  'invalid-cursor': async () => (await get('/v1/jobs?cursor=x')).json,
  unauthenticated: async () => (await get('/v1/jobs', { key: 'none' })).json,
  'scope-missing': async () => (await post({ key: reader })).json,
  'tenant-disabled': async () => (await disabled()).json,
  'policy-denied': async () => (await post({ body: { ...body, privileged: true } })).json,
  'not-found': async () => (await get('/v1/nothing')).json,
  'output-lost': async () => (await get(`/v1/jobs/${await finishedJob()}`)).json,
  'range-not-satisfiable': async () => (await outOfRange()).json,
  'method-not-allowed': async () => (await ask(api.origin, 'PUT', '/v1/jobs', { key, body })).json,
  'not-acceptable': async () =>
    (await get(`/v1/jobs/job_${'0'.repeat(26)}/events`, { headers: { accept: 'image/png' } })).json,
  'request-timeout': async () =>
    jsonOf((await exchange(api.port, ['GET / HTTP/1.1\r\nHost: h\r\nX'])).text),
  'idempotency-conflict': async () => (await conflict()).json,
  'unknown-dependency': async () =>
    (await post({ body: { ...body, after: [{ job: `job_${'0'.repeat(26)}` }] } })).json,
  'too-many-dependents': async () => (await tooManyDependents()).json,
  'webhook-secret-missing': async () => (await withCallback()).json,
  conflict: async () =>
    (await ask(api.origin, 'POST', '/v1/admin/tenants', { key: admin, body: { name: 'tiny' } }))
      .json,
  'revision-required': async () => (await change({})).json,
  'revision-mismatch': async () => (await change({ 'if-match': '"77"' })).json,
  'payload-too-large': async () =>
    (await post({ body: { ...body, stdin: 'x'.repeat(5000) } })).json,
  'unsupported-media-type': async () =>
    (await post({ headers: { 'content-type': 'text/plain' } })).json,
  'quota-exceeded': async () => (await until(429, () => post({ key: slow }))).json,
  'tenant-queue-full': async () => (await until(429, () => post({ key: tiny }))).json,
  'queue-full': async () => (await until(429, () => post({}))).json,
  'too-many-waits': async () => (await tooManyWaits()).json,
  'too-many-requests': async () =>
    (await until(429, () => ask(narrow.origin, 'GET', '/v1/jobs', { key: reader }))).json,
  'too-many-connections': tooManyConnections,
  'headers-too-large': async () =>
    jsonOf(
      (await exchange(api.port, [`GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`]))
        .text,
    ),
  internal: async () => (await internal()).json,
  'not-ready': async () => (await notReady()).json,
  'audit-unavailable': async () => (await auditFull()).json,
  'store-full': async () => (await storeFull()).json,
  'store-unavailable': async () => (await storeAway()).json,
  'shutting-down': async () => {
    api.stop()
    return (await get('/v1/jobs')).json
  },
}

for (const [code, way] of Object.entries(ways) as [ErrorCode, () => Promise<unknown>][]) {
  t.test(code, async (t) => {
    const problem = (await way()) as Problem
    reached.set(code, problem)
    const { status, title } = errors[code]
    t.match(problem, { code, status, title, type: `/docs/errors/${code}` })
    const members = [
      'type',
      'title',
      'status',
      'code',
      'detail',
      'requestId',
      'violations',
      'quota',
      'suggestion',
    ]
    t.same(
      Object.keys(problem).filter((name) => !members.includes(name)),
      [],
      'RFC 9457 and our members only',
    )
  })
}

t.test('all codes were reached', (t) => {
  t.same([...reached.keys()].sort(), [...errorCodes].sort())
  t.end()
})

t.test('our fault says nothing of itself, but the log does, under the same id', (t) => {
  const problem = reached.get('internal') as Problem
  t.notMatch(JSON.stringify(problem), /secret|stack|Error/)
  const line = api.lines.find((one) => one.includes('a secret of the house')) ?? '{}'
  t.equal(JSON.parse(line).requestId, problem.requestId)
  t.end()
})

t.test('refusals were counted by code, denials by rule', async (t) => {
  const text = await api.service.telemetry.scrape()
  t.match(text, /stockade_jobs_refused_total\{code="policy-denied"\} 1/)
  t.match(text, /stockade_jobs_refused_total\{code="malformed-json"\} 1/)
  t.match(text, /stockade_jobs_denied_total\{rule="privileged"\} 1/)
  t.match(text, /stockade_jobs_admitted_total\{grant="untrusted"\} \d/)
  t.match(
    text,
    /stockade_http_request_seconds_count\{method="POST",route="\/v1\/jobs",status="403"\} \d/,
  )
  t.notMatch(text, /main|job_/, 'no tenant and no job')
  const [, seconds] =
    /stockade_http_request_seconds_sum\{method="POST",route="\/v1\/jobs",status="403"\} (\S+)/.exec(
      text,
    ) ?? []
  t.ok(Number(seconds) > 0, 'the clock of requests runs')
})
