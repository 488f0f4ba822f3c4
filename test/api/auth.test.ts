// Who may ask: keys, scopes, tenants. No route of the interface without a key but that of public keys, no tenant sees another's job.
import { createHash } from 'node:crypto'
import t from 'tap'
import { keyPattern } from '../../contract/key.js'
import type { Job } from '../../contract/result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const key = await api.key('main')
const body = { language: 'bash', source: 'true' }
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const someJob = `job_${'0'.repeat(26)}`
const someBatch = someJob.replace('job_', 'bat_')
const keyed: readonly (readonly [string, string])[] = [
  ['POST', '/v1/jobs'],
  ['GET', '/v1/jobs'],
  ['GET', `/v1/jobs/${someJob}`],
  ['DELETE', `/v1/jobs/${someJob}`],
  ['GET', `/v1/jobs/${someJob}/events`],
  ['GET', `/v1/jobs/${someJob}/output/run/stdout`],
  ['GET', `/v1/jobs/${someJob}/deliveries`],
  ['GET', `/v1/jobs/${someJob}/artifacts`],
  ['GET', `/v1/jobs/${someJob}/artifacts.tar`],
  ['GET', `/v1/jobs/${someJob}/artifacts.zip`],
  ['GET', `/v1/jobs/${someJob}/artifacts/some`],
  ['POST', '/v1/batches'],
  ['GET', `/v1/batches/${someBatch}`],
  ['DELETE', `/v1/batches/${someBatch}`],
  ['GET', `/v1/batches/${someBatch}/deliveries`],
  ['GET', '/v1/sessions'],
  ['POST', '/v1/sessions'],
  ['GET', `/v1/sessions/${someJob}`],
  ['DELETE', `/v1/sessions/${someJob}`],
  ['POST', `/v1/sessions/${someJob}/exec`],
  ['GET', `/v1/sessions/${someJob}/attach`],
  ['GET', '/v1/secrets'],
  ['PUT', '/v1/secrets/some'],
  ['DELETE', '/v1/secrets/some'],
  ['POST', '/v1/policy/evaluate'],
  ['GET', '/v1/policy/rules'],
  ['GET', '/v1/policy/rules/host-path'],
  ['GET', '/v1/languages'],
  ['GET', '/v1/images'],
  ['GET', '/v1/usage'],
  ['GET', '/v1/admin/tenants'],
  ['POST', '/v1/admin/tenants'],
  ['GET', '/v1/admin/tenants/some'],
  ['PATCH', '/v1/admin/tenants/some'],
  ['DELETE', '/v1/admin/tenants/some'],
  ['POST', '/v1/admin/tenants/some/webhook-secret'],
  ['DELETE', '/v1/admin/tenants/some/webhook-secret'],
  ['GET', '/v1/admin/keys'],
  ['POST', '/v1/admin/keys'],
  ['POST', `/v1/admin/keys/${'0'.repeat(16)}/rotate`],
  ['DELETE', `/v1/admin/keys/${'0'.repeat(16)}`],
]

/** Public keys are for whoever is shown a receipt, and tell nothing of any tenant. */
const open: readonly (readonly [string, string])[] = [['GET', '/v1/attestation']]

const wrongKeys: Readonly<Record<string, Record<string, string>>> = {
  'no key': {},
  'an empty header': { authorization: '' },
  'another scheme': { authorization: `Basic ${Buffer.from(`a:${key}`).toString('base64')}` },
  'no scheme': { authorization: key },
  'a key of another form': { authorization: 'Bearer sk_short' },
  'an unknown id': { authorization: `Bearer sk_${'0'.repeat(16)}_${'A'.repeat(43)}` },
  'another secret': { authorization: `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` },
  'a longer key': { authorization: `Bearer ${key}A` },
  'two keys': { authorization: `Bearer ${key} ${key}` },
  'a claim to be local': { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' },
}

for (const [method, path] of keyed) {
  t.test(`${method} ${path} needs a key`, async (t) => {
    for (const [name, headers] of Object.entries(wrongKeys)) {
      const answer = await ask(api.origin, method, path, { headers })
      t.equal(answer.status, 401, name)
      t.match(answer.json, { code: 'unauthenticated', status: 401 })
      t.match(answer.headers.get('www-authenticate'), /^Bearer/)
    }
  })
}

for (const [method, path] of open) {
  t.test(`${method} ${path} is for everybody`, async (t) => {
    for (const headers of Object.values(wrongKeys))
      t.equal((await ask(api.origin, method, path, { headers })).status, 200)
  })
}

t.test('the lists above are every route under /v1', async (t) => {
  const { paths } = (await ask(api.origin, 'GET', '/openapi.json')).json as {
    paths: Record<string, object>
  }
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) =>
        `${method.toUpperCase()} ${path
          .replace('rules/{rule}', 'rules/host-path')
          .replace('keys/{id}', `keys/${'0'.repeat(16)}`)
          .replace('batches/{id}', `batches/${someBatch}`)
          .replace('{id}', someJob)
          .replace('{name}', 'some')
          .replace('{path}', 'some')
          .replace('{step}/{stream}', 'run/stdout')}`,
    ),
  )
  // OpenAPI has no WebSockets: docs/agents.md describes it.
  described.push(`GET /v1/sessions/${someJob}/attach`)
  const listed = [...keyed, ...open].map((route) => route.join(' '))
  t.same(described.filter((route) => route.includes('/v1/')).sort(), [...listed].sort())
})

