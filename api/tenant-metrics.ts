// Metrics by tenant, of a bounded number: the busiest of the day by name, the rest as one. Read from the rows of usage, so that every api
// process says the same.
import type { Gauge } from 'prom-client'
import type { Settings } from '../contract/config.js'
import type { MetricName } from '../contract/metric.js'
import { otherTenants } from '../contract/tenant.js'
import type { ApiJobStore } from '../queue/job-store.js'
import type { Busy } from '../queue/usage.js'

type Labels = Readonly<Record<string, string>>

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

/** How many may be named: none on the API’s own address, where /metrics asks for no key. */
export const tenantsNamed = ({ metricsAddress, tenantMetricsMax }: Settings): number =>
  metricsAddress === '' ? 0 : tenantMetricsMax

/** Tenants come and go among the busiest: what was named before and is not now leaves no series behind. */
export async function readTenants(
  store: ApiJobStore,
  named: number,
  gauge: (name: MetricName) => Gauge,
): Promise<void> {
  const { busiest, all } = await store.usage.busiest(named)
  const { waiting, handedOver, running, resting } = await store.depth()
  const total = { row: all, waiting, inFlight: handedOver + running + resting }
  const figures: readonly (readonly [MetricName, Labels, (busy: Busy) => number])[] = [
    ['stockade_tenant_submitted_today', {}, ({ row }) => row.submits],
    ['stockade_tenant_ended_today', {}, ({ row }) => sumOf(row.jobs)],
    ['stockade_tenant_cpu_seconds_today', {}, ({ row }) => row.cpuMs / 1000],
    ['stockade_tenant_refused_today', {}, ({ row }) => sumOf(row.refused)],
    ['stockade_tenant_jobs', { state: 'waiting' }, (busy) => busy.waiting],
    ['stockade_tenant_jobs', { state: 'in-flight' }, (busy) => busy.inFlight],
  ]
  for (const [name] of figures) gauge(name).reset()
  for (const [name, labels, figure] of figures) {
    for (const busy of busiest)
      gauge(name).set({ ...labels, tenant: busy.row.tenant }, figure(busy))
    const rest = busiest.reduce((left, busy) => left - figure(busy), figure(total))
    gauge(name).set({ ...labels, tenant: otherTenants }, Math.max(0, rest))
  }
}
