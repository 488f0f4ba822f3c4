// One job through all ten steps (docs/walk.md), with a look at what each owner leaves behind.
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import type { Job } from '../contract/result.js'
import type { Evaluation } from '../contract/verdict.js'
import { compileSeccomp } from '../native/seccomp.js'
import {
  type Answer,
  accountOf,
  address,
  asRoot,
  type Event,
  instance,
  openTenant,
  outputOf,
} from './stack.js'
import { repository } from './tidy-source.js'

const tenant = openTenant('walk')
const mark = `mark-${randomBytes(12).toString('hex')}`
const spec = {
  language: 'python',
  source: `import os, sys\n# ${mark}\nprint(6 * 7)\nprint("seen", file=sys.stderr)\nsys.exit(3)`,
  env: { SECRET: mark },
  labels: { test: 'walk' },
  limits: { memoryBytes: 100 * 1_048_576, cpuMs: 2000 },
}

/** One counter of a process, all its labels together. */
function total(text: string, name: string): number {
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'gm'))]
    .map((match) => Number(match[1]))
    .reduce((sum, value) => sum + value, 0)
}

const metricsText = async (): Promise<string> => {
  const at = address.lastIndexOf(':')
  const worker = `${address.slice(0, at)}:${Number(address.slice(at + 1)) + 1}`
  const texts = [address, worker].map(async (one) => (await fetch(`http://${one}/metrics`)).text())
  return (await Promise.all(texts)).join('\n')
}

const inFiles = (what: string, folder: string): boolean =>
  asRoot(['sh', '-c', 'grep -rlaF -- "$1" "$2" || true', 'sh', what, folder]).trim() !== ''

type Walk = {
  readonly evaluation: Evaluation
  readonly answer: Answer
  readonly events: readonly Event[]
  readonly job: Job
  readonly metricsBefore: string
  readonly metricsAfter: string
}

async function walkOnce(): Promise<Walk> {
  const metricsBefore = await metricsText()
  const evaluation = (await tenant.request('POST', '/v1/policy/evaluate', spec)).json as Evaluation
  const answer = await tenant.request('POST', '/v1/jobs', spec)
  const { id } = answer.json as Job
  const events: Event[] = []
  for await (const event of tenant.events(id)) events.push(event)
  const job = await tenant.finished(id)
  return { evaluation, answer, events, job, metricsBefore, metricsAfter: await metricsText() }
}

const walk = await walkOnce()
const { evaluation, answer, events, job } = walk
const { plan } = evaluation
const isolation = job.isolation

t.test('step 1, api/server.ts: no key, no entry', async (t) => {
  const stranger = await fetch(`http://${address}/v1/jobs`, { method: 'POST', body: '{}' })
  t.equal(stranger.status, 401)
})

t.test('step 2, api/route-jobs.ts: accepted, and where to find it', async (t) => {
  const queued = answer.json as Job
  t.equal(answer.status, 202, answer.text.slice(0, 200))
  t.equal(answer.headers.get('location'), `/v1/jobs/${queued.id}`)
  t.equal(queued.state, 'queued')
  t.same(queued.labels, spec.labels)
})

t.test('step 3, policy/engine.ts: the verdict and the plan, also without a run', async (t) => {
  t.equal(evaluation.verdict, 'allow')
  t.equal(plan?.steps.length, 1)
  t.equal(plan?.memoryBytes, spec.limits.memoryBytes)
  t.same(job.grant, evaluation.grant)
})

t.test('step 4, queue/admit.ts: queued, and sealed before Redis sees it', async (t) => {
  t.match(events[0], { name: 'state', data: { state: 'queued' } })
  const store = `/var/lib/${instance}`
  t.ok(inFiles(job.id, `${store}/redis`), 'control: the job’s id is in what Redis has written')
  t.notOk(inFiles(mark, `${store}/redis`), 'source and environment are not')
  t.notOk(inFiles(mark, `${store}/blobs`), 'nor in the blob store')
  t.notOk(inFiles(tenant.key.slice(-43), `${store}/redis`), 'nor is the key')
})

