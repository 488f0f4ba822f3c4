// Every metric: name, kind, labels, help. docs/metrics.md is generated from here; a test ties code to this table.
export type MetricRow = {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** The process that has it; `each`: api and worker. */
  readonly owner: 'api' | 'worker' | 'guard' | 'each'
  readonly labels: readonly string[]
  readonly help: string
  readonly buckets?: readonly number[]
}

const fine = [
  0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
]
const coarse = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600]

export const metrics = {
  stockade_http_request_seconds: {
    kind: 'histogram',
    owner: 'api',
    labels: ['method', 'route', 'status'],
    help: 'Time to answer a request.',
    buckets: fine,
  },
  stockade_jobs_admitted_total: {
    kind: 'counter',
    owner: 'api',
    labels: ['grant'],
    help: 'Jobs accepted into the queue.',
  },
  stockade_jobs_denied_total: {
    kind: 'counter',
    owner: 'api',
    labels: ['rule'],
    help: 'Violations that denied a job, by rule.',
  },
  stockade_jobs_refused_total: {
    kind: 'counter',
    owner: 'api',
    labels: ['code'],
    help: 'Requests refused before or after policy, by error code.',
  },
  stockade_policy_seconds: {
    kind: 'histogram',
    owner: 'api',
    labels: [],
    help: 'Time to judge a job.',
    buckets: [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.01],
  },
  stockade_grants_current: {
    kind: 'gauge',
    owner: 'each',
    labels: [],
    help: '1 while the grant files of the disk are in force; 0 when they have a fault and the ones before are.',
  },
  stockade_grant_reloads_total: {
    kind: 'counter',
    owner: 'each',
    labels: ['result'],
    help: 'Times that grants and catalogue were read again: taken, refused.',
  },
  stockade_queue_jobs: {
    kind: 'gauge',
    owner: 'api',
    labels: ['state'],
    help: 'Jobs by state: waiting, handed-over, running, resting (given back for a while), quarantined.',
  },
  stockade_queue_oldest_seconds: {
    kind: 'gauge',
    owner: 'api',
    labels: [],
    help: 'Age of the oldest job that waits.',
  },
  stockade_queue_grant_oldest_seconds: {
    kind: 'gauge',
    owner: 'api',
    labels: ['grant'],
    help: 'Age of the oldest job that waits, by the grant of its tenant. Beyond 32 grants with such jobs: other.',
  },
  stockade_store_bytes: {
    kind: 'gauge',
    owner: 'api',
    labels: ['kind'],
    help: 'Bytes by our own count: queued, blobs (of jobs that have not ended), finished, events, outputs (of those that have), asked (what jobs asked for, kept for `policy diff`).',
  },
  stockade_redis_memory_bytes: {
    kind: 'gauge',
    owner: 'api',
    labels: ['kind'],
    help: 'Memory of Redis: used, maximum (0: none set).',
  },
  stockade_jobs_retired_total: {
    kind: 'counter',
    owner: 'api',
    labels: ['reason'],
    help: 'Finished jobs removed: age (or number), share (bytes of a tenant or of all), memory (Redis nearly full).',
  },
  stockade_tenant_submitted_today: {
    kind: 'gauge',
    owner: 'api',
    labels: ['tenant'],
    help: 'Jobs accepted today (UTC), by tenant: the busiest by name, the rest as other. The same in every api process.',
  },
  stockade_tenant_ended_today: {
    kind: 'gauge',
    owner: 'api',
    labels: ['tenant'],
    help: 'Jobs ended today, by tenant.',
  },
  stockade_tenant_cpu_seconds_today: {
    kind: 'gauge',
    owner: 'api',
    labels: ['tenant'],
    help: 'Processor time of the jobs ended today, by tenant.',
  },
  stockade_tenant_refused_today: {
    kind: 'gauge',
    owner: 'api',
    labels: ['tenant'],
    help: 'Jobs refused by a quota today, by tenant.',
  },
  stockade_tenant_jobs: {
    kind: 'gauge',
    owner: 'api',
    labels: ['tenant', 'state'],
    help: 'Jobs by tenant and state: waiting, in-flight (handed over or running).',
  },
  stockade_redis_up: {
    kind: 'gauge',
    owner: 'each',
    labels: [],
    help: '1 when Redis answers and takes writes.',
  },
  stockade_audit_lines_total: {
    kind: 'counter',
    owner: 'each',
    labels: ['act'],
    help: 'Lines of the audit log, by act. In the worker `outcome` counts what that process has told.',
  },
  stockade_audit_failures_total: {
    kind: 'counter',
    owner: 'each',
    labels: [],
    help: 'Writes of the audit log that failed, lines that were lost for it, and cuts by somebody else. Any is an alarm.',
  },
  stockade_redis_seconds: {
    kind: 'histogram',
    owner: 'each',
    labels: [],
    help: 'Time of one round trip to Redis, measured each second with a write that changes nothing.',
    buckets: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
  },
  stockade_webhook_tries_total: {
    kind: 'counter',
    owner: 'api',
    labels: ['result', 'fault'],
    help: 'Tries of webhooks, by what became of the webhook (delivered, waiting, failed, refused) and what was wrong.',
  },
  stockade_webhook_seconds: {
    kind: 'histogram',
    owner: 'api',
    labels: [],
    help: 'Time of one try of a webhook.',
    buckets: coarse,
  },
  stockade_webhook_oldest_seconds: {
    kind: 'gauge',
    owner: 'api',
    labels: [],
    help: 'How long the webhook that may be sent and waits most has been due. Rising: receivers hang, or nobody sends.',
  },
  stockade_event_streams: { kind: 'gauge', owner: 'api', labels: [], help: 'Open event streams.' },
  stockade_waiting_requests: {
    kind: 'gauge',
    owner: 'api',
    labels: [],
    help: 'Requests that wait for the end of a job.',
  },
  stockade_waits_refused_total: {
    kind: 'counter',
    owner: 'api',
    labels: [],
    help: 'Requests and event streams refused because their tenant had too many open.',
  },
  stockade_connections: { kind: 'gauge', owner: 'api', labels: [], help: 'Open connections.' },
  stockade_connections_refused_total: {
    kind: 'counter',
    owner: 'api',
    labels: [],
    help: 'Connections refused because their address had too many open.',
  },
  stockade_job_wait_seconds: {
    kind: 'histogram',
    owner: 'worker',
    labels: [],
    help: 'Time from acceptance to start.',
    buckets: coarse,
  },
  stockade_launch_seconds: {
    kind: 'histogram',
    owner: 'worker',
    labels: [],
    help: 'Time to make a sandbox, up to the barrier.',
    buckets: fine,
  },
  stockade_run_seconds: {
    kind: 'histogram',
    owner: 'worker',
    labels: ['language'],
    help: 'Wall time of the program.',
    buckets: coarse,
  },
  stockade_receipt_seconds: {
    kind: 'histogram',
    owner: 'worker',
    labels: [],
    help: 'Time to make and sign a receipt.',
    buckets: [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.05],
  },
  stockade_jobs_finished_total: {
    kind: 'counter',
    owner: 'worker',
    labels: ['outcome', 'fault'],
    help: 'Jobs by outcome.',
  },
  stockade_sandbox_failures_total: {
    kind: 'counter',
    owner: 'worker',
    labels: ['stage'],
    help: 'Runs that failed by our fault, by stage.',
  },
  stockade_job_retries_total: {
    kind: 'counter',
    owner: 'worker',
    labels: ['stage'],
    help: 'Runs that were repeated.',
  },
  stockade_jobs_quarantined_total: {
    kind: 'counter',
    owner: 'worker',
    labels: [],
    help: 'Jobs that killed their worker twice.',
  },
  stockade_payload_bytes: {
    kind: 'gauge',
    owner: 'worker',
    labels: ['state'],
    help: 'Budget for large payloads: taken, waited-for.',
  },
  stockade_slots: {
    kind: 'gauge',
    owner: 'worker',
    labels: ['state'],
    help: 'Slots: busy and free.',
  },
  stockade_guard_request_seconds: {
    kind: 'histogram',
    owner: 'guard',
    labels: ['endpoint', 'status'],
    help: 'Time of a request of the Docker API, from its head to the end of its answer; streams until they end.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 10, 60, 600],
  },
  stockade_guard_denied_total: {
    kind: 'counter',
    owner: 'guard',
    labels: ['rule', 'endpoint'],
    help: 'Requests of the Docker API refused, by rule and endpoint; `none` where no endpoint was found.',
  },
  stockade_guard_engine_up: {
    kind: 'gauge',
    owner: 'guard',
    labels: [],
    help: '1 while the engine answers and is what it was when the guard started.',
  },
  stockade_guard_connections: {
    kind: 'gauge',
    owner: 'guard',
    labels: [],
    help: 'Open connections of clients.',
  },
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof metrics
