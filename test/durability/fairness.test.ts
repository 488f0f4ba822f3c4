// Three tenants on a real stack: a flood of thousands, a grader, a CI. What each had of the slots, how many jobs of others each waited
// for, that none of them sees another, and that a quota of one bounds that one. Figures are printed; what is asserted counts jobs and
// shares, never seconds.
import { join } from 'node:path'
import t from 'tap'
import type { Problem } from '../../contract/error.js'
import type { Job } from '../../contract/result.js'
import { type Answer, asRoot, instance, openTenant, outputOf, type Tenant } from '../stack.js'
import { repository } from '../tidy-source.js'

const abreast = 16
const slots = Number(
  /^slots: (\d+)/m.exec(asRoot(['cat', `/etc/${instance}/stockade.yaml`]))?.[1] ?? Number.NaN,
)
// New ones each time: their lists hold what this run sends, and nothing else.
const run = Date.now().toString(36)
const flood = openTenant(`flood-${run}`, 'untrusted')
const grader = openTenant(`grading-${run}`, 'grader')
const ci = openTenant(`builds-${run}`, 'ci')

/** Sends so many, some at a time; gives their ids in the order of sending. */
async function send(tenant: Tenant, count: number, source: string): Promise<string[]> {
  const ids: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++)
      ids[at] = (await tenant.submit({ language: 'bash', source })).id
  }
  await Promise.all(Array.from({ length: abreast }, lane))
  return ids
}

/** Every job of a tenant as it stands. */
async function all(tenant: Tenant): Promise<Job[]> {
  const jobs: Job[] = []
  for (let cursor = ''; ; ) {
    const page = await tenant.request('GET', `/v1/jobs?limit=100${cursor}`)
    const { jobs: some, next } = page.json as { jobs: Job[]; next: string | null }
    jobs.push(...some)
    if (next === null) return jobs
    cursor = `&cursor=${next}`
  }
}

const at = (time: string | null): number => (time === null ? Number.NaN : Date.parse(time))

/** Part of the slots’ time between two moments that these jobs had. */
function heldMs(jobs: readonly Job[], from: number, to: number): number {
  const held = ({ startedAt, finishedAt }: Job): number =>
    Math.max(0, Math.min(at(finishedAt), to) - Math.max(at(startedAt), from))
  return jobs.filter(({ startedAt }) => startedAt !== null).reduce((sum, job) => sum + held(job), 0)
}

/** How many jobs of others began between the acceptance of a tenant’s first job and its start. */
function begunBefore(jobs: readonly Job[], others: readonly Job[]): number {
  const [first] = [...jobs].sort((one, other) => at(one.startedAt) - at(other.startedAt))
  const [from, to] = [at(first?.createdAt ?? null), at(first?.startedAt ?? null)]
  return others.filter(({ startedAt }) => at(startedAt) > from && at(startedAt) < to).length
}

/** All slots sleep until they are let go: so the flood is whole, however fast this machine runs jobs. */
async function holdSlots(): Promise<() => Promise<void>> {
  const holder = openTenant(`holding-${run}`, 'platform')
  const sleeper = { image: 'default', command: ['/bin/sleep', '600'], limits: { wallMs: 600_000 } }
  const jobs = await Promise.all(Array.from({ length: slots }, () => holder.submit(sleeper)))
  for (const { id } of jobs)
    for await (const { name } of holder.events(id)) if (name === 'step') break
  return async () => {
    for (const { id } of jobs) await holder.request('DELETE', `/v1/jobs/${id}`)
  }
}

const floodCount = 3000
const ended = new Map<string, readonly Job[]>()

