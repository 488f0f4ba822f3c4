// `./stockade tenant`, `key` and `usage`, as an operator types them, against a real api’s admin socket.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { adminCommand, usageWish } from '../../ops/admin-words.js'
import { csvHead, csvLine } from '../../ops/usage-export.js'
import { openLiveApi } from '../api/live-api.js'
import { ask } from '../api/raw-http.js'
import { okResult, runJob } from '../api/run-result.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { repository } from '../tidy-source.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis, { settings: { slots: 64 } })
t.teardown(async () => {
  await api.close()
  await redis.close()
})

type Said = { readonly status: number; readonly out: string; readonly err: string }

/** Beside this process, which is the api that answers. */
function stockade(...words: string[]): Promise<Said> {
  const program = join(repository, 'dist/ops/admin.js')
  return new Promise((resolve) => {
    execFile(process.execPath, [program, api.adminSocket, ...words], (error, out, err) => {
      const code = error === null ? 0 : error.code
      resolve({ status: typeof code === 'number' ? code : -1, out, err })
    })
  })
}

t.test('a tenant, its keys, its end', async (t) => {
  const words = ['--grant', 'ci', '--label', 'plan=gold', '--quota', 'submitsPerMinute=60']
  const made = await stockade('tenant', 'create', 'acme', ...words)
  t.equal(made.status, 0, made.err)
  t.match(JSON.parse(made.out), { name: 'acme', grant: 'ci', quotas: { submitsPerMinute: 60 } })
  const { out } = await stockade(
    'key',
    'create',
    '--tenant',
    'acme',
    '--scopes',
    'read',
    '--days',
    '7',
  )
  t.match(out, /^sk_[0-9a-z]{16}_[A-Za-z0-9_-]{43}\n$/, 'the key alone')
  const key = out.trim()
  t.equal((await ask(api.origin, 'GET', '/v1/jobs', { key })).status, 200)
  const id = key.slice(3, 19)
  t.match((await stockade('key', 'list')).out, new RegExp(`^${id} +acme +ci +read `, 'm'))
  const next = (await stockade('key', 'rotate', id, '--overlap-seconds', '3600')).out.trim()
  t.equal((await ask(api.origin, 'GET', '/v1/jobs', { key: next })).status, 200)
  t.match(await stockade('key', 'rotate', id), { status: 1, err: /conflict/ })
  t.match(await stockade('tenant', 'change', 'acme', '--quota', 'submitsPerMinute='), {
    out: /"quotas": \{\}/,
  })
  t.match(await stockade('tenant', 'disable', 'acme', '--revision', '1'), {
    status: 1,
    err: /revision-mismatch/,
  })
  t.equal((await stockade('tenant', 'disable', 'acme')).status, 0)
  t.equal((await ask(api.origin, 'GET', '/v1/jobs', { key: next })).status, 403)
  t.match((await stockade('tenant', 'list')).out, /^acme +ci +disabled +3 /m)
  t.equal((await stockade('tenant', 'enable', 'acme')).status, 0)
  t.equal((await stockade('key', 'revoke', id)).status, 0)
  t.match(await stockade('key', 'revoke', id), { status: 1, err: /not-found/ })
  t.same(await stockade('tenant', 'delete', 'acme'), { status: 0, out: '', err: '' })
  t.match(await stockade('tenant', 'show', 'acme'), { status: 1, err: /not-found/ })
})

t.test('usage as CSV and as JSON lines', async (t) => {
  const key = await api.key('billed')
  const body = { language: 'bash', source: 'true' }
  const { id } = (await ask(api.origin, 'POST', '/v1/jobs', { key, body })).json as { id: string }
  await runJob(await api.openWorker(), id, okResult)
  const from = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)
  const csv = await stockade('usage', '--from', from)
  const [head = '', line = '', ...rest] = csv.out.split('\r\n')
  t.equal(`${head}\r\n`, csvHead)
  t.match(line, /^\d{4}-\d\d-\d\d,billed,1,1,0,0,0,0,0,11,13,13,\d+,0,0,0,0,0,0,0$/)
  t.same(rest, [''])
  const lines = await stockade('usage', '--tenant', 'billed', '--from', from, '--format', 'jsonl')
  const row = JSON.parse(lines.out)
  t.match(row, { tenant: 'billed', submits: 1, jobs: { program: 1 }, cpuMs: 11 })
  t.equal(csvLine(row), `${line}\r\n`)
})

t.test('words that make no sense send nothing', async (t) => {
  for (const words of [
    ['tenant'],
    ['tenant', 'make', 'x'],
    ['tenant', 'create'],
    ['tenant', 'create', 'a', 'b'],
    ['tenant', 'change', 'a'],
    ['tenant', 'create', 'a', '--quota', 'queued=3'],
    ['tenant', 'create', 'a', '--quota', 'queuedJobs=many'],
    ['tenant', 'create', 'a', '--label', 'plan'],
    ['key', 'create'],
    ['key', 'create', '--tenant', 'a', '--secret', 'x'],
    ['key', 'rotate'],
    ['key', 'destroy', 'x'],
    ['nothing'],
  ])
    t.throws(() => adminCommand(words), { name: 'WordsError' }, words.join(' '))
  for (const words of [
    ['--from', 'monday'],
    ['--from', '2026-02-01', '--to', '2026-01-01'],
    ['--format', 'xml'],
    ['acme'],
  ])
    t.throws(() => usageWish(words, '2026-01-31'), { name: 'WordsError' }, words.join(' '))
  t.match(await stockade('tenant', 'create'), { status: 2, err: /say one tenant/ })
  t.match(await stockade('tenant', 'create', 'A'), { status: 1, err: /invalid-request.*\/name/s })
})

t.test('a name from the command line stays in its place of the path', (t) => {
  const { request } = adminCommand(['tenant', 'show', '../keys?x=1#y'])
  t.equal(request.path, '/v1/admin/tenants/..%2Fkeys%3Fx%3D1%23y')
  t.end()
})
