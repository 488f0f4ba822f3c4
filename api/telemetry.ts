// Metrics of an api process, made from the table in contract/metric.ts: a name that is not there cannot be counted.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type MetricName, type MetricRow, metrics } from '../contract/metric.js'
import { type ByteKind, byteKinds } from '../queue/depth.js'
import type { Retired } from '../queue/housekeeping.js'
import type { ApiJobStore } from '../queue/job-store.js'
import { checkWrites } from '../queue/redis-health.js'
import { readTenants } from './tenant-metrics.js'

type Labels = Readonly<Record<string, string>>

export type Telemetry = {
  count(name: MetricName, labels: Labels, by?: number): void
  observe(name: MetricName, labels: Labels, seconds: number): void
  add(name: MetricName, by: number): void
  /** A round trip to Redis; whether it is up is looked at when metrics are read. */
  redis(seconds: number | null): void
  /** How reading the grants again went. */
  grantsRead(isTaken: boolean): void
  /** The exposition text, with the queue's figures as they are now. */
  scrape(): Promise<string>
  readonly contentType: string
}

const redisSeconds = 'stockade_redis_seconds' satisfies MetricName
const grantReloads = 'stockade_grant_reloads_total' satisfies MetricName

/** Only these stand as labels: a client's own method must not make a new time series. */
const methods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
])
export const methodLabel = (method: string): string => (methods.has(method) ? method : 'other')

type Instruments = {
  readonly counters: Map<string, Counter>
  readonly gauges: Map<string, Gauge>
  readonly histograms: Map<string, Histogram>
}

function build(registry: Registry): Instruments {
  const instruments: Instruments = { counters: new Map(), gauges: new Map(), histograms: new Map() }
  for (const [name, row] of Object.entries(metrics) as [string, MetricRow][]) {
    if (row.owner !== 'api' && row.owner !== 'each') continue
    const common = { name, help: row.help, labelNames: [...row.labels], registers: [registry] }
    if (row.kind === 'counter') instruments.counters.set(name, new Counter(common))
    else if (row.kind === 'gauge') instruments.gauges.set(name, new Gauge(common))
    else
      instruments.histograms.set(
        name,
        new Histogram({ ...common, buckets: [...(row.buckets ?? [])] }),
      )
  }
  return instruments
}

function instrument<Kind>(found: Kind | undefined, name: string): Kind {
  if (found === undefined) throw new Error(`the metric ${name} is not of that kind, or not ours`)
  return found
}

const byteLabels: Readonly<Record<ByteKind, string>> = {
  queued: 'queued',
  blob: 'blobs',
  finished: 'finished',
  event: 'events',
  output: 'outputs',
}

/** Grants are the operator’s, and few. What is beyond so many counts as one. */
const grantLabelsMax = 32

/** Only grants that have a waiting job: one that no longer is leaves no series behind. */
function setAges(gauge: Gauge, ages: ReadonlyMap<string, number>): void {
  gauge.reset()
  const [named, others] = [
    [...ages].sort().slice(0, grantLabelsMax),
    [...ages].sort().slice(grantLabelsMax),
  ]
  for (const [grant, ms] of named) gauge.set({ grant }, ms / 1000)
  if (others.length > 0)
    gauge.set({ grant: 'other' }, Math.max(...others.map(([, ms]) => ms)) / 1000)
}

async function readQueue(store: ApiJobStore, gauge: (name: MetricName) => Gauge): Promise<void> {
  try {
    const depth = await store.depth()
    const jobs = gauge('stockade_queue_jobs')
    jobs.set({ state: 'waiting' }, depth.waiting)
    jobs.set({ state: 'handed-over' }, depth.handedOver)
    jobs.set({ state: 'running' }, depth.running)
    jobs.set({ state: 'resting' }, depth.resting)
    jobs.set({ state: 'quarantined' }, depth.quarantined)
    gauge('stockade_queue_oldest_seconds').set(depth.oldestMs / 1000)
    gauge('stockade_webhook_oldest_seconds').set((await store.deliveries.oldestMs()) / 1000)
    setAges(gauge('stockade_queue_grant_oldest_seconds'), depth.oldestMsByGrant)
    for (const kind of byteKinds)
      gauge('stockade_store_bytes').set({ kind: byteLabels[kind] }, depth.bytes[kind])
    gauge('stockade_store_bytes').set({ kind: 'asked' }, depth.askedBytes)
    const { usedBytes, maximumBytes } = store.memory()
    gauge('stockade_redis_memory_bytes').set({ kind: 'used' }, usedBytes)
    gauge('stockade_redis_memory_bytes').set({ kind: 'maximum' }, maximumBytes)
    await checkWrites(store.redis)
    gauge('stockade_redis_up').set(store.healthy() ? 1 : 0)
  } catch {
    gauge('stockade_redis_up').set(0)
  }
}

export function countRetired(telemetry: Telemetry, retired: Retired): void {
  for (const reason of ['age', 'share', 'memory'] as const)
    telemetry.count('stockade_jobs_retired_total', { reason }, retired[reason])
}

/** `named`: tenants that metrics name at most. */
export function openTelemetry(store: ApiJobStore, named = 0): Telemetry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const { counters, gauges, histograms } = build(registry)
  const gauge = (name: MetricName): Gauge => instrument(gauges.get(name), name)
  // A process does not start with grants that do not load.
  gauge('stockade_grants_current').set(1)
  return {
    count: (name, labels, by = 1) => instrument(counters.get(name), name).inc(labels, by),
    observe: (name, labels, seconds) =>
      instrument(histograms.get(name), name).observe(labels, seconds),
    add: (name, by) => gauge(name).inc(by),
    redis(seconds) {
      if (seconds !== null) instrument(histograms.get(redisSeconds), redisSeconds).observe(seconds)
    },
    grantsRead(isTaken) {
      const result = isTaken ? 'taken' : 'refused'
      instrument(counters.get(grantReloads), grantReloads).inc({ result })
      gauge('stockade_grants_current').set(isTaken ? 1 : 0)
    },
    async scrape() {
      await readQueue(store, gauge)
      await readTenants(store, named, gauge).catch(() => undefined)
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