t.test('without a key no body is read: 401 before 400 and 413', async (t) => {
  t.equal((await ask(api.origin, 'POST', '/v1/jobs', { bytes: 'not json' })).status, 401)
})

t.test('scopes', async (t) => {
  const reader = await api.key('main', ['read'])
  const sender = await api.key('main', ['submit'])
  const denied = await ask(api.origin, 'POST', '/v1/jobs', { key: reader, body })
  t.match(denied, { status: 403, json: { code: 'scope-missing', detail: /submit/ } })
  const created = await ask(api.origin, 'POST', '/v1/jobs', { key: sender, body })
  t.equal(created.status, 202)
  const { id } = created.json as Job
  t.match(await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key: sender }), {
    status: 403,
    json: { detail: /read/ },
  })
  t.equal((await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key: reader })).status, 200)
  t.equal((await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key: reader })).status, 403)
})

t.test('row 106: another tenant’s job is not there', async (t) => {
  const { id } = (await ask(api.origin, 'POST', '/v1/jobs', { key, body })).json as Job
  const stranger = await api.key('stranger')
  const missing = await ask(api.origin, 'GET', `/v1/jobs/${someJob}`, { key: stranger })
  for (const [method, path] of [
    ['GET', `/v1/jobs/${id}`],
    ['GET', `/v1/jobs/${id}?wait=5`],
    ['DELETE', `/v1/jobs/${id}`],
    ['GET', `/v1/jobs/${id}/events`],
    ['GET', `/v1/jobs/${id}/output/run/stdout`],
  ] as const) {
    const answer = await ask(api.origin, method, path, { key: stranger })
    t.equal(answer.status, 404, `${method} ${path}`)
    const { requestId: _one, ...told } = answer.json as Record<string, unknown>
    const { requestId: _two, ...unknown } = missing.json as Record<string, unknown>
    t.same(told, unknown, 'nothing tells it from a job that never was')
  }
  t.match((await ask(api.origin, 'GET', '/v1/jobs', { key: stranger })).json, { jobs: [] })
  t.match(
    await ask(api.origin, 'GET', `/v1/jobs/${id}`, { key }),
    { status: 200, json: { state: 'queued' } },
    'control',
  )
})

t.test('what is stored of a key', async (t) => {
  const [, id, secret] = keyPattern.exec(key) ?? []
  const stored = (await redis.look.get(`stockade:key:record:${id}`)) ?? ''
  t.notOk(stored.includes(secret ?? 'none'), 'not the secret')
  t.ok(
    stored.includes(
      createHash('sha256')
        .update(secret ?? '')
        .digest('hex'),
    ),
  )
  t.ok((await redis.look.ttl(`stockade:key:record:${id}`)) > 0, 'it goes when it expires')
  t.notOk(
    api.lines.some((line) => line.includes(secret ?? 'none')),
    'no log line has it',
  )
})

t.test('a record that we did not write is no key', async (t) => {
  const victim = await api.key('victim')
  const [, id] = keyPattern.exec(victim) ?? []
  const name = `stockade:key:record:${id}`
  const stored = (await redis.look.get(name)) ?? ''
  const forged = {
    'another tenant': stored.replace('"victim"', '"main"'),
    'more scopes': stored.replace('["submit","read"]', '["submit","read","admin"]'),
    'no tag': stored.slice(65),
    'another record’s place':
      (await redis.look.get(`stockade:key:record:${keyPattern.exec(key)?.[1]}`)) ?? '',
    nothing: '',
    'no JSON': 'x'.repeat(100),
  }
  for (const [what, text] of Object.entries(forged)) {
    await redis.look.set(name, text)
    t.equal((await ask(api.origin, 'GET', '/v1/jobs', { key: victim })).status, 401, what)
  }
  await redis.look.set(name, stored)
  t.equal((await ask(api.origin, 'GET', '/v1/jobs', { key: victim })).status, 200, 'control')
})

t.test('a key that has expired', async (t) => {
  const { key: short, record } = await api.service.keys.create({
    tenant: 'main',
    grant: 'untrusted',
    scopes: ['read'],
    expiresInSeconds: 1,
  })
  t.equal(
    (await ask(api.origin, 'GET', '/v1/jobs', { key: short })).status,
    200,
    'control, and now it is cached',
  )
  await new Promise((resolve) => setTimeout(resolve, record.expiresAtMs - Date.now() + 5))
  t.equal((await ask(api.origin, 'GET', '/v1/jobs', { key: short })).status, 401)
})

t.test('a key whose grant is gone is denied by policy', async (t) => {
  const orphan = await api.key('main', ['submit', 'read'], 'gone')
  const answer = await ask(api.origin, 'POST', '/v1/jobs', { key: orphan, body })
  t.match(answer, { status: 403, json: { code: 'policy-denied', violations: [{ rule: 'grant' }] } })
})

t.test('health, the document and its page need no key, and nothing else is open', async (t) => {
  for (const path of [
    '/healthz',
    '/readyz',
    '/openapi.json',
    '/docs',
    '/docs/errors/not-found',
    '/metrics',
  ]) {
    t.equal((await fetch(`${api.origin}${path}`)).status, 200, path)
  }
})
