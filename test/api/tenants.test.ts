// Tenants and keys under two admins at once, their ends, and what Redis may have done to their records meanwhile.
import t from 'tap'
import { keyPattern } from '../../contract/key.js'
import type { Tenant } from '../../contract/tenant.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { type Answer, ask } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
/** A second api process of the same service. */
const other = await openLiveApi(redis, { settings: { adminSocket: `${redis.directory}/two.sock` } })
const worker = await api.openWorker()
const admin = await api.key('operator', ['admin'])
t.teardown(async () => {
  await other.close()
  await api.close()
  await redis.close()
})

type Options = { readonly body?: unknown; readonly match?: string; readonly key?: string }

function call(method: string, path: string, options: Options = {}, at = api): Promise<Answer> {
  const { body, match, key = admin } = options
  return ask(at.origin, method, `/v1/admin/${path}`, {
    key,
    ...(body === undefined ? {} : { body }),
    ...(match === undefined ? {} : { headers: { 'if-match': match } }),
  })
}

const idOf = (key: string): string => keyPattern.exec(key)?.[1] ?? ''
const works = async (key: string, at = api): Promise<number> =>
  (await ask(at.origin, 'GET', '/v1/jobs', { key })).status

t.test('a tenant from making to deleting', async (t) => {
  const body = { name: 'acme', grant: 'ci', labels: { plan: 'gold' }, quotas: { queuedJobs: 7 } }
  const made = await call('POST', 'tenants', { body })
  t.match(made, { status: 201, json: { ...body, revision: 1, disabled: false } })
  t.equal(made.headers.get('location'), '/v1/admin/tenants/acme')
  t.equal(made.headers.get('etag'), '"1"')
  t.match(made.json, { quotasInForce: { queuedJobs: 7, runningJobs: 32 } }, 'the rest by the grant')
  t.equal((await call('POST', 'tenants', { body })).status, 409)
  const body2 = { quotas: { queuedJobs: null, runningJobs: 3 }, description: 'Acme' }
  t.match(await call('PATCH', 'tenants/acme', { body: body2, match: '"1"' }), {
    status: 200,
    json: {
      revision: 2,
      description: 'Acme',
      quotas: { runningJobs: 3 },
      labels: { plan: 'gold' },
    },
  })
  const read = await call('GET', 'tenants/acme', {}, other)
  t.same((read.json as Tenant).quotas, { runningJobs: 3 }, 'null takes an override away')
  const key = await api.key('acme')
  t.equal(await works(key, other), 200)
  t.equal((await call('DELETE', 'tenants/acme')).status, 428)
  t.equal((await call('DELETE', 'tenants/acme', { match: '"1"' })).status, 412)
  t.equal((await call('DELETE', 'tenants/acme', { match: '"2"' })).status, 204)
  t.equal((await call('GET', 'tenants/acme')).status, 404)
  t.match(await call('POST', 'tenants', { body }), { status: 409 }, 'a name is not given out twice')
  t.match(await call('POST', 'keys', { body: { tenant: 'acme' } }), { status: 409 })
  t.equal(await redis.look.exists(`stockade:key:record:${idOf(key)}`), 0, 'its keys went with it')
  t.equal(await works(key), 401)
  t.notOk((await call('GET', 'keys')).text.includes(idOf(key)))
  t.notOk((await call('GET', 'tenants')).text.includes('acme'))
})

