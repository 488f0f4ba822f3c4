// What the api tells the audit log: each admission, denial, cancel and act of an administrator, with who and by what, and nothing secret.
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { AuditLineSchema } from '../../contract/audit.js'
import type { Job } from '../../contract/result.js'
import { policyRevision } from '../../policy/rules.js'
import { auditFile } from '../../queue/audit-log.js'
import { canonicalDigest } from '../../queue/canonical-digest.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const grants = { 'tiny.yaml': 'name: tiny\nextends: untrusted\nqueuedJobs: 1\nrunningJobs: 1\n' }
const api = await openLiveApi(redis, { grants, settings: { auditTenantLinesMax: 20 } })
const key = await api.key('acme')
const tiny = await api.key('small', ['submit', 'read'], 'tiny')
t.teardown(async () => {
  await api.close()
  await redis.close()
})
const path = auditFile(api.settings.auditDirectory, 'api')
const check = Compile(AuditLineSchema)

type Line = { readonly act: string; readonly [name: string]: unknown }
let seen = 0

/** The lines that came since the last call. */
async function news(): Promise<Line[]> {
  await api.service.audit.settled()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(seen)
  seen += lines.length
  return lines.map((text) => JSON.parse(text) as Line)
}

const secret = 'a-secret-that-is-nowhere'
const spec = {
  language: 'bash',
  source: `echo ${secret}`,
  stdin: secret,
  env: { TOKEN: secret, [`NAME_${'X'.repeat(10)}`]: secret },
  files: [{ path: 'secret.txt', content: secret }],
  labels: { mine: secret },
}
const send = (body: unknown, as = key): ReturnType<typeof ask> =>
  ask(api.origin, 'POST', '/v1/jobs', {
    key: as,
    body,
    headers: { 'idempotency-key': `${secret}-${as.slice(3, 9)}`, 'x-secret': secret },
  })
const caller = (of: string): object => ({ door: 'http', key: of.slice(3, 19) })

t.test('an admission: who, which request by its digest, by which grant and policy', async (t) => {
  await news()
  const answer = await send(spec)
  t.equal(answer.status, 202)
  const job = answer.json as Job
  const [line, ...rest] = await news()
  t.same(rest, [])
  t.match(line, {
    act: 'admission',
    process: 'api',
    caller: { ...caller(key), tenant: 'acme' },
    requestId: answer.headers.get('x-request-id'),
    job: job.id,
    request: { sha256: canonicalDigest(spec) },
    grant: job.grant,
    policyRevision,
    verdict: 'allow',
  })
  await send(spec)
  t.same(await news(), [], 'a repeat by its idempotency key admits nothing')
})

t.test('a denial by policy names each rule once; one by a limit names the limit', async (t) => {
  const bad = { ...spec, privileged: true, mounts: [{ type: 'bind', source: '/', target: '/x' }] }
  const answer = await send(bad)
  t.equal(answer.status, 403)
  const { violations } = answer.json as { violations: { rule: string }[] }
  const rules = [...new Set(violations.map(({ rule }) => rule))]
  t.ok(rules.length >= 2)
  t.match(await news(), [
    {
      act: 'denial',
      verdict: 'deny',
      code: 'policy-denied',
      rules,
      request: { sha256: canonicalDigest(bad) },
    },
  ])
  const answers: number[] = []
  for (let at = 0; at < 4; at++)
    answers.push((await ask(api.origin, 'POST', '/v1/jobs', { key: tiny, body: spec })).status)
  const codes = (await news()).map(({ act, code, verdict }) => [act, code, verdict])
  t.equal(answers.at(-1), 429)
  t.same(codes.at(-1), ['denial', 'tenant-queue-full', 'allow'])
  t.equal(codes.length, 4)
})

t.test('neither a fault of form nor a look is a question of what is allowed', async (t) => {
  await send({ language: 1 })
  await ask(api.origin, 'GET', '/v1/jobs', { key })
  await ask(api.origin, 'POST', '/v1/policy/evaluate', { key, body: { ...spec, privileged: true } })
  t.same(await news(), [])
})

t.test('a cancel, and none of a stranger’s', async (t) => {
  const { json } = await ask(api.origin, 'POST', '/v1/jobs', { key, body: spec })
  const { id } = json as Job
  await news()
  await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key: tiny })
  t.same(await news(), [])
  await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key })
  await ask(api.origin, 'DELETE', `/v1/jobs/${id}`, { key })
  const lines = await news()
  t.match(lines, [{ act: 'cancel', job: id, result: 'cancelled', caller: caller(key) }])
  t.equal(lines.length, 1, 'what had ended already is no act')
})

