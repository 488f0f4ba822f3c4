// Quotas as a client meets them: 429 with what is used up and when it frees, headers of the RateLimit draft; usage; metrics by tenant.
import t from 'tap'
import type { QuotaState } from '../../contract/quota.js'
import type { UsageAnswer } from '../../contract/usage.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { type Answer, ask } from './raw-http.js'
import { okResult, runJob } from './run-result.js'

const redis = await openLiveRedis()
const grants = {
  'metered.yaml':
    'name: metered\nextends: untrusted\nsubmitsPerMinute: 3\ncpuSecondsPerDay: 100\nstoredBytes: 1000000\nqueuedJobs: 5\nrunningJobs: 1\n',
}
const api = await openLiveApi(redis, { grants, settings: { slots: 64 } })
/** Where metrics have an address of their own, tenants may be named. */
const named = await openLiveApi(redis, {
  settings: {
    metricsAddress: '127.0.0.1:0',
    tenantMetricsMax: 2,
    adminSocket: `${redis.directory}/named.sock`,
  },
})
const worker = await api.openWorker()
const metered = await api.key('metered', ['submit', 'read'], 'metered')
const admin = await api.key('operator', ['admin'])
t.teardown(async () => {
  await named.close()
  await api.close()
  await redis.close()
})

const body = { language: 'bash', source: 'true' }
const post = (key = metered): Promise<Answer> => ask(api.origin, 'POST', '/v1/jobs', { key, body })
const usageOf = async (key: string, query = ''): Promise<UsageAnswer> =>
  (await ask(api.origin, 'GET', `/v1/usage${query}`, { key })).json as UsageAnswer

/** A List of Strings with parameters (RFC 9651), as the draft has them; enough of the grammar for what we send. */
function listOf(header: string | null): Map<string, Record<string, string>> {
  const items = (header ?? '').split(', ').map((item) => {
    const [name = '', ...parameters] = item.split(';')
    return [JSON.parse(name), Object.fromEntries(parameters.map((one) => one.split('=')))] as const
  })
  return new Map(items)
}

async function minuteHasRoom(): Promise<void> {
  while (Number((await redis.look.time())[0]) % 60 > 40) await new Promise(setImmediate)
}

t.test('an accepted job says what is left, a refused one what is used up', async (t) => {
  await minuteHasRoom()
  const first = await post()
  t.equal(first.status, 202)
  t.same(Object.fromEntries(listOf(first.headers.get('ratelimit-policy'))), {
    submits: { q: '3', w: '60' },
    'cpu-seconds': { q: '100', qu: '"cpu-seconds"', w: '86400' },
    'stored-bytes': { q: '1000000', qu: '"bytes"' },
  })
  const left = listOf(first.headers.get('ratelimit'))
  t.equal(left.get('submits')?.r, '2')
  t.ok(Number(left.get('submits')?.t) <= 60)
  t.equal(left.get('cpu-seconds')?.r, '100')
  await post()
  t.equal((await post()).status, 202)
  const refused = await post()
  t.match(refused, {
    status: 429,
    json: {
      code: 'quota-exceeded',
      quota: { name: 'submits', limit: 3, used: 3, freesAt: /:00.000Z$/ },
    },
  })
  const retryAfter = Number(refused.headers.get('retry-after'))
  t.equal(String(retryAfter), listOf(refused.headers.get('ratelimit')).get('submits')?.t)
  t.equal(listOf(refused.headers.get('ratelimit')).get('submits')?.r, '0')
  const { freesAt } = (refused.json as { quota: QuotaState }).quota
  t.ok(Math.abs(Date.parse(freesAt ?? '') - Date.now() - retryAfter * 1000) < 5000)
  const plain = await post(await api.key('plain', ['submit'], 'grader'))
  t.equal(plain.status, 202)
  t.equal(plain.headers.get('ratelimit'), null, 'where there is no quota there is nothing to say')
})

