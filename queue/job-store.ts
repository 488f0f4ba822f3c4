// What the api sees of the queue: admission, reading back, cancelling, following. The worker’s side is worker-store.ts.
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { Quotas } from '../contract/quota.js'
import type { KeptJob } from '../contract/result.js'
import { type Admission, recordOf } from './admission-record.js'
import { type Admitted, admit, askRoom, retryAfterSeconds } from './admit.js'
import { type AskedJobs, openAskedJobs } from './asked-jobs.js'
import { type BatchStore, openBatchStore } from './batch-store.js'
import { type BlobStore, openBlobStore } from './blob-store.js'
import { diskBytesOf } from './byte-limits.js'
import { type Cancelled, cancel } from './cancel.js'
import { connectFailingFast, connectPatiently } from './connect.js'
import { type DeliveryQueue, openDeliveryQueue } from './delivery-queue.js'
import { type Depth, readDepth } from './depth.js'
import { endOf, type Told } from './end-message.js'
import type { StoredEvent } from './events.js'
import { feed, feedingOf } from './feed.js'
import { awaitEnd, follow } from './follow.js'
import { type Retired, startHousekeeping } from './housekeeping.js'
import { type JobPage, type JobQuery, listJobs } from './job-list.js'
import * as keys from './keys.js'
import { type Listener, openListener } from './listener.js'
import { type MemoryWatch, openMemoryWatch, type StoreMemory } from './memory-watch.js'
import { type OutputStore, openOutputStore } from './output-store.js'
import { discardSealed, isBlob, sealPayload, storeSealed } from './payload-seal.js'
import { changeCaps, quotaLimitsOf, readStandings, type Standing } from './quota.js'
import { jobOf } from './record.js'
import { openRefusals, type Refusals } from './refusals.js'
import { isOutOfMemory, isRefused, reaching } from './script.js'
import { openSealer, type Sealer } from './seal.js'
import type { Unrun } from './unrun.js'
import { openUsageReader, tellKeepDays, type UsageReader } from './usage.js'

export { CursorError } from './job-list.js'
export type { Admission, Admitted, Cancelled, JobPage, JobQuery, StoredEvent }

