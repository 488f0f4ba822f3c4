// Metrics of the guard, made from the table in contract/metric.ts: a name that is not there cannot be counted.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type MetricName, type MetricRow, metrics } from '../contract/metric.js'

export type Telemetry = {
  /** One answered request. `endpoint` is an id of the table, or `none`. */
  request(endpoint: string, status: number, seconds: number): void
  denied(rule: string, endpoint: string): void
  engineUp(isUp: boolean): void
  open(by: number): void
  scrape(): Promise<string>
  readonly contentType: string
}

function common(name: MetricName, registers: Registry[]) {
  const { help, labels } = metrics[name] as MetricRow
  return { name, help, labelNames: [...labels], registers }
}

export function openTelemetry(): Telemetry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    ...common('stockade_guard_request_seconds', registers),
    buckets: [...metrics.stockade_guard_request_seconds.buckets],
  })
  const denials = new Counter(common('stockade_guard_denied_total', registers))
  const up = new Gauge(common('stockade_guard_engine_up', registers))
  const connections = new Gauge(common('stockade_guard_connections', registers))
  return {
    request: (endpoint, status, seconds) =>
      requests.observe({ endpoint, status: String(status) }, seconds),
    denied: (rule, endpoint) => denials.inc({ rule, endpoint }),
    engineUp: (isUp) => up.set(isUp ? 1 : 0),
    open: (by) => connections.inc(by),
    scrape: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