t.test('the queue of a tenant is a quota too', async (t) => {
  const grant = { tenant: 'deep', grant: 'metered', scopes: ['submit'] as const }
  const { key } = await api.service.keys.create({ ...grant, expiresInSeconds: 60 })
  const change = { quotas: { submitsPerMinute: 0, queuedJobs: 2 } }
  await ask(api.origin, 'PATCH', '/v1/admin/tenants/deep', {
    key: admin,
    body: change,
    headers: { 'if-match': '*' },
  })
  const answers = [await post(key), await post(key), await post(key), await post(key)]
  t.same(
    answers.map(({ status }) => status),
    [202, 202, 202, 429],
    'one runs, two wait',
  )
  t.match(answers[3], {
    json: {
      code: 'tenant-queue-full',
      quota: { name: 'queued-jobs', limit: 2, used: 2, freesAt: null },
    },
    headers: { get: Function },
  })
  t.match(answers[3]?.headers.get('ratelimit-policy'), '"queued-jobs";q=2;qu="jobs"')
})

t.test('usage: one’s own rows and quotas, another’s for an admin', async (t) => {
  const key = await api.key('used')
  const created = await post(key)
  const { id } = created.json as { id: string }
  await runJob(worker, id, okResult)
  const before = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const own = await usageOf(key, `?from=${before}`)
  t.match(own.rows, [
    {
      tenant: 'used',
      submits: 1,
      jobs: { program: 1, limit: 0, policy: 0, caller: 0, toolchain: 0, service: 0 },
      cpuMs: 11,
      wallMs: 13,
      memoryMebibyteMs: 13,
      storedBytes: Number,
    },
  ])
  t.match(own.quotas, [{ name: 'queued-jobs', limit: 10_000, used: Number }, { name: 'submits' }])
  const seen = await usageOf(admin, `?tenant=used&from=${before}`)
  t.same(seen.rows, own.rows)
  t.same(seen.quotas, [])
  const { rows } = await usageOf(admin, '?tenant=*')
  t.ok(rows.length >= 4)
  t.same(
    rows.map(({ tenant }) => tenant),
    rows.map(({ tenant }) => tenant).sort(),
  )
  while ((await usageOf(metered)).rows[0]?.refused.submits === undefined)
    await new Promise(setImmediate)
  t.match((await usageOf(metered)).rows, [{ submits: 3, refused: { submits: 1 } }])
  t.same((await usageOf(key, '?from=2001-01-01&to=2001-12-31')).rows, [])
  t.same((await usageOf(await api.key('fresh'))).rows, [])
})

t.test('days that are none', async (t) => {
  for (const query of [
    '?from=yesterday',
    '?from=2026-02-30x',
    '?from=2026-02-30&to=2026-03-02',
    '?to=2026-13-01',
    '?from=2026-01-02&to=2026-01-01',
    '?from=2000-01-01&to=2026-01-01',
    '?day=2026-01-01',
    '?tenant=A',
  ]) {
    const answer = await ask(api.origin, 'GET', `/v1/usage${query}`, { key: metered })
    t.match(answer, { status: 400, json: { code: 'invalid-header' } }, query)
  }
  const many = await ask(api.origin, 'GET', '/v1/usage?tenant=*&from=2026-01-01&to=2026-01-02', {
    key: admin,
  })
  t.equal(many.status, 400, 'of all tenants one day an answer')
})

t.test('metrics name a bounded number of tenants, and none where anybody may read', async (t) => {
  const open = (await ask(api.origin, 'GET', '/metrics')).text
  t.match(open, /^stockade_tenant_submitted_today\{tenant="other"\} [1-9]/m)
  t.notMatch(open, /tenant="(?!other")/)
  const text = await named.service.telemetry.scrape()
  for (const name of ['submitted_today', 'ended_today', 'cpu_seconds_today', 'refused_today']) {
    const lines = text.match(new RegExp(`^stockade_tenant_${name}\\{.*$`, 'gm')) ?? []
    t.equal(lines.length, 3, `${name}: two by name, and the rest`)
    t.ok(lines.some((line) => line.includes('tenant="used"')))
  }
  const sum = (from: string): number =>
    [...from.matchAll(/^stockade_tenant_submitted_today\{.*\} (\d+)$/gm)].reduce(
      (before, [, count]) => before + Number(count),
      0,
    )
  t.equal(sum(text), sum((await ask(api.origin, 'GET', '/metrics')).text), 'nobody is lost')
})

t.test('Redis away: 503, never a wrong figure', async (t) => {
  await redis.stop()
  while ((await ask(api.origin, 'GET', '/v1/usage', { key: metered })).status !== 503)
    await new Promise(setImmediate)
  await redis.start()
  while ((await ask(api.origin, 'GET', '/v1/usage', { key: metered })).status !== 200)
    await new Promise(setImmediate)
  t.match((await usageOf(metered)).rows, [{ submits: 3 }])
})
