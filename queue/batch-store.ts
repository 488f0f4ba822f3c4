// What the api sees of batches: sealing and admission of all jobs or none, reading, waiting for the end, cancelling.
import type { Redis } from 'ioredis'
import type { Batch } from '../contract/batch.js'
import { type Admission, type RecordParts, recordOf } from './admission-record.js'
import { type AdmissionRecord, type Admitted, retryAfterSeconds } from './admit.js'
import {
  admitBatch,
  askRoomForBatch,
  type BatchPage,
  type BatchRecord,
  readBatch,
} from './batch.js'
import type { BlobStore } from './blob-store.js'
import { callbackBinding } from './callback-seal.js'
import { type Cancelled, cancel } from './cancel.js'
import { batchChannel, batchJobsKey, batchKey } from './keys.js'
import type { Listener } from './listener.js'
import { discardSealed, isBlob, sealPayload, storeSealed } from './payload-seal.js'
import type { Refusals } from './refusals.js'
import { isOutOfMemory, isRefused, reaching } from './script.js'
import type { Sealer } from './seal.js'

export type BatchWish = {
  readonly id: string
  /** At least one, all of one tenant and one grant. */
  readonly admissions: readonly Admission[]
  readonly idempotency: Admission['idempotency']
  readonly callback: string | null
}

export type BatchStore = {
  /** `jobId` of what was taken is the batch’s id. */
  admit(wish: BatchWish): Promise<Admitted>
  read(tenant: string, id: string, page: BatchPage): Promise<Batch | null>
  /** Ids of its jobs, in order; null when it is not there, or another tenant’s. */
  jobs(tenant: string, id: string): Promise<readonly string[] | null>
  /** Resolves when all its jobs have ended, when it is no longer kept, or when aborted. */
  awaitEnd(id: string, signal: AbortSignal): Promise<void>
  /** What became of each of its jobs. Null as for `jobs`. */
  cancel(tenant: string, id: string): Promise<ReadonlyMap<string, Cancelled> | null>
}

type Parts = RecordParts & {
  readonly redis: Redis
  readonly blobs: BlobStore
  readonly listener: Listener
  readonly refusals: Refusals
}

type Stored = { readonly tenant: string; readonly fields: readonly [string, string] }

async function discard({ blobs }: Parts, stored: readonly Stored[]): Promise<void> {
  for (const { tenant, fields } of stored) await discardSealed(blobs, tenant, fields)
}

async function store(
  { blobs }: Parts,
  records: readonly AdmissionRecord[],
  sealed: readonly Buffer[],
): Promise<Stored[]> {
  const stored: Stored[] = []
  for (const [at, { tenant }] of records.entries())
    stored.push({ tenant, fields: await storeSealed(blobs, tenant, sealed[at] ?? Buffer.alloc(0)) })
  return stored
}

function sealedCallback(sealer: Sealer, { id, admissions, callback }: BatchWish): string {
  const payload = admissions[0]?.payload
  if (callback === null || payload === undefined) return ''
  const { tenant, grant, acceptedAtMs } = payload
  const fields = { tenant, grant, expiresAt: String(acceptedAtMs) }
  const binding = callbackBinding(id, new Map(Object.entries(fields)))
  return sealer.seal(Buffer.from(callback), binding).toString('base64')
}

const full: Admitted = { kind: 'store-full', retryAfterSeconds }

async function admit(parts: Parts, wish: BatchWish): Promise<Admitted> {
  const { redis, watch, settings, sealer } = parts
  if (watch.memory.usedBytes === 0) await watch.look()
  if (watch.isNearlyFull) return full
  const sealed = wish.admissions.map(({ payload }) => sealPayload(sealer, payload))
  const records = wish.admissions.map((one, at) =>
    recordOf(parts, one, sealed[at] ?? Buffer.alloc(0)),
  )
  const keepMs = settings.finishedKeepSeconds * 1000
  const { idempotency: once } = wish
  const idempotency =
    once === null
      ? null
      : // Not the place of a job’s key: one key may be used for a job and for a batch.
        { key: `batch-${sealer.digest(once.key)}`, requestDigest: once.requestDigest, keepMs }
  const callback = sealedCallback(sealer, wish)
  const batch: BatchRecord = { id: wish.id, records, idempotency, keepMs, callback }
  if (sealed.some(isBlob)) {
    const refused = await askRoomForBatch(redis, batch)
    if (refused !== null) return refused
  }
  const stored = await store(parts, records, sealed)
  const whole = records.map((record, at) => ({
    ...record,
    fields: [...record.fields, ...(stored[at]?.fields ?? [])],
  }))
  try {
    const admitted = await admitBatch(redis, { ...batch, records: whole })
    if (admitted.kind !== 'accepted') await discard(parts, stored)
    return admitted
  } catch (error) {
    if (isRefused(error)) await discard(parts, stored)
    if (!isOutOfMemory(error)) throw error
    watch.noteFull()
    return full
  }
}

async function hasEnded(redis: Redis, id: string): Promise<boolean> {
  const [total, finishedAt] = await redis.hmget(batchKey(id), 'total', 'finishedAt')
  return !total || Boolean(finishedAt)
}

async function awaitEnd(
  { redis, listener }: Parts,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  let wake: () => void = () => undefined
  const aborted = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
    })
  // Before the look, so that no word is missed between the two.
  let news = next()
  const stop = await listener.listen(batchChannel(id), () => wake())
  try {
    while (!signal.aborted && !(await hasEnded(redis, id))) {
      await Promise.race([news, aborted])
      news = next()
    }
  } finally {
    stop()
  }
}

async function jobsOf({ redis }: Parts, tenant: string, id: string): Promise<string[] | null> {
  if ((await redis.hget(batchKey(id), 'tenant')) !== tenant) return null
  return redis.lrange(batchJobsKey(id), 0, -1)
}

export function openBatchStore(parts: Parts): BatchStore {
  const { redis, refusals } = parts
  return {
    async admit(wish) {
      const admitted = await reaching(() => admit(parts, wish))
      const tenant = wish.admissions[0]?.payload.tenant ?? ''
      if ('over' in admitted) refusals.note(tenant, admitted.over.name)
      return admitted
    },
    read: (tenant, id, page) => reaching(() => readBatch(redis, tenant, id, page)),
    jobs: (tenant, id) => reaching(() => jobsOf(parts, tenant, id)),
    awaitEnd: (id, signal) => reaching(() => awaitEnd(parts, id, signal)),
    cancel: (tenant, id) =>
      reaching(async () => {
        const ids = await jobsOf(parts, tenant, id)
        if (ids === null) return null
        const ends = new Map<string, Cancelled>()
        // From the last on, so that who waits for another is cancelled by the caller, not for the other.
        for (const jobId of ids.reverse()) ends.set(jobId, await cancel(redis, tenant, jobId))
        return ends
      }),
  }
}
