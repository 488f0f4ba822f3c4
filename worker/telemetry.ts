// Metrics of the worker, as contract/metric.ts declares them, on a listener of its own.
import { createServer, type Server } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { metrics } from '../contract/metric.js'
import { faultOf, type Outcome } from '../contract/outcome.js'
import type { PayloadBudget } from './payload-budget.js'

export type WorkerTelemetry = {
  waited(seconds: number): void
  launched(seconds: number): void
  ran(language: string, seconds: number): void
  finished(outcome: Outcome): void
  signed(seconds: number): void
  sandboxFailed(stage: string): void
  retried(stage: string): void
  quarantined(): void
  slots(busy: number, free: number): void
  audited(act: string): void
  auditFailed(): void
  /** A round trip to Redis, or null when it takes no writes. */
  redis(seconds: number | null): void
  /** How reading the grants again went. */
  grantsRead(isTaken: boolean): void
  listen(address: string): Promise<Server | null>
}

function histogram<Name extends keyof typeof metrics>(
  name: Name,
  registers: Registry[],
): Histogram {
  const row: { help: string; labels: readonly string[]; buckets?: readonly number[] } =
    metrics[name]
  return new Histogram({
    name,
    help: row.help,
    labelNames: [...row.labels],
    buckets: [...(row.buckets ?? [])],
    registers,
  })
}

function counter(name: keyof typeof metrics, registers: Registry[]): Counter {
  return new Counter({
    name,
    help: metrics[name].help,
    labelNames: [...metrics[name].labels],
    registers,
  })
}

async function listen(registry: Registry, address: string): Promise<Server | null> {
  if (address === '') return null
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  const at = address.lastIndexOf(':')
  await new Promise<void>((resolve, reject) => {
    server
      .once('error', reject)
      .listen(Number(address.slice(at + 1)), address.slice(0, at), () => resolve())
  })
  return server
}

/** A process does not start with grants that do not load: they are current until told otherwise. */
function grantsRead(registers: Registry[]): (isTaken: boolean) => void {
  const reloads = counter('stockade_grant_reloads_total', registers)
  const current = new Gauge({
    name: 'stockade_grants_current',
    help: metrics.stockade_grants_current.help,
    registers,
  })
  current.set(1)
  return (isTaken) => {
    reloads.inc({ result: isTaken ? 'taken' : 'refused' })
    current.set(isTaken ? 1 : 0)
  }
}

/** Read at each scrape. */
function watchBudget(budget: PayloadBudget, registers: Registry[]): void {
  new Gauge({
    name: 'stockade_payload_bytes',
    help: metrics.stockade_payload_bytes.help,
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'taken' }, budget.takenBytes)
      this.set({ state: 'waited-for' }, budget.waitingBytes)
    },
  })
}

export function openTelemetry(budget: PayloadBudget): WorkerTelemetry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  watchBudget(budget, registers)
  const wait = histogram('stockade_job_wait_seconds', registers)
  const launch = histogram('stockade_launch_seconds', registers)
  const runs = histogram('stockade_run_seconds', registers)
  const receipts = histogram('stockade_receipt_seconds', registers)
  const finished = counter('stockade_jobs_finished_total', registers)
  const failures = counter('stockade_sandbox_failures_total', registers)
  const retries = counter('stockade_job_retries_total', registers)
  const quarantined = counter('stockade_jobs_quarantined_total', registers)
  const auditLines = counter('stockade_audit_lines_total', registers)
  const auditFailures = counter('stockade_audit_failures_total', registers)
  const redisSeconds = histogram('stockade_redis_seconds', registers)
  const redisUp = new Gauge({
    name: 'stockade_redis_up',
    help: metrics.stockade_redis_up.help,
    registers,
  })
  const slots = new Gauge({
    name: 'stockade_slots',
    help: metrics.stockade_slots.help,
    labelNames: ['state'],
    registers,
  })
  return {
    waited: (seconds) => wait.observe(seconds),
    launched: (seconds) => launch.observe(seconds),
    ran: (language, seconds) => runs.observe({ language }, seconds),
    finished: (outcome) => finished.inc({ outcome, fault: faultOf(outcome) }),
    signed: (seconds) => receipts.observe(seconds),
    sandboxFailed: (stage) => failures.inc({ stage }),
    retried: (stage) => retries.inc({ stage }),
    quarantined: () => quarantined.inc(),
    audited: (act) => auditLines.inc({ act }),
    auditFailed: () => auditFailures.inc(),
    slots(busy, free) {
      slots.set({ state: 'busy' }, busy)
      slots.set({ state: 'free' }, free)
    },
    redis(seconds) {
      redisUp.set(seconds === null ? 0 : 1)
      if (seconds !== null) redisSeconds.observe(seconds)
    },
    grantsRead: grantsRead(registers),
    listen: (address) => listen(registry, address),
  }
}
