// Issue 3, "Bad input": each a 4xx problem with a pointer to each fault, nothing queued, nothing written.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Problem } from '../../contract/error.js'
import { jobKeys, openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const bodyBytesMax = 32 * 1024 * 1024
const api = await openLiveApi(redis, { settings: { bodyBytesMax } })
const key = await api.key('main')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const job = (more: object): object => ({ language: 'bash', source: 'true', ...more })

async function nothingIsWritten(t: Test): Promise<void> {
  t.same(await jobKeys(redis.look), [], 'nothing in Redis')
  t.same(readdirSync(join(redis.directory, 'blobs')), [], 'no blob')
}

/** Posts a body and expects a problem that names at least these pointers. */
async function refused(
  t: Test,
  body: object | Buffer,
  status: number,
  code: string,
  pointers: readonly string[],
): Promise<void> {
  const answer = await ask(
    api.origin,
    'POST',
    '/v1/jobs',
    Buffer.isBuffer(body) ? { key, bytes: body } : { key, body },
  )
  const problem = answer.json as Problem
  t.equal(answer.status, status)
  t.equal(problem.code, code)
  t.match(answer.headers.get('content-type') ?? '', /application\/problem\+json/)
  const named = (problem.violations ?? []).map(({ pointer }) => pointer)
  for (const pointer of pointers)
    t.ok(named.includes(pointer), `${pointer} is named in ${named.slice(0, 5).join(' ')}`)
  await nothingIsWritten(t)
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

const malformed: Readonly<Record<string, Buffer>> = {
  'no body': bytes(''),
  'not JSON': bytes('language=python'),
  'half a document': bytes('{"language":"bash"'),
  'two documents': bytes('{"language":"bash","source":"true"}{}'),
  'a duplicate key': bytes('{"language":"bash","source":"true","source":"rm"}'),
  'a duplicate key by escape': bytes('{"language":"bash","source":"true","\\u0073ource":"rm"}'),
  'invalid UTF-8': bytes('{"language":"bash","source":"\xff\xfe"}'),
  'a byte order mark': bytes('\xef\xbb\xbf{"language":"bash","source":"true"}'),
  'half a surrogate pair': bytes('{"language":"bash","source":"\\ud800"}'),
  'an overflowing number': bytes('{"language":"bash","source":"true","limits":{"wallMs":1e400}}'),
  '10,000 levels': bytes(
    `{"language":"bash","source":"true","labels":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
  ),
  'prototype pollution': bytes(
    '{"language":"bash","source":"true","__proto__":{"privileged":true}}',
  ),
  'prototype pollution by constructor': bytes(
    '{"language":"bash","source":"true","constructor":{"prototype":{"a":1}}}',
  ),
  'pollution deep inside': bytes('{"language":"bash","source":"true","env":{"__proto__":"x"}}'),
}

for (const [name, body] of Object.entries(malformed)) {
  t.test(`malformed: ${name}`, (t) => refused(t, body, 400, 'malformed-json', []))
}

const manyEntries = Object.fromEntries(
  Array.from({ length: 100_000 }, (_, at) => [`NAME_${at}`, 'x']),
)

/** Body, and the pointers that must be named. Faults of form: 400. */
const wrongForm: Readonly<Record<string, readonly [object, readonly string[]]>> = {
  'an array': [[], ['']],
  'nothing asked': [{}, ['/language']],
  'unknown fields, all of them': [
    job({ sorce: 'x', 'a/b~c': 1, Mounts: [] }),
    ['/sorce', '/a~1b~0c', '/Mounts'],
  ],
  'aliases of other systems': [
    job({ HostConfig: {}, Binds: ['/:/host'], Privileged: true, cap_add: ['ALL'] }),
    ['/HostConfig', '/Binds', '/Privileged', '/cap_add'],
  ],
  'an unknown field deep inside': [job({ limits: { wallMS: 5 } }), ['/limits/wallMS']],
  'wrong types, all of them': [
    { language: 7, source: ['x'], env: [], files: {}, limits: 5, privileged: 'yes', labels: null },
    ['/language', '/source', '/env', '/files', '/limits', '/privileged', '/labels'],
  ],
  'numbers as text': [job({ limits: { wallMs: '1000' } }), ['/limits/wallMs']],
  'a limit of 0': [
    job({ limits: { wallMs: 0, cpuMs: 0, memoryBytes: 0, cpus: 0 } }),
    ['/limits/wallMs', '/limits/cpuMs', '/limits/memoryBytes', '/limits/cpus'],
  ],
  'negative limits': [
    job({ limits: { wallMs: -1, processes: -1, outputBytes: -1 } }),
    ['/limits/wallMs', '/limits/processes', '/limits/outputBytes'],
  ],
  'limits that are no integer': [job({ limits: { wallMs: 1.5 } }), ['/limits/wallMs']],
  'limits null': [job({ limits: { wallMs: null } }), ['/limits/wallMs']],
  'limits beyond exact numbers': [
    job({ limits: { memoryBytes: 2 ** 53, wallMs: 1e300 } }),
    ['/limits/memoryBytes', '/limits/wallMs'],
  ],
  'a source of 0 bytes': [{ language: 'bash', source: '' }, ['/source']],
  'language and image': [job({ image: 'base', command: ['true'] }), ['/image']],
  'a language without source': [{ language: 'bash' }, ['/source']],
  'an image without command': [{ image: 'base' }, ['/command']],
  'an empty command': [{ image: 'base', command: [] }, ['/command']],
  'two contents of one file': [
    job({ files: [{ path: 'a', content: 'x', contentBase64: 'eA==' }] }),
    ['/files/0'],
  ],
  'a file without content': [
    job({ files: [{ path: 'ok', content: '' }, { path: 'a' }] }),
    ['/files/1'],
  ],
  'base64 that is none': [job({ stdinBase64: '!!!!' }), ['/stdinBase64']],
  'an empty path': [job({ files: [{ path: '', content: 'x' }] }), ['/files/0/path']],
  '100,000 environment entries': [job({ env: manyEntries }), ['/env']],
  '2,000 files': [
    job({ files: Array.from({ length: 2000 }, (_, at) => ({ path: `f${at}`, content: '' })) }),
    ['/files'],
  ],
  'user as text': [job({ user: '0:0' }), ['/user']],
  'user ids above 32 bits': [
    job({ user: { uid: 4_294_967_296, gid: 4_294_967_297 } }),
    ['/user/uid', '/user/gid'],
  ],
  'user ids negative': [job({ user: { uid: -1, gid: 0 } }), ['/user/uid']],
  'a mount without target': [
    job({ mounts: [{ type: 'bind', source: '/' }] }),
    ['/mounts/0/target'],
  ],
  'a mount kind unknown': [job({ mounts: [{ type: 'nfs', target: '/a' }] }), ['/mounts/0/type']],
  'labels with a strange name': [job({ labels: { 'a b': 'x' } }), ['/labels/a b']],
  'a priority out of range': [job({ priority: 10 }), ['/priority']],
  'attempts out of range': [job({ retry: { attempts: 0 } }), ['/retry/attempts']],
  'a deadline of 0': [job({ expiresAfterMs: 0 }), ['/expiresAfterMs']],
  'a source above its bound': [job({ source: 'x'.repeat(16 * 1024 * 1024 + 1) }), ['/source']],
}

for (const [name, [body, pointers]] of Object.entries(wrongForm)) {
  t.test(`form: ${name}`, (t) => refused(t, body, 400, 'invalid-request', pointers))
}

/** What is well formed, and nobody gets, or not under this grant: 403 with each reason. */
const denied: Readonly<Record<string, readonly [object, readonly string[]]>> = {
  'an unknown language': [{ language: 'cobol', source: 'x' }, ['/language']],
  'an unknown image': [{ image: 'nowhere', command: ['true'] }, ['/image']],
  'a mount of the host': [
    job({ mounts: [{ type: 'bind', source: '/', target: '/host' }] }),
    ['/mounts/0'],
  ],
  'limits beyond the grant': [
    job({ limits: { memoryBytes: Number.MAX_SAFE_INTEGER } }),
    ['/limits/memoryBytes'],
  ],
  'everything at once': [
    job({
      privileged: true,
      namespaces: { pid: 'host' },
      devices: ['/dev/kvm'],
      capabilities: { add: ['SYS_ADMIN'] },
      seccomp: 'unconfined',
    }),
    ['/privileged', '/namespaces/pid', '/devices/0', '/capabilities/add/0', '/seccomp'],
  ],
  'paths that lead out': [
    job({
      files: [
        { path: '../a', content: '' },
        { path: '/etc/passwd', content: '' },
        { path: 'a/../../b', content: '' },
      ],
    }),
    ['/files/0/path', '/files/1/path', '/files/2/path'],
  ],
  'NUL in a path': [job({ files: [{ path: 'a\0b', content: '' }] }), ['/files/0/path']],
  'a file twice': [
    job({
      files: [
        { path: 'a', content: '1' },
        { path: 'a', content: '2' },
      ],
    }),
    ['/files/1/path'],
  ],
  'NUL in the environment': [job({ env: { A: 'x\0y' } }), ['/env/A']],
}

for (const [name, [body, pointers]] of Object.entries(denied)) {
  t.test(`refused with its reason: ${name}`, async (t) => {
    const answer = await ask(api.origin, 'POST', '/v1/jobs', { key, body })
    const problem = answer.json as Problem
    t.ok(answer.status === 403 || answer.status === 400, `status ${answer.status}`)
    t.equal(problem.code, answer.status === 403 ? 'policy-denied' : 'invalid-request')
    const named = (problem.violations ?? []).map(({ pointer }) => pointer)
    for (const pointer of pointers)
      t.ok(
        named.some((name) => name.startsWith(pointer)),
        `${pointer} in ${named.join(' ')}`,
      )
    await nothingIsWritten(t)
  })
}

t.test('bodies above the limit', async (t) => {
  const text = Buffer.from(JSON.stringify(job({ stdin: 'x'.repeat(bodyBytesMax) })))
  const declared = await ask(api.origin, 'POST', '/v1/jobs', { key, bytes: text })
  t.equal(declared.status, 413)
  t.match(declared.json, {
    code: 'payload-too-large',
    detail: `The limit is ${bodyBytesMax} bytes.`,
  })
  await nothingIsWritten(t)
})

t.test('a body of another type', async (t) => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'x',
  ]) {
    const answer = await ask(api.origin, 'POST', '/v1/jobs', {
      key,
      body: job({}),
      headers: { 'content-type': type },
    })
    t.equal(answer.status, 415, type)
    t.match(answer.json, { code: 'unsupported-media-type' })
  }
  await nothingIsWritten(t)
})

const badQueries: Readonly<Record<string, string>> = {
  '/v1/jobs?wiat=5': '/query/wiat',
  '/v1/jobs?wait=': '/query/wait',
  '/v1/jobs?wait=-1': '/query/wait',
  '/v1/jobs?wait=1e9': '/query/wait',
  '/v1/jobs?wait=301': '/query/wait',
  '/v1/jobs?wait=1&wait=2': '/query/wait',
  '/v1/jobs?wait=%ff': '/query/wait=%ff',
  '/v1/jobs?__proto__=1': '/query/__proto__',
}

for (const [path, pointer] of Object.entries(badQueries)) {
  t.test(`query: ${path}`, async (t) => {
    const answer = await ask(api.origin, 'POST', path, { key, body: job({}) })
    t.equal(answer.status, 400)
    t.equal((answer.json as Problem).code, 'invalid-header')
    t.same(
      (answer.json as Problem).violations?.map((violation) => violation.pointer),
      [pointer],
    )
    await nothingIsWritten(t)
  })
}

t.test('idempotency keys that are none', async (t) => {
  for (const value of ['a b', 'x'.repeat(256), 'ä', '']) {
    const answer = await ask(api.origin, 'POST', '/v1/jobs', {
      key,
      body: job({}),
      headers: { 'idempotency-key': value },
    })
    t.equal(answer.status, 400, JSON.stringify(value.slice(0, 10)))
    t.match(answer.json, { code: 'invalid-header' })
  }
  await nothingIsWritten(t)
})

t.test('paths that are no path', async (t) => {
  for (const path of [
    '/%',
    '/v1/jobs/%zz',
    '/v1/jobs/%00',
    '/v1/jobs/..%2f..%2fetc',
    `/v1/jobs/${'a'.repeat(300)}`,
    '//',
    '/v1/JOBS',
  ]) {
    const answer = await ask(api.origin, 'GET', path, { key })
    t.ok(answer.status === 400 || answer.status === 404, `${path.slice(0, 40)}: ${answer.status}`)
    t.match(answer.headers.get('content-type') ?? '', /problem\+json/)
  }
})

t.test('control: the plain job is taken, and so is a source of 10 MiB', async (t) => {
  t.equal((await ask(api.origin, 'POST', '/v1/jobs', { key, body: job({}) })).status, 202)
  const large = await ask(api.origin, 'POST', '/v1/jobs', {
    key,
    body: job({ source: `#${'x'.repeat(10 * 1024 * 1024)}` }),
  })
  t.ok([202, 403].includes(large.status), `status ${large.status}`)
  t.ok((await jobKeys(redis.look)).length > 0, 'which shows that writing would be seen')
  t.equal(({} as { polluted?: number }).polluted, undefined)
})