t.test('beyond a bound, denials and cancels of a tenant are one line with a count', async (t) => {
  const loud = await api.key('loud')
  const { status, json } = await ask(api.origin, 'POST', '/v1/jobs', { key: loud, body: spec })
  t.equal(status, 202)
  api.audit.turn()
  await news()
  const statuses: number[] = []
  for (let at = 0; at < 25; at++)
    statuses.push((await send({ ...spec, privileged: true }, loud)).status)
  t.same([...new Set(statuses)], [403], 'each is refused')
  await ask(api.origin, 'DELETE', `/v1/jobs/${(json as Job).id}`, { key: loud })
  await send({ ...spec, privileged: true })
  const lines = await news()
  t.equal(lines.filter(({ act }) => act === 'denial').length, 20 + 1, 'others have their own')
  t.equal(lines.length, 21)
  api.audit.turn()
  t.match(await news(), [{ act: 'omitted', tenant: 'loud', denials: 5, cancels: 1 }])
  api.audit.turn()
  t.same(await news(), [], 'a minute without any has no such line')
  await send({ ...spec, privileged: true }, loud)
  t.match(await news(), [{ act: 'denial' }], 'and the next minute begins anew')
})

t.test('a job whose admission nobody told has its line all the same, once', async (t) => {
  await news()
  const body = { ...spec, source: 'echo nobody hears of it' }
  // The answer of Redis is lost: the job is there, and who admitted it does not know.
  const { admissionLines } = api.service
  const tell = admissionLines.tell
  Object.assign(admissionLines, { tell: () => undefined })
  const { json } = await ask(api.origin, 'POST', '/v1/jobs', { key, body })
  Object.assign(admissionLines, { tell })
  const { id } = json as Job
  t.same(await news(), [])
  await admissionLines.turn()
  t.same(await news(), [], 'it may still be told by whoever admitted it')
  const later = Date.now() + 60_000
  await admissionLines.turn(later)
  await admissionLines.turn(later)
  const lines = await news()
  t.match(lines, [
    { act: 'admission', job: id, late: true, request: { sha256: canonicalDigest(body) } },
  ])
  t.equal(lines.length, 1)
  t.match(lines[0], { caller: caller(key), verdict: 'allow' })
  const untold = 'stockade:{default}:untold'
  const forged = (await redis.look.hget(`${untold}-lines`, id))?.replace('acme', 'evil') ?? ''
  await redis.look.zadd(untold, 1, `job_${'0'.repeat(26)}`)
  await redis.look.hset(`${untold}-lines`, `job_${'0'.repeat(26)}`, forged)
  await admissionLines.turn()
  t.same(await news(), [], 'a line that Redis made up is none')
  t.match(api.lines.join(''), 'a line of an admission in Redis is not ours')
  await admissionLines.turn(later + 60_000)
  t.equal(await redis.look.zcard(untold), 0, 'what stands in the log leaves Redis')
  t.equal(await redis.look.hlen(`${untold}-lines`), 0)
})

function admin(method: string, route: string, body?: unknown): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const outgoing = request(
      { socketPath: api.adminSocket, method, path: route, headers },
      (incoming) => {
        let text = ''
        incoming.on('data', (piece) => {
          text += String(piece)
        })
        incoming.on('end', () => resolve(text === '' ? {} : JSON.parse(text)))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

t.test('keys that are made and revoked, without the key', async (t) => {
  const made = await admin('POST', '/v1/admin/keys', { tenant: 'new', grant: 'grader' })
  await admin('DELETE', `/v1/admin/keys/${made.id}`)
  await admin('DELETE', `/v1/admin/keys/${made.id}`)
  const lines = await news()
  const who = { caller: { door: 'admin-socket' } }
  t.match(lines, [
    { act: 'admin', what: 'tenant-create', tenant: 'new', key: null, grant: 'grader', ...who },
    { act: 'admin', what: 'key-create', tenant: 'new', key: made.id, grant: 'grader', ...who },
    { act: 'admin', what: 'key-revoke', key: made.id, tenant: null, ...who },
  ])
  t.equal(lines.length, 3, 'what was not there was not revoked')
  await admin('POST', '/v1/admin/keys', { tenant: 'new' })
  t.match(await news(), [{ what: 'key-create' }], 'the tenant is made once')
  t.notOk(readFileSync(path, 'utf8').includes(String(made.key).slice(20)))
})

t.test(
  'all of it is of the schema, is counted, and holds nothing of a job or a header',
  async (t) => {
    await api.service.audit.settled()
    const text = readFileSync(path, 'utf8')
    const lines = text.trimEnd().split('\n')
    for (const line of lines) t.ok(check.Check(JSON.parse(line)), line)
    t.notMatch(text, /a-secret|NAME_XXX|TOKEN|echo|secret\.txt|sk_/)
    const metrics = (await ask(api.origin, 'GET', '/metrics', { key })).text
    const admissions = lines.filter((line) => line.includes('"act":"admission"')).length
    t.match(metrics, `stockade_audit_lines_total{act="admission"} ${admissions}\n`)
    t.match(metrics, 'stockade_audit_failures_total 0\n')
  },
)
