// Three tenants on a real stack: a flood of thousands, a grader, a CI. What each had of the slots, how many jobs of others each waited
// for, and that none of them sees another. Figures are printed; what is asserted counts jobs and shares, never seconds.
import t from 'tap'
import type { Job } from '../../contract/result.js'
import { asRoot, instance, openTenant, outputOf, type Tenant } from '../stack.js'

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

const floodCount = 3000
const ended = new Map<string, readonly Job[]>()

t.test('a flood of thousands, a grader and a CI: each has its share', async (t) => {
  const flooding = await send(flood, floodCount, 'echo flood')
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

t.test('the age of what waits is told by grant, and only while something waits', async (t) => {
  const metrics = (await flood.request('GET', '/metrics')).text
  const grants = [...metrics.matchAll(/^stockade_queue_grant_oldest_seconds\{grant="([^"]+)"\}/gm)]
  t.ok(grants.length <= 33, `${grants.length} grants`)
  t.match(metrics, /^# TYPE stockade_queue_grant_oldest_seconds gauge/m)
})