export type ApiJobStore = {
  admit(admission: Admission): Promise<Admitted>
  /** `told`: what a waiter was told of the end; null or absent, and the stored record is read. */
  read(tenant: string, jobId: string, told?: Told | null): Promise<KeptJob | null>
  list(tenant: string, query: JobQuery): Promise<JobPage>
  cancel(tenant: string, jobId: string): Promise<Cancelled>
  /** For a job that this process admits: its own channel tells. */
  whenFinished(jobId: string): Waiter
  /** For a job that any process may have admitted. Resolves at once when it is no longer kept. */
  awaitEnd(jobId: string, signal: AbortSignal): Promise<void>
  events(
    tenant: string,
    jobId: string,
    afterId: string | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<StoredEvent> | null>
  /** How the quotas of a tenant stand. */
  standings(tenant: string, quotas: Quotas): Promise<Standing[]>
  /** New quotas hold for what a tenant has waiting, too. */
  changeCaps(tenant: string, quotas: Quotas): Promise<void>
  readonly usage: UsageReader
  depth(): Promise<Depth>
  healthy(): boolean
  feed(): Promise<void>
  close(): Promise<void>
  /** For the key store: the same connection and the same seal. */
  readonly redis: Redis
  readonly sealer: Sealer
  readonly outputs: OutputStore
  readonly batches: BatchStore
  /** Webhooks to be sent. */
  readonly deliveries: DeliveryQueue
  /** What jobs asked for, kept for operators. */
  readonly asked: AskedJobs
  /** What Redis said last of its memory. */
  memory(): StoreMemory
}

/** Resolves with what was told of the end, or null where the stored record must be read. */
type Waiter = { readonly promise: Promise<Told | null>; stop(): void }

type Parts = {
  readonly redis: Redis
  readonly patient: Redis
  readonly listener: Listener
  readonly blobs: BlobStore
  readonly watch: MemoryWatch
  /** Size of the disk that blobs and outputs lie on. */
  readonly diskBytes: number
  readonly sealer: Sealer
  readonly refusals: Refusals
  readonly settings: Settings
  readonly processId: string
  readonly log: Logger
}

const storeFull: Admitted = { kind: 'store-full', retryAfterSeconds }

async function admitJob(parts: Parts, admission: Admission): Promise<Admitted> {
  const { blobs, redis, watch } = parts
  const { payload } = admission
  if (watch.memory.usedBytes === 0) await watch.look()
  if (watch.isNearlyFull) return storeFull
  const sealed = sealPayload(parts.sealer, payload)
  const record = recordOf(parts, admission, sealed)
  if (isBlob(sealed)) {
    const refused = await askRoom(redis, record)
    if (refused !== null) return refused
  }
  const stored = await storeSealed(blobs, payload.tenant, sealed)
  try {
    const whole = { ...record, fields: [...record.fields, ...stored] }
    const admitted = await admit(redis, whole)
    if (admitted.kind !== 'accepted') await discardSealed(blobs, payload.tenant, stored)
    return admitted
  } catch (error) {
    // Refused by Redis itself, and so for certain not taken; of a lost connection nobody knows, and the sweep finds what was not.
    if (isRefused(error)) await discardSealed(blobs, payload.tenant, stored)
    if (!isOutOfMemory(error)) throw error
    watch.noteFull()
    return storeFull
  }
}

async function admitAndNote(parts: Parts, admission: Admission): Promise<Admitted> {
  const admitted = await admitJob(parts, admission)
  if ('over' in admitted) parts.refusals.note(admission.payload.tenant, admitted.over.name)
  return admitted
}

async function readFields(redis: Redis, jobId: string): Promise<Map<string, string>> {
  return new Map(Object.entries(await redis.hgetall(keys.jobKey(jobId))))
}

async function readJob(
  redis: Redis,
  tenant: string,
  jobId: string,
  told: Told | null,
): Promise<KeptJob | null> {
  const fields = told ?? (await readFields(redis, jobId))
  return fields.get('tenant') === tenant ? jobOf(jobId, fields) : null
}

/** Promises of requests that wait for a job's end, by job id; woken by this process's channel. */
function openWaiters(parts: Parts): {
  add(jobId: string): Waiter
  wake(message: string | null): void
} {
  const waiters = new Map<string, Set<(told: Told | null) => void>>()
  const wakeOne = (jobId: string, told: Told | null): void => {
    for (const resolve of waiters.get(jobId) ?? []) resolve(told)
    waiters.delete(jobId)
  }
  const recheck = async (jobId: string): Promise<void> => {
    const state = await parts.redis.hget(keys.jobKey(jobId), 'state')
    if (state === 'finished') wakeOne(jobId, null)
  }
  return {
    add(jobId) {
      const set = waiters.get(jobId) ?? new Set()
      waiters.set(jobId, set)
      let resolveIt: (told: Told | null) => void = () => undefined
      const promise = new Promise<Told | null>((resolve) => {
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
      if (message !== null) {
        const { jobId, told } = endOf(message)
        return wakeOne(jobId, told)
      }
      // After a reconnect a message may have been missed: the stored record is the truth.
      for (const jobId of waiters.keys()) recheck(jobId).catch(() => undefined)
    },
  }
}

async function openParts(settings: Settings, log: Logger): Promise<Parts> {
  const diskBytes = await diskBytesOf(settings.outputDirectory)
  const patient = connectPatiently(settings, 'api')
  const redis = connectFailingFast(settings, 'api')
  for (const connection of [redis, patient])
    connection.on('error', (error: Error) =>
      log.debug({ error: error.message }, 'redis connection'),
    )
  return {
    redis,
    patient,
    listener: openListener(patient),
    blobs: openBlobStore(settings.blobDirectory),
    diskBytes,
    watch: openMemoryWatch(redis, settings.storeFullPercent),
    sealer: openSealer(settings.sealKeyFile),
    refusals: openRefusals(),
    settings,
    processId: randomBytes(9).toString('base64url'),
    log,
  }
}

/** Opens even when Redis is away: calls then reject with StoreUnavailable at once, and work again when it is back. */
export async function openApiJobStore(
  settings: Settings,
  log: Logger,
  onRetired: (retired: Retired) => void = () => undefined,
  onExpired: (jobs: readonly Unrun[]) => void = () => undefined,
  onCascaded: (jobs: readonly Unrun[]) => void = () => undefined,
): Promise<ApiJobStore> {
  const parts = await openParts(settings, log)
  const { redis } = parts
  const waiters = openWaiters(parts)
  // The two connections come back each in its own time: a look by this one may have failed while only the other was there.
  redis.on('ready', () => {
    waiters.wake(null)
    tellKeepDays(redis, settings.usageKeepDays).catch(() => undefined)
  })
  parts.listener
    .listen(keys.apiChannel(parts.processId), waiters.wake)
    .catch((error: unknown) => log.debug({ error }, 'subscription'))
  const asked = openAskedJobs(redis, parts.sealer, log)
  const housekeeping = startHousekeeping({ ...parts, onRetired, onExpired, onCascaded })
  return {
    redis,
    sealer: parts.sealer,
    asked,
    batches: openBatchStore(parts),
    deliveries: openDeliveryQueue(redis, parts.listener, parts.sealer),
    outputs: openOutputStore(settings.outputDirectory),
    memory: () => parts.watch.memory,
    admit: (admission) => reaching(() => admitAndNote(parts, admission)),
    read: (tenant, jobId, told = null) => reaching(() => readJob(redis, tenant, jobId, told)),
    list: (tenant, query) => reaching(() => listJobs(redis, tenant, query)),
    cancel: (tenant, jobId) => reaching(() => cancel(redis, tenant, jobId)),
    whenFinished: waiters.add,
    awaitEnd: (jobId, signal) => reaching(() => awaitEnd(redis, parts.listener, jobId, signal)),
    events: (tenant, jobId, afterId, signal) =>
      reaching(async () => {
        if ((await redis.hget(keys.jobKey(jobId), 'tenant')) !== tenant) return null
        return follow(redis, parts.listener, jobId, afterId, signal)
      }),
    standings: (tenant, quotas) => {
      const limits = quotaLimitsOf(quotas, settings.finishedKeepSeconds * 1000)
      return readStandings(redis, tenant, quotas.queuedJobs, limits)
    },
    changeCaps: (tenant, quotas) => changeCaps(redis, tenant, quotas),
    usage: openUsageReader(redis),
    depth: () => reaching(() => readDepth(redis)),
    healthy: () => redis.status === 'ready',
    feed: async () => {
      await reaching(() => feed(redis, feedingOf(settings)))
    },
    async close() {
      await asked.close()
      clearInterval(housekeeping)
      await parts.refusals.flush(redis).catch(() => undefined)
      parts.listener.close()
      redis.disconnect()
    },
  }
}