t.test('two admins at once lose nothing', async (t) => {
  await call('POST', 'tenants', { body: { name: 'shared' } })
  const changes = Array.from({ length: 40 }, (_, at) => ({
    body: { quotas: { [at % 2 === 0 ? 'queuedJobs' : 'runningJobs']: 100 + at } },
    match: '*',
  }))
  const answers = await Promise.all(
    changes.map((change, at) => call('PATCH', 'tenants/shared', change, at % 2 ? api : other)),
  )
  t.ok(answers.every(({ status }) => status === 200))
  const revisions = answers.map(({ json }) => (json as Tenant).revision).sort((a, b) => a - b)
  t.same(
    revisions,
    Array.from({ length: 40 }, (_, at) => at + 2),
    'each change is one revision',
  )
  const { quotas } = (await call('GET', 'tenants/shared')).json as Tenant
  t.equal(Object.keys(quotas).length, 2, 'neither admin’s field is lost')
  const same = await Promise.all(
    changes.map(({ body }, at) =>
      call('PATCH', 'tenants/shared', { body, match: '"41"' }, at % 2 ? api : other),
    ),
  )
  t.equal(same.filter(({ status }) => status === 200).length, 1, 'of one revision one wins')
  t.equal(same.filter(({ status }) => status === 412).length, 39)
  const made = await Promise.all(
    changes.map((_, at) =>
      call('POST', 'tenants', { body: { name: 'race' } }, at % 2 ? api : other),
    ),
  )
  t.equal(made.filter(({ status }) => status === 201).length, 1)
  const end = call('DELETE', 'tenants/race', { match: '*' })
  const keys = await Promise.all(
    changes.map(() => call('POST', 'keys', { body: { tenant: 'race' } })),
  )
  await end
  for (const { status, json } of keys) {
    if (status === 409) continue
    t.equal(await works((json as { key: string }).key), 401, 'no key outlives its tenant')
  }
  t.notMatch((await call('GET', 'keys')).text, /"race"/)
})

t.test('a disabled tenant is answered 403, everywhere within the time of trust', async (t) => {
  const key = await api.key('off')
  t.equal(await works(key, other), 200, 'and now the other process trusts it')
  await call('PATCH', 'tenants/off', { body: { disabled: true }, match: '*' })
  t.match(await ask(api.origin, 'GET', '/v1/jobs', { key }), {
    status: 403,
    json: { code: 'tenant-disabled' },
  })
  const body = { language: 'bash', source: 'true' }
  t.equal((await ask(api.origin, 'POST', '/v1/jobs', { key, body })).status, 403)
  while ((await works(key, other)) !== 403) await new Promise(setImmediate)
  t.equal(await works(key, other), 403, 'the other process has heard')
  t.match(
    await ask(api.origin, 'GET', '/v1/jobs', { key: `${key.slice(0, -4)}AAAA` }),
    { status: 401 },
    'whoever does not hold the key does not hear of it',
  )
  await call('PATCH', 'tenants/off', { body: { disabled: false }, match: '*' })
  t.equal(await works(key), 200)
})

t.test('an admin does not saw off the branch', async (t) => {
  const body = { disabled: true }
  t.match(await call('PATCH', 'tenants/operator', { body, match: '*' }), { status: 409 })
  t.match(await call('DELETE', 'tenants/operator', { match: '*' }), { status: 409 })
  t.equal((await call('GET', 'tenants/operator')).status, 200)
})

