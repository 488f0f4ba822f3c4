// Blobs that no record names: written for a job whose admission was never answered, or half written when a process died.
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { BlobError, type BlobStore } from './blob-store.js'
import * as keys from './keys.js'
import { openStoreWalk, type StoreEntry } from './store-walk.js'

/** A blob is written seconds before its job's record: nothing of this age is still on its way. Milliseconds. */
export const orphanAgeMs = 3_600_000
/** Entries looked at in one turn; a turn a second walks through 100,000 in half an hour. */
const entriesATurn = 50

/**
 * Blobs that jobs of a tenant still need. A job moves from `waiting` to `inflight` in one step and never back, so that reading both
 * in this order misses none; a quarantined one was in flight before.
 */
async function livingBlobs(redis: Redis, tenant: string): Promise<ReadonlySet<string>> {
  const waiting = await redis.zrange(keys.waitingKey(tenant), '0', '-1')
  const inflight = await redis.smembers(keys.inflightKey(tenant))
  const quarantined = await redis.zrange(keys.quarantineKey, '0', '-1')
  const pipeline = redis.pipeline()
  for (const id of [...waiting, ...inflight, ...quarantined]) pipeline.hget(keys.jobKey(id), 'blob')
  const living = new Set<string>()
  for (const [error, blob] of (await pipeline.exec()) ?? []) {
    if (error !== null) throw error
    if (typeof blob === 'string') living.add(blob)
  }
  return living
}

async function removeEntry(
  directory: string,
  blobs: BlobStore,
  { tenant, name }: StoreEntry,
): Promise<void> {
  if (name.endsWith('.partial')) {
    await unlink(join(directory, tenant, name)).catch(() => undefined)
    return
  }
  await blobs.remove(tenant, name).catch((error: unknown) => {
    // What has another name is not ours to remove.
    if (!(error instanceof BlobError)) throw error
  })
}

/** A turn of the sweep; returns how many it removed. */
export function openBlobSweep(
  redis: Redis,
  directory: string,
  blobs: BlobStore,
  ageMs = orphanAgeMs,
): () => Promise<number> {
  const next = openStoreWalk(directory)
  return async () => {
    const old = (await next(entriesATurn)).filter(
      ({ modifiedAtMs }) => modifiedAtMs < Date.now() - ageMs,
    )
    let removed = 0
    for (const tenant of new Set(old.map((entry) => entry.tenant))) {
      const living = await livingBlobs(redis, tenant)
      for (const entry of old) {
        if (entry.tenant !== tenant || living.has(entry.name)) continue
        await removeEntry(directory, blobs, entry)
        removed++
      }
    }
    return removed
  }
}