t.test('a flood of thousands, a grader and a CI: each has its share', async (t) => {
  const letGo = await holdSlots()
  const flooding = await send(flood, floodCount, 'echo flood')
  await letGo()
  await flood.finished(flooding[0] ?? '')
  const waiting = async (): Promise<number> =>
    (await all(flood)).filter(({ state }) => state === 'queued').length
  t.comment(`${await waiting()} of ${floodCount} wait when the others come; ${slots} slots`)
  const [graded, built] = await Promise.all([
    send(grader, 120, 'echo graded; sleep 0.02'),
    send(ci, 24, 'sleep 0.2; echo built'),
  ])
  await Promise.all([
    ...graded.map((id) => grader.finished(id)),
    ...built.map((id) => ci.finished(id)),
  ])
  const left = await waiting()
  for (const id of flooding.slice(-slots)) await flood.finished(id)
  for (const tenant of [flood, grader, ci]) ended.set(tenant.name, await all(tenant))
  const [floods, grades, builds] = [flood, grader, ci].map(({ name }) => ended.get(name) ?? [])
  if (floods === undefined || grades === undefined || builds === undefined) return
  const inOrder = [...floods, ...grades, ...builds].sort(
    (one, other) => at(one.finishedAt) - at(other.finishedAt),
  )
  const place = (jobs: readonly Job[]): number =>
    Math.max(...jobs.map((job) => inOrder.indexOf(job))) + 1
  t.comment(
    `order of ends: the grader’s last was ${place(grades)}, the CI’s ${place(builds)}, the flood’s ${place(floods)}`,
  )
  t.ok(left > 0, `${left} jobs of the flood still wait when the others have ended`)
  for (const [name, jobs, others] of [
    ['grader', grades, [...floods, ...builds]],
    ['CI', builds, [...floods, ...grades]],
  ] as const) {
    const before = begunBefore(jobs, others)
    t.comment(
      `${name}: ${before} jobs of others began before its first one; in flight are at most ${2 * slots - 1}`,
    )
    // What was in flight, the other newcomer’s first, and what began between the stamp of acceptance and the queue.
    t.ok(before <= 2 * (2 * slots - 1), `the ${name} waited for what was in flight`)
    const [from, to] = [
      Math.min(...jobs.map(({ startedAt }) => at(startedAt))),
      Math.max(...jobs.map(({ startedAt }) => at(startedAt))),
    ]
    const sum = heldMs([...floods, ...grades, ...builds], from, to)
    const share = heldMs(jobs, from, to) / sum
    t.comment(
      `${name}: ${(share * 100).toFixed(0)} % of the slots’ time while it had jobs that waited`,
    )
    t.ok(share > 0.2, `the ${name} had its share, which is a third while all three wait`)
  }
})

t.test('each sees its own jobs, and nobody else’s', async (t) => {
  const texts = new Map([
    [flood, 'flood\n'],
    [grader, 'graded\n'],
    [ci, 'built\n'],
  ])
  for (const [tenant, text] of texts) {
    const jobs = ended.get(tenant.name) ?? []
    t.ok(
      jobs.length > 0 && jobs.every(({ outcome }) => outcome === 'ok'),
      `all ${jobs.length} of ${tenant.name} ended well`,
    )
    const [mine] = jobs
    const whole = (await tenant.request('GET', `/v1/jobs/${mine?.id}`)).json as Job
    t.equal(outputOf(whole).toString(), text)
    for (const stranger of [flood, grader, ci].filter((other) => other !== tenant))
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['GET', '/events'],
      ] as const) {
        const answer = await stranger.request(method, `/v1/jobs/${mine?.id}${path}`)
        t.equal(answer.status, 404, `${stranger.name}: ${method} ${path} of ${tenant.name}’s job`)
      }
  }
})

/** As an operator bounds one tenant: holds for its next job. */
const bound = ({ name }: Tenant, quotas: readonly string[]): string =>
  asRoot([
    ...[join(repository, 'stockade'), 'tenant', 'change', name, '--instance', instance],
    ...quotas.flatMap((quota) => ['--quota', quota]),
  ])

t.test('a quota of the flood bounds the flood, and nobody else', async (t) => {
  bound(flood, ['submitsPerMinute=5', 'runningJobs=1'])
  const accepted: string[] = []
  const post = (tenant: Tenant): Promise<Answer> =>
    tenant.request('POST', '/v1/jobs', { language: 'bash', source: 'sleep 0.1' })
  let refusal: Answer | null = null
  // Another minute may begin in between, with five more.
  for (let sent = 0; refusal === null && sent <= 10; sent++) {
    const answer = await post(flood)
    if (answer.status === 202) accepted.push((answer.json as Job).id)
    else refusal = answer
  }
  const { code, quota } = (refusal?.json ?? {}) as Problem
  t.comment(`${accepted.length} accepted, then ${refusal?.status} ${JSON.stringify(quota)}`)
  t.match({ status: refusal?.status, code }, { status: 429, code: 'quota-exceeded' })
  t.match(quota, { name: 'submits', limit: 5 })
  t.ok((quota?.used ?? 0) >= 5, 'what is used up is used up')
  t.match(refusal?.headers.get('retry-after'), /^[1-9]\d*$/)
  t.match(refusal?.headers.get('ratelimit'), /"submits";r=0/)
  t.equal((await post(grader)).status, 202, 'the grader is taken')
  const jobs = await Promise.all(accepted.map((id) => flood.finished(id)))
  const inOrder = jobs.sort((one, other) => at(one.startedAt) - at(other.startedAt))
  for (const [place, { startedAt }] of inOrder.entries())
    if (place > 0)
      t.ok(at(startedAt) >= at(inOrder[place - 1]?.finishedAt ?? null), 'one after the other')
})

t.test('the age of what waits is told by grant, and only while something waits', async (t) => {
  const metrics = (await flood.request('GET', '/metrics')).text
  const grants = [...metrics.matchAll(/^stockade_queue_grant_oldest_seconds\{grant="([^"]+)"\}/gm)]
  t.ok(grants.length <= 33, `${grants.length} grants`)
  t.match(metrics, /^# TYPE stockade_queue_grant_oldest_seconds gauge/m)
})
