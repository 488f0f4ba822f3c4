// Policy over HTTP: what a refusal tells, where it leads, corrected jobs that are taken, warnings that stay with the job, and a faulty grant
// file that is told of without stopping anybody.
import { request } from 'node:http'
import t from 'tap'
import type { Caller } from '../../api/auth.js'
import { judgeBody } from '../../api/route-jobs.js'
import type { AskedList } from '../../contract/asked.js'
import type { Problem } from '../../contract/error.js'
import type { RuleExplanation, RuleList } from '../../contract/http.js'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import type { Evaluation } from '../../contract/verdict.js'
import { applyPatch } from '../../policy/patch.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
let fault: string | undefined
const api = await openLiveApi(redis, {
  grants: { 'urgent.yaml': 'extends: ci\npriorityMinimum: 8\n' },
  files: (files) =>
    ({
      ...files,
      get fault() {
        return fault
      },
    }) as typeof files,
})
const key = await api.key('main')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const body: JobSpec = { language: 'bash', source: 'true' }
const post = (path: string, job: JobSpec, by = key) =>
  ask(api.origin, 'POST', path, { key: by, body: job })

const wrong: JobSpec = {
  ...body,
  limits: { wallMs: 600_000 },
  mounts: [{ type: 'bind', source: '/etc', target: '/mnt' }],
}

t.test('a refusal tells what was asked and allowed, and leads to the rule', async (t) => {
  const refused = (await post('/v1/jobs', wrong)).json as Problem
  t.match(refused, {
    code: 'policy-denied',
    violations: [
      { rule: 'limit-maximum', asked: 600_000, allowed: 'at most 60000 ms' },
      { rule: 'host-path', asked: '/etc' },
    ],
  })
  for (const { rule, docs } of refused.violations ?? []) {
    const said = await ask(api.origin, 'GET', docs ?? '', { key })
    t.match(said, { status: 200, json: { id: rule, effect: 'deny' } })
    t.ok((said.json as RuleExplanation).denied.length > 0)
    t.ok((said.json as RuleExplanation).references.length > 0)
  }
})

t.test('the suggestion makes of it a job that is taken', async (t) => {
  const { suggestion } = (await post('/v1/jobs', wrong)).json as Problem
  t.strictSame(suggestion, [
    { op: 'replace', path: '/limits/wallMs', value: 60_000 },
    { op: 'remove', path: '/mounts/0' },
  ])
  t.equal((await post('/v1/jobs', applyPatch(wrong, suggestion ?? []))).status, 202)
  const evaluated = (await post('/v1/policy/evaluate', wrong)).json as Evaluation
  t.strictSame(evaluated.suggestion, suggestion)
  const hopeless = await post('/v1/jobs', { language: 'cobol', source: 'x' })
  t.notOk(Object.hasOwn(hopeless.json as Problem, 'suggestion'))
  t.equal(((await post('/v1/policy/evaluate', body)).json as Evaluation).suggestion, null)
})

t.test('warnings are in the answer, in the job, and not in lists', async (t) => {
  const rooted = { ...body, user: { uid: 0, gid: 0 } }
  const evaluated = (await post('/v1/policy/evaluate', rooted)).json as Evaluation
  t.match(evaluated, {
    verdict: 'allow',
    warnings: [{ warning: 'root-inside', pointer: '/user/uid' }],
  })
  const accepted = (await post('/v1/jobs', rooted)).json as Job
  const later = (await ask(api.origin, 'GET', `/v1/jobs/${accepted.id}`, { key })).json as Job
  t.match(later.warnings, [{ warning: 'root-inside' }])
  const docs = later.warnings?.[0]?.docs ?? ''
  t.match((await ask(api.origin, 'GET', docs, { key })).json, { id: 'root-inside', effect: 'warn' })
  const wise = (await post('/v1/jobs', body)).json as Job
  t.notOk(Object.hasOwn(wise, 'warnings'))
  const { jobs } = (await ask(api.origin, 'GET', '/v1/jobs', { key })).json as { jobs: Job[] }
  t.ok(jobs.every((job) => job.warnings === undefined))
})

t.test('every rule and warning of the list can be read, and nothing else', async (t) => {
  const list = (await ask(api.origin, 'GET', '/v1/policy/rules', { key })).json as RuleList
  for (const { id } of [...list.rules, ...list.warnings])
    t.match(await ask(api.origin, 'GET', `/v1/policy/rules/${id}`, { key }), {
      status: 200,
      json: { id },
    })
  for (const id of ['nope', '__proto__', 'a', 'constructor'])
    t.equal((await ask(api.origin, 'GET', `/v1/policy/rules/${id}`, { key })).status, 404, id)
})

t.test('a job says under which grant and revision it was admitted', async (t) => {
  const accepted = (await post('/v1/jobs', body)).json as Job
  const { revision } = api.service.files().grants.get('untrusted') ?? {}
  t.strictSame(accepted.grant, { name: 'untrusted', revision })
})

t.test('a job that names no priority does not stand before what its grant allows', async (t) => {
  const urgent = { tenant: 'urgent', grant: 'urgent', tenantGrant: 'ci', quotas: {} } as Caller
  t.equal(judgeBody(api.service, urgent, body).priority, 8)
  t.equal(judgeBody(api.service, { ...urgent, grant: 'ci' }, body).priority, 5)
})

t.test('a faulty grant file: ready all the same, with a warning that names no file', async (t) => {
  t.strictSame((await ask(api.origin, 'GET', '/readyz')).json, { status: 'ok' })
  fault = 'secret-course.yaml:1:1: x'
  const { status, json, text } = await ask(api.origin, 'GET', '/readyz')
  t.equal(status, 200)
  t.match(json, { status: 'ok', warnings: [/grant files/] })
  t.notOk(text.includes('secret-course'))
  fault = undefined
})

t.test('readings of grants are counted', async (t) => {
  const metric = async (): Promise<string> => await api.service.telemetry.scrape()
  t.match(await metric(), /^stockade_grants_current 1$/m)
  api.service.telemetry.grantsRead(false)
  t.match(await metric(), /^stockade_grants_current 0$/m)
  t.match(await metric(), /^stockade_grant_reloads_total\{result="refused"\} 1$/m)
  api.service.telemetry.grantsRead(true)
  t.match(await metric(), /^stockade_grants_current 1$/m)
})

/** What the admin socket answers. */
function admin(path: string): Promise<{ status: number | undefined; json: unknown }> {
  return new Promise((resolve, reject) => {
    request({ socketPath: api.adminSocket, path }, (response) => {
      let text = ''
      response.on('data', (piece) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode, json: JSON.parse(text) }))
    })
      .once('error', reject)
      .end()
  })
}

t.test('what jobs asked is told by the admin socket, and by nobody else', async (t) => {
  const { status, json } = await admin('/v1/admin/asked')
  t.equal(status, 200)
  const { asked } = json as AskedList
  t.ok(asked.some(({ tenant, verdict }) => tenant === 'main' && verdict === 'deny'))
  t.ok(asked.some(({ tenant, verdict }) => tenant === 'main' && verdict === 'allow'))
  t.equal((await ask(api.origin, 'GET', '/v1/admin/asked', { key })).status, 404)
})
