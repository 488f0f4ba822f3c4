// The admin socket, for whoever the file system lets in; and who may come in by HTTP.
import { lstatSync } from 'node:fs'
import { request } from 'node:http'
import t from 'tap'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
t.teardown(async () => {
  await api.close()
  await redis.close()
})

function admin(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const outgoing = request({ socketPath: api.adminSocket, method, path, headers }, (incoming) => {
      let text = ''
      incoming.on('data', (piece) => {
        text += String(piece)
      })
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, json: text === '' ? {} : JSON.parse(text) }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(
      body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    )
  })
}

const works = async (key: unknown): Promise<number> =>
  (await ask(api.origin, 'GET', '/v1/jobs', { key: String(key) })).status

t.test('the socket is for its owner only', (t) => {
  t.equal(lstatSync(api.adminSocket).mode & 0o777, 0o600)
  t.end()
})

t.test('a key from making to revoking', async (t) => {
  const made = await admin('POST', '/v1/admin/keys', { tenant: 'new' })
  t.equal(made.status, 201)
  t.match(made.json, { key: /^sk_/, tenant: 'new', grant: 'untrusted', scopes: ['submit', 'read'] })
  t.equal(await works(made.json.key), 200)
  const { keys } = (await admin('GET', '/v1/admin/keys')).json as {
    keys: Record<string, unknown>[]
  }
  const entry = keys.find(({ id }) => id === made.json.id)
  t.match(entry, { tenant: 'new', expiresAt: made.json.expiresAt })
  t.notOk(JSON.stringify(keys).includes(String(made.json.key).slice(20)), 'no secret in the list')
  t.notOk(JSON.stringify(keys).includes('Hash'), 'nor its hash')
  t.equal((await admin('DELETE', `/v1/admin/keys/${String(made.json.id)}`)).status, 204)
  t.equal(await works(made.json.key), 401, 'at once')
  t.match(await admin('DELETE', `/v1/admin/keys/${String(made.json.id)}`), {
    status: 404,
    json: { code: 'not-found' },
  })
})

t.test('wishes that are none', async (t) => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [{}, '/tenant'],
    [{ tenant: 'A B' }, '/tenant'],
    [{ tenant: '../x' }, '/tenant'],
    [{ tenant: 'a', grant: 'nowhere' }, '/grant'],
    [{ tenant: 'a', scopes: [] }, '/scopes'],
    [{ tenant: 'a', scopes: ['root'] }, '/scopes/0'],
    [{ tenant: 'a', expiresInSeconds: 0 }, '/expiresInSeconds'],
    [{ tenant: 'a', expiresInSeconds: -1 }, '/expiresInSeconds'],
    [{ tenant: 'a', expiresInSeconds: 1e12 }, '/expiresInSeconds'],
    [{ tenant: 'a', unknown: 1 }, '/unknown'],
  ]
  for (const [body, pointer] of wrong) {
    const answer = await admin('POST', '/v1/admin/keys', body)
    t.equal(answer.status, 400, JSON.stringify(body))
    t.match(answer.json, { code: 'invalid-request', violations: [{ pointer }] })
  }
  t.match(await admin('POST', '/v1/admin/keys'), { status: 400, json: { code: 'malformed-json' } })
  t.match(await admin('POST', '/v1/admin/keys', '{"tenant":"a","tenant":"b"}'), {
    status: 400,
    json: { code: 'malformed-json' },
  })
  t.match(await admin('DELETE', '/v1/admin/keys/..'), { status: 404 })
})

t.test(
  'on the public address with a key that has the scope admin, and with no other',
  async (t) => {
    const keys = {
      plain: await api.key('main', ['submit', 'read']),
      operator: await api.key('operator', ['admin']),
    }
    const routes = [
      ['POST', '/v1/admin/keys'],
      ['GET', '/v1/admin/keys'],
      ['POST', `/v1/admin/keys/${'0'.repeat(16)}/rotate`],
      ['DELETE', `/v1/admin/keys/${'0'.repeat(16)}`],
      ['POST', '/v1/admin/tenants'],
      ['GET', '/v1/admin/tenants'],
      ['GET', '/v1/admin/tenants/main'],
      ['PATCH', '/v1/admin/tenants/main'],
      ['DELETE', '/v1/admin/tenants/main'],
    ] as const
    for (const [method, path] of routes) {
      t.equal((await ask(api.origin, method, path)).status, 401, `${method} ${path}`)
      const denied = await ask(api.origin, method, path, {
        key: keys.plain,
        ...(method === 'GET' ? {} : { body: {} }),
      })
      t.match(denied, { status: 403, json: { code: 'scope-missing' } })
    }
    t.equal((await ask(api.origin, 'GET', '/v1/admin/keys', { key: keys.operator })).status, 200)
    const body = { language: 'bash', source: 'true' }
    for (const [method, path, options] of [
      ['POST', '/v1/jobs', { body }],
      ['GET', '/v1/jobs', {}],
    ] as const) {
      const answer = await ask(api.origin, method, path, { key: keys.operator, ...options })
      t.match(answer, { status: 403, json: { code: 'scope-missing' } }, 'admin is no other scope')
    }
  },
)