t.test('wishes that are none', async (t) => {
  await call('POST', 'tenants', { body: { name: 'wishes' } })
  const wrong: readonly (readonly [string, string, unknown, string])[] = [
    ['POST', 'tenants', {}, '/name'],
    ['POST', 'tenants', { name: 'A' }, '/name'],
    ['POST', 'tenants', { name: 'other' }, '/name'],
    ['POST', 'keys', { tenant: 'other' }, '/tenant'],
    ['POST', 'tenants', { name: 'a', grant: 'nowhere' }, '/grant'],
    ['POST', 'tenants', { name: 'a', quotas: { runningJobs: 0 } }, '/quotas/runningJobs'],
    [
      'POST',
      'tenants',
      { name: 'a', quotas: { submitsPerMinute: -1 } },
      '/quotas/submitsPerMinute',
    ],
    ['POST', 'tenants', { name: 'a', quotas: { runningJob: 1 } }, '/quotas/runningJob'],
    ['POST', 'tenants', { name: 'a', secret: 1 }, '/secret'],
    ['PATCH', 'tenants/wishes', { name: 'renamed' }, '/name'],
    ['PATCH', 'tenants/wishes', { revision: 9 }, '/revision'],
    ['PATCH', 'tenants/wishes', { labels: { 'a b': 'c' } }, '/labels'],
  ]
  for (const [method, path, body, pointer] of wrong) {
    const answer = await call(method, path, { body, match: '*' })
    t.equal(answer.status, 400, `${method} ${path} ${JSON.stringify(body)}`)
    const { violations = [] } = answer.json as { violations?: { pointer: string }[] }
    t.ok(
      violations.some((one) => one.pointer.startsWith(pointer)),
      answer.text,
    )
  }
  for (const match of ['3', 'W/"1"', '"x"', '"1", "2"', ''])
    t.match(await call('PATCH', 'tenants/wishes', { body: { disabled: true }, match }), {
      status: 400,
      json: { code: 'invalid-header' },
    })
  for (const name of ['..', 'A', '%2e%2e', 'nobody'])
    t.equal((await call('GET', `tenants/${name}`)).status, 404)
})

t.test('a key is replaced, and the old one goes on for as long as was said', async (t) => {
  const old = await api.key('turns', ['read'])
  const rotated = await call('POST', `keys/${idOf(old)}/rotate`, { body: { overlapSeconds: 2 } })
  t.match(rotated, { status: 201, json: { key: /^sk_/, tenant: 'turns', scopes: ['read'] } })
  const { key, id } = rotated.json as { key: string; id: string }
  t.equal(await works(old), 200)
  t.equal(await works(key), 200)
  const again = await Promise.all(
    [api, other].map((at) => call('POST', `keys/${idOf(old)}/rotate`, { body: {} }, at)),
  )
  t.same(
    again.map(({ status }) => status),
    [409, 409],
    'once',
  )
  const { keys } = (await call('GET', 'keys')).json as { keys: Record<string, unknown>[] }
  t.match(
    keys.find((entry) => entry.id === idOf(old)),
    { rotatedTo: id },
  )
  while ((await works(old)) !== 401) await new Promise(setImmediate)
  t.equal(await works(key), 200, 'the new one lives')
  const race = await Promise.all(
    Array.from({ length: 10 }, (_, at) =>
      call('POST', `keys/${id}/rotate`, { body: { overlapSeconds: 0 } }, at % 2 ? api : other),
    ),
  )
  t.equal(race.filter(({ status }) => status === 201).length, 1, 'two at once make one new key')
  t.equal(await redis.look.exists(`stockade:key:record:${id}`), 0, 'no overlap is none')
  t.match(await call('POST', `keys/${'0'.repeat(16)}/rotate`, { body: {} }), { status: 404 })
})

t.test('when a key was used last: written beside the requests, once a minute', async (t) => {
  const key = await api.key('uses')
  const used = async (): Promise<string | null> => redis.look.hget('stockade:key:used', idOf(key))
  t.equal(await used(), null)
  await works(key)
  while ((await used()) === null) await new Promise(setImmediate)
  const first = await used()
  for (let turn = 0; turn < 20; turn++) await works(key, turn % 2 ? api : other)
  t.equal(await used(), first, 'two processes write no more often than one')
  const { keys } = (await call('GET', 'keys')).json as {
    keys: { id: string; lastUsedAt: string }[]
  }
  const entry = keys.find(({ id }) => id === idOf(key))
  t.equal(Date.parse(entry?.lastUsedAt ?? ''), Number(first))
  await call('DELETE', `keys/${idOf(key)}`)
  t.equal(await used(), null)
})