t.test('step 5, worker/consume.ts: the first attempt, one result', async (t) => {
  const states = events.filter(({ name }) => name === 'state').map(({ data }) => data)
  t.match(states[1], { state: 'running', attempt: 1 })
  t.equal(events.at(-1)?.name, 'result', 'the result is the last event')
  t.equal(events.filter(({ name }) => name === 'result').length, 1, 'and there is one')
})

t.test('step 6, worker/judge-again.ts: the plan of the second judgement is in force', async (t) => {
  t.equal(isolation?.limits.memoryBytes, plan?.memoryBytes)
  t.equal(isolation?.limits.processes, plan?.steps[0]?.processes)
  t.equal(isolation?.imageDigest, plan?.imageDigest)
  t.equal(isolation?.uid, plan?.uid)
})

t.test('step 7, native/seccomp.ts: this very program is in force', async (t) => {
  const profilesFolder = `${repository}/profiles`
  const compiled = compileSeccomp(plan?.steps[0]?.seccomp ?? '', { profilesFolder })
  t.equal(isolation?.seccomp.digest, createHash('sha256').update(compiled.program).digest('hex'))
  t.equal(isolation?.seccomp.mode, 2)
})

t.test('steps 8 and 9, the launcher: every layer, read back', async (t) => {
  const eight = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']
  t.same(isolation?.namespaces, eight)
  t.equal(isolation?.noNewPrivileges, true)
  for (const [set, mask] of Object.entries(isolation?.capabilities ?? {}))
    t.equal(mask, '0000000000000000', `${set} is empty`)
  t.notMatch(isolation?.uidMap, /^0 0 /, 'root inside is not root outside')
  t.equal(isolation?.landlock.restricted, isolation?.landlock.abi !== 0)
})

t.test('step 10, worker/collect.ts: the result', async (t) => {
  t.equal(job.outcome, 'exit-nonzero', accountOf(job))
  t.equal(job.exitCode, 3)
  t.equal(outputOf(job).toString(), '42\n')
  t.equal(outputOf(job, 'stderr').toString(), 'seen\n')
  const written = events
    .filter(({ name }) => name === 'stdout')
    .map(({ data }) => Buffer.from((data as { base64: string }).base64, 'base64'))
  t.equal(Buffer.concat(written).toString(), '42\n', 'output came while it ran')
  t.ok((job.usage?.cpuMs ?? 0) > 0 && (job.usage?.memoryPeakBytes ?? 0) > 0, 'it cost something')
})

t.test('each step was counted, and no log holds what is private', async (t) => {
  const counters = [
    'jobs_admitted_total',
    'jobs_finished_total',
    'launch_seconds_count',
    'run_seconds_count',
    'policy_seconds_count',
    'job_wait_seconds_count',
  ]
  for (const name of counters.map((one) => `stockade_${one}`))
    t.ok(total(walk.metricsAfter, name) > total(walk.metricsBefore, name), `${name} went up`)
  t.notOk(inFiles(mark, `/var/log/${instance}`), 'source and environment')
  t.notOk(inFiles(tenant.key.slice(-43), `/var/log/${instance}`), 'the key')
})

t.test('events can be taken up again where they were left', async (t) => {
  const { id } = await tenant.run({
    language: 'bash',
    source: 'for n in 1 2 3; do echo $n; sleep 0.1; done',
  })
  const all: Event[] = []
  for await (const event of tenant.events(id)) all.push(event)
  const rest: Event[] = []
  for await (const event of tenant.events(id, all[1]?.id ?? '')) rest.push(event)
  t.same(rest, all.slice(2))
})

t.test('the same idempotency key gives the same job', async (t) => {
  const body = { language: 'bash', source: 'echo once' }
  const headers = { 'idempotency-key': mark }
  const [one, other] = await Promise.all(
    [1, 2].map(() => tenant.request('POST', '/v1/jobs?wait=30', body, headers)),
  )
  t.equal((one?.json as Job | undefined)?.id, (other?.json as Job | undefined)?.id)
  t.ok(one?.status === 200)
  const conflict = await tenant.request(
    'POST',
    '/v1/jobs',
    { ...body, source: 'echo twice' },
    headers,
  )
  t.equal(conflict.status, 409)
})
