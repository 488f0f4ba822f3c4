// Many jobs that wait at one time. All slots sleep while they are accepted; then the sleepers are cancelled and the queue runs dry.
import type { Job } from '../../contract/result.js'
import { openTenant, type ServiceName, type Tenant } from '../stack.js'
import { residentBytes } from './holdings.js'
import { trivialJob } from './http-cost.js'
import { round } from './statistics.js'

export type QueueDepth = {
  readonly jobs: number
  readonly acceptSeconds: number
  /** From the moment at which the slots came free. */
  readonly firstResultMs: number
  readonly lastResultSeconds: number
  readonly residentBytes: Readonly<
    Record<'before' | 'full' | 'after', Readonly<Record<ServiceName, number>>>
  >
}

const inFlight = 16
const sleeper = {
  image: 'default',
  command: ['/bin/sleep', '3000'],
  limits: { wallMs: 3_600_000 },
}

/** Ids of `count` accepted jobs in the order in which they were sent. */
async function fill(tenant: Tenant, count: number): Promise<string[]> {
  const ids: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const at = next++
      ids[at] = (await tenant.submit(trivialJob)).id
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return ids
}

async function ended(tenant: Tenant, id: string): Promise<void> {
  for (;;) {
    const { json } = await tenant.request('GET', `/v1/jobs/${id}?wait=60`)
    const { state, outcome } = json as Job
    if (state !== 'finished') continue
    if (outcome !== 'ok') throw new Error(`${id} ended ${outcome}`)
    return
  }
}

async function holdSlots(tenant: Tenant, slots: number): Promise<() => Promise<void>> {
  const jobs = await Promise.all(Array.from({ length: slots }, () => tenant.submit(sleeper)))
  for (const { id } of jobs)
    for await (const { name } of tenant.events(id)) if (name === 'step') break
  return async () => {
    await Promise.all(jobs.map(({ id }) => tenant.request('DELETE', `/v1/jobs/${id}`)))
  }
}

export async function queueDepth(slots: number, jobs: number): Promise<QueueDepth> {
  const sleeping = openTenant('bench-sleep', 'platform')
  const tenant = openTenant('bench-queue', 'platform')
  const before = residentBytes()
  const release = await holdSlots(sleeping, slots)
  const start = performance.now()
  const ids = await fill(tenant, jobs)
  const acceptSeconds = round((performance.now() - start) / 1000)
  const full = residentBytes()
  const free = performance.now()
  await release()
  await Promise.race(ids.slice(0, slots).map((id) => ended(tenant, id)))
  const firstResultMs = round(performance.now() - free)
  for (const id of ids.slice(-slots)) await ended(tenant, id)
  const lastResultSeconds = round((performance.now() - free) / 1000)
  const after = residentBytes()
  return {
    ...{ jobs, acceptSeconds, firstResultMs, lastResultSeconds },
    residentBytes: { before, full, after },
  }
}