t.test('a tenant’s record that we did not write shuts its keys out', async (t) => {
  const victim = await api.key('victim')
  await call('PATCH', 'tenants/victim', { body: { disabled: true }, match: '*' })
  const name = 'stockade:key:tenant:victim'
  const stored = (await redis.look.get(name)) ?? ''
  const forged = {
    'enabled again': stored.replace('"disabled":true', '"disabled":false'),
    'more quota': stored.replace('"quotas":{}', '"quotas":{"queuedJobs":1000000}'),
    'no tag': stored.slice(65),
    'another tenant’s place': (await redis.look.get('stockade:key:tenant:operator')) ?? '',
    'a key’s record': (await redis.look.get(`stockade:key:record:${idOf(victim)}`)) ?? '',
    nothing: '',
  }
  const fresh = await openLiveApi(redis, {
    settings: { adminSocket: `${redis.directory}/fresh.sock` },
  })
  for (const [what, text] of Object.entries(forged)) {
    await redis.look.set(name, text)
    t.equal(await works(victim, fresh), 401, what)
  }
  await redis.look.del(name)
  t.equal(await works(victim, fresh), 401, 'no record at all')
  await redis.look.set(name, stored)
  t.equal(await works(victim, fresh), 403, 'control')
  await fresh.close()
  await t.rejects(worker.redis.get(name), /NOPERM/, 'and no worker reads one')
})

t.test('keys from before there were tenants get theirs, once', async (t) => {
  const key = await api.key('ancient', ['read'], 'ci')
  await redis.look.del('stockade:key:tenant:ancient', 'stockade:key:of:ancient')
  await redis.look.srem('stockade:key:tenants', 'ancient')
  await redis.look.del('stockade:key:tenants-adopted')
  const fresh = await openLiveApi(redis, {
    settings: { adminSocket: `${redis.directory}/old.sock` },
  })
  t.equal(await works(key, fresh), 200)
  t.equal((await call('GET', 'tenants/ancient')).status, 200)
  t.equal((await call('DELETE', 'tenants/ancient', { match: '*' })).status, 204)
  t.equal(await redis.look.exists(`stockade:key:record:${idOf(key)}`), 0, 'and go with it')
  await fresh.close()
})

t.test(
  'a key for admins is made by an admin, lives shorter, and is nobody else’s to make',
  async (t) => {
    const daysOf = ({ json }: Answer): number => {
      const { createdAt, expiresAt } = json as { createdAt: string; expiresAt: string }
      return (Date.parse(expiresAt) - Date.parse(createdAt)) / 86_400_000
    }
    const body = { tenant: 'second', scopes: ['admin'] }
    const made = await call('POST', 'keys', { body })
    t.equal(daysOf(made), 30)
    t.equal(daysOf(await call('POST', 'keys', { body: { tenant: 'second' } })), 365)
    const { key, id } = made.json as { key: string; id: string }
    t.equal((await call('GET', 'tenants', { key })).status, 200)
    const plain = await api.key('second', ['submit', 'read'])
    for (const path of ['keys', `keys/${id}/rotate`])
      t.equal((await call('POST', path, { key: plain, body })).status, 403, path)
  },
)

t.test('each act is told in one line, with who did it and no secret', async (t) => {
  const made = await call('POST', 'keys', { body: { tenant: 'told' } })
  const { key, id } = made.json as { key: string; id: string }
  const line = api.lines.find((text) => text.includes('key-create') && text.includes(id))
  t.match(JSON.parse(line ?? '{}'), { actor: `key ${idOf(admin)}`, tenant: 'told', keyId: id })
  t.notOk(api.lines.some((text) => text.includes(key.slice(20))))
})

t.test('a tenant that makes keys for ever keeps no list of those that expired', async (t) => {
  const make = async (): Promise<string> =>
    ((await call('POST', 'keys', { body: { tenant: 'rotates' } })).json as { id: string }).id
  const old = await make()
  await redis.look.del(`stockade:key:record:${old}`) // as its end does
  const next = await make()
  t.same(await redis.look.smembers('stockade:key:of:rotates'), [next])
})
