// What the api sees of the queue: admission, reading back, cancelling, following. The worker’s side is worker-store.ts.
import { randomBytes } from 'node:crypto'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { Payload } from '../contract/payload.js'
import type { Job } from '../contract/result.js'
import { type Admitted, admit } from './admit.js'
import { type BlobStore, openBlobStore } from './blob-store.js'
import { type Cancelled, cancel } from './cancel.js'
import { connectFailingFast, connectPatiently, StoreUnavailable } from './connect.js'
import type { StoredEvent } from './events.js'
import { expire } from './expire.js'
import { addToQueue, feed, feedingOf } from './feed.js'
import { awaitEnd, follow } from './follow.js'
import { type JobPage, type JobQuery, listJobs } from './job-list.js'
import * as keys from './keys.js'
import { type Listener, openListener } from './listener.js'
import { discardSealed, sealPayload } from './payload-seal.js'
import { jobOf } from './record.js'
import { retire, sweepLitter } from './retire.js'
import { isUnavailable } from './script.js'
import { openSealer, type Sealer } from './seal.js'

export { CursorError } from './job-list.js'
export type { Admitted, Cancelled, JobPage, JobQuery, StoredEvent }

export type Admission = {
  readonly payload: Payload
  readonly language: string | null
  readonly image: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly priority: number
  readonly attemptsMax: number
  readonly grant: {
    readonly name: string
    readonly revision: string
    readonly queuedJobs: number
    readonly runningJobs: number
  }
  readonly idempotency: { readonly key: string; readonly requestDigest: string } | null
}

export type Depth = {
  waiting: number
  handedOver: number
  running: number
  quarantined: number
  oldestMs: number
}

export type ApiJobStore = {
  admit(admission: Admission): Promise<Admitted>
  read(tenant: string, jobId: string): Promise<Job | null>
  list(tenant: string, query: JobQuery): Promise<JobPage>
  cancel(tenant: string, jobId: string): Promise<Cancelled>
  /** For a job that this process admits: its own channel tells. */
  whenFinished(jobId: string): { promise: Promise<void>; stop(): void }
  /** For a job that any process may have admitted. Resolves at once when it is no longer kept. */
  awaitEnd(jobId: string, signal: AbortSignal): Promise<void>
  events(
    tenant: string,
    jobId: string,
    afterId: string | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<StoredEvent> | null>
  depth(): Promise<Depth>
  healthy(): boolean
  feed(): Promise<void>
  close(): Promise<void>
  /** For the key store: the same connection and the same seal. */
  readonly redis: Redis
  readonly sealer: Sealer
}

type Parts = {
  readonly redis: Redis
  readonly patient: Redis
  readonly listener: Listener
  readonly queue: Queue
  readonly blobs: BlobStore
  readonly sealer: Sealer
  readonly settings: Settings
  readonly processId: string
  readonly log: Logger
}

/** Turns a failure of the connection into StoreUnavailable, and leaves all else as it is. */
async function reaching<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (isUnavailable(error) && !(error instanceof StoreUnavailable))
      throw new StoreUnavailable((error as Error).message)
    throw error
  }
}

async function admitJob(parts: Parts, admission: Admission): Promise<Admitted> {
  const { payload, grant } = admission
  const sealed = await sealPayload(parts.sealer, parts.blobs, payload)
  const { admitted, handed } = await admit(parts.redis, {
    jobId: payload.jobId,
    tenant: payload.tenant,
    priority: admission.priority,
    acceptedAtMs: payload.acceptedAtMs,
    expiresAtMs: payload.expiresAtMs,
    queuedMax: parts.settings.queuedJobsMax,
    tenantQueuedMax: grant.queuedJobs,
    tenantRunningMax: grant.runningJobs,
    idempotency:
      admission.idempotency === null
        ? null
        : {
            key: parts.sealer.digest(admission.idempotency.key),
            requestDigest: admission.idempotency.requestDigest,
            keepMs: parts.settings.finishedKeepSeconds * 1000,
          },
    replyTo: parts.processId,
    depth: feedingOf(parts.settings).depth,
    fields: [
      ...['state', 'queued', 'tenant', payload.tenant, 'createdAt', String(payload.acceptedAtMs)],
      ...['expiresAt', String(payload.expiresAtMs), 'attemptsMax', String(admission.attemptsMax)],
      ...[
        'grant',
        grant.name,
        'grantRevision',
        grant.revision,
        'labels',
        JSON.stringify(admission.labels),
      ],
      ...['language', admission.language ?? '', 'image', admission.image ?? '', ...sealed],
    ],
  })
  // The job is safe from here on: what fails now is made good by the feeder's next turn.
  if (admitted.kind === 'accepted') handOverSoon(parts, handed)
  else await discardSealed(parts.blobs, payload.tenant, sealed)
  return admitted
}

function handOverSoon(parts: Parts, ids: readonly string[]): void {
  addToQueue(parts.queue, ids).catch((error: unknown) =>
    parts.log.debug({ error }, 'handing over is left to the next turn'),
  )
}

async function readFields(redis: Redis, jobId: string): Promise<Map<string, string>> {
  return new Map(Object.entries(await redis.hgetall(keys.jobKey(jobId))))
}

async function readJob(redis: Redis, tenant: string, jobId: string): Promise<Job | null> {
  const fields = await readFields(redis, jobId)
  return fields.get('tenant') === tenant ? jobOf(jobId, fields) : null
}

