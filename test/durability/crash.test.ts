// kill -9 of each process in the middle of many jobs: every accepted job ends exactly once, with one result.
import t from 'tap'
import {
  accountOf,
  address,
  asRoot,
  instance,
  openTenant,
  persist,
  type ServiceName,
  servicePid,
  supervise,
  type Tenant,
} from '../stack.js'
import { expectEachOnce, send } from './fleet.js'

const jobsInFlight = 200

const kill = (service: ServiceName): void => {
  asRoot(['kill', '-KILL', String(servicePid(service))])
}

/** Ready again, with another process than before. */
async function backAgain(service: ServiceName, before: number): Promise<void> {
  await persist(async () => {
    if (servicePid(service) === before) throw new Error(`${service} is still the old one`)
    const response = await fetch(`http://${address}/readyz`)
    if (response.status !== 200) throw new Error(`not ready: ${response.status}`)
  })
}

for (const service of ['worker', 'launcher', 'redis', 'api'] as const) {
  t.test(`${service} is killed in the middle of ${jobsInFlight} jobs`, async (t) => {
    const tenant = openTenant(`crash-${service}`)
    const name = `${service}-${Date.now()}`
    const fleet = await send(tenant, name, jobsInFlight, 0.1)
    await fleet.someFinished(20)
    const before = servicePid(service)
    kill(service)
    await backAgain(service, before)
    await expectEachOnce(t, tenant, name, fleet)
  })
}

t.test('the launcher is killed with all its supervisors and sandboxes', async (t) => {
  const tenant = openTenant('crash-supervisors')
  const name = `supervisors-${Date.now()}`
  const fleet = await send(tenant, name, jobsInFlight, 0.1)
  await fleet.someFinished(20)
  const before = servicePid('launcher')
  asRoot(['pkill', '-KILL', '-u', `${instance}-launcher`])
  await backAgain('launcher', before)
  const jobs = await expectEachOnce(t, tenant, name, fleet)
  t.ok(
    jobs.some((job) => job.attempts > 1),
    'what ran was lost with it, and was run again',
  )
})

t.test('the api is killed while jobs are being sent', async (t) => {
  const tenant = openTenant(`crash-sending-${Date.now()}`)
  const name = `sending-${Date.now()}`
  const sending = send(tenant, name, jobsInFlight, 0)
  kill('api')
  const fleet = await sending
  await expectEachOnce(t, tenant, name, fleet)
  const listed = await pagesOf(tenant)
  t.equal(listed, jobsInFlight, 'what was sent twice by a careful client is there once')
})

async function pagesOf(tenant: Tenant): Promise<number> {
  let count = 0
  let path: string | null = '/v1/jobs?limit=100'
  while (path !== null) {
    const page = (await tenant.request('GET', path)).json as {
      jobs: unknown[]
      next: string | null
    }
    count += page.jobs.length
    path = page.next === null ? null : `/v1/jobs?limit=100&cursor=${encodeURIComponent(page.next)}`
  }
  return count
}

t.test(
  'Redis is away: 503 with Retry-After, nothing accepted, and recovery by itself',
  async (t) => {
    const tenant = openTenant('crash-away')
    supervise('stop', 'redis')
    try {
      const refused = await tenant.request('POST', '/v1/jobs', { language: 'bash', source: 'true' })
      t.equal(refused.status, 503)
      t.ok(refused.headers.get('retry-after'), 'says when to try again')
      t.equal((await fetch(`http://${address}/readyz`)).status, 503, 'not ready')
      t.equal((await fetch(`http://${address}/healthz`)).status, 200, 'but alive')
    } finally {
      supervise('start', 'redis')
    }
    const job = await persist(() => tenant.run({ language: 'bash', source: 'echo back' }))
    t.equal(job.stdout, 'back\n', accountOf(job))
  },
)

t.test('a job that has killed its worker twice is put aside', async (t) => {
  const tenant = openTenant('crash-quarantine')
  const { id } = await tenant.submit({
    language: 'bash',
    source: 'sleep 55',
    limits: { wallMs: 59_000 },
  })
  for (const attempt of [1, 2]) {
    await persist(async () => {
      const job = (await tenant.request('GET', `/v1/jobs/${id}`)).json as {
        state: string
        attempts: number
      }
      if (job.state !== 'running' || job.attempts !== attempt)
        throw new Error(`not at attempt ${attempt}: ${JSON.stringify(job)}`)
    })
    const before = servicePid('worker')
    kill('worker')
    await backAgain('worker', before)
  }
  const job = await tenant.finished(id)
  t.equal(job.outcome, 'sandbox-error', accountOf(job))
  t.equal(job.cause?.stage, 'worker-lost')
  const metrics = await (await fetch(`http://${address}/metrics`)).text()
  t.match(metrics, /stockade_queue_jobs\{state="quarantined"\} [1-9]/, 'the operator sees it')
})