async function readDepth(redis: Redis): Promise<Depth> {
  const pipeline = redis.pipeline()
  pipeline
    .get(keys.waitingCountKey)
    .zcard(keys.handoverKey)
    .zcard(keys.runningKey)
    .zcard(keys.quarantineKey)
  pipeline.zrange(keys.agesKey, '0', '0', 'WITHSCORES')
  const answers = (await pipeline.exec()) ?? []
  const values = answers.map(([error, value]) => {
    if (error !== null) throw error
    return value
  })
  const oldest = Number((values[4] as string[])[1] ?? Number.NaN)
  return {
    waiting: Number(values[0] ?? 0),
    handedOver: Number(values[1]),
    running: Number(values[2]),
    quarantined: Number(values[3]),
    oldestMs: Number.isNaN(oldest) ? 0 : Math.max(0, Date.now() - oldest),
  }
}

/** Promises of requests that wait for a job's end, by job id; woken by this process's channel. */
function openWaiters(parts: Parts): {
  add(jobId: string): { promise: Promise<void>; stop(): void }
  wake(message: string | null): void
} {
  const waiters = new Map<string, Set<() => void>>()
  const wakeOne = (jobId: string): void => {
    for (const resolve of waiters.get(jobId) ?? []) resolve()
    waiters.delete(jobId)
  }
  const recheck = async (jobId: string): Promise<void> => {
    const state = await parts.redis.hget(keys.jobKey(jobId), 'state')
    if (state === 'finished') wakeOne(jobId)
  }
  return {
    add(jobId) {
      const set = waiters.get(jobId) ?? new Set()
      waiters.set(jobId, set)
      let resolveIt = (): void => undefined
      const promise = new Promise<void>((resolve) => {
        resolveIt = resolve
      })
      set.add(resolveIt)
      const stop = (): void => {
        if (set.delete(resolveIt) && set.size === 0 && waiters.get(jobId) === set)
          waiters.delete(jobId)
      }
      return { promise, stop }
    },
    wake(message) {
      if (message !== null) wakeOne(message)
      // After a reconnect a message may have been missed: the stored record is the truth.
      else for (const jobId of waiters.keys()) recheck(jobId).catch(() => undefined)
    },
  }
}

/** Deadlines, retention, and whatever a death left in handover. A slow timer; every process may run it, all of it is atomic. */
function startHousekeeping(parts: Parts): NodeJS.Timeout {
  const retention = {
    keepMs: parts.settings.finishedKeepSeconds * 1000,
    keepJobs: parts.settings.finishedKeepJobs,
  }
  const turn = async (): Promise<void> => {
    await feed(parts.redis, parts.queue, feedingOf(parts.settings))
    await expire(parts.redis)
    await retire(parts.redis, retention)
    await sweepLitter(parts.redis, parts.blobs)
  }
  const timer = setInterval(() => {
    turn().catch((error: unknown) =>
      parts.log.debug({ error }, 'housekeeping is left to the next turn'),
    )
  }, 1000)
  return timer.unref()
}

/** Opens even when Redis is away: calls then reject with StoreUnavailable at once, and work again when it is back. */
export async function openApiJobStore(settings: Settings, log: Logger): Promise<ApiJobStore> {
  const patient = connectPatiently(settings, 'api')
  const redis = connectFailingFast(settings, 'api')
  for (const connection of [redis, patient])
    connection.on('error', (error: Error) =>
      log.debug({ error: error.message }, 'redis connection'),
    )
  const parts: Parts = {
    redis,
    patient,
    listener: openListener(patient),
    queue: new Queue(keys.queueName, {
      connection: redis,
      prefix: keys.bullPrefix,
      skipVersionCheck: true,
      skipMetasUpdate: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    }),
    blobs: openBlobStore(settings.blobDirectory),
    sealer: openSealer(settings.sealKeyFile),
    settings,
    processId: randomBytes(9).toString('base64url'),
    log,
  }
  parts.queue.on('error', (error) => log.debug({ error: error.message }, 'queue connection'))
  const waiters = openWaiters(parts)
  // The two connections come back each in its own time: a look by this one may have failed while only the other was there.
  redis.on('ready', () => waiters.wake(null))
  parts.listener
    .listen(keys.apiChannel(parts.processId), waiters.wake)
    .catch((error: unknown) => log.debug({ error }, 'subscription'))
  const housekeeping = startHousekeeping(parts)
  return {
    redis,
    sealer: parts.sealer,
    admit: (admission) => reaching(() => admitJob(parts, admission)),
    read: (tenant, jobId) => reaching(() => readJob(redis, tenant, jobId)),
    list: (tenant, query) => reaching(() => listJobs(redis, tenant, query)),
    cancel: (tenant, jobId) => reaching(() => cancel(redis, tenant, jobId)),
    whenFinished: waiters.add,
    awaitEnd: (jobId, signal) => reaching(() => awaitEnd(redis, parts.listener, jobId, signal)),
    events: (tenant, jobId, afterId, signal) =>
      reaching(async () => {
        if ((await redis.hget(keys.jobKey(jobId), 'tenant')) !== tenant) return null
        return follow(redis, parts.listener, jobId, afterId, signal)
      }),
    depth: () => reaching(() => readDepth(redis)),
    healthy: () => redis.status === 'ready',
    feed: async () => {
      await reaching(() => feed(redis, parts.queue, feedingOf(settings)))
    },
    async close() {
      clearInterval(housekeeping)
      await parts.queue.close().catch(() => undefined)
      parts.listener.close()
      redis.disconnect()
    },
  }
}
