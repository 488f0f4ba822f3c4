// Output files whose job is no longer kept, or that an attempt left half written: a worker's, which owns them.
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { jobKey } from './keys.js'
import { orphanAgeMs } from './orphan-blobs.js'
import { OutputLost, type OutputStore } from './output-store.js'
import { openStoreWalk } from './store-walk.js'

/** Jobs looked at in one turn. */
const jobsATurn = 50

async function removePartials(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names)
    if (name.endsWith('.partial')) await unlink(join(folder, name)).catch(() => undefined)
}

/** A turn of the sweep; returns how many jobs' output it removed. Files of a job that runs are left alone, however old. */
export function openOutputSweep(
  redis: Redis,
  directory: string,
  outputs: OutputStore,
  ageMs = orphanAgeMs,
): () => Promise<number> {
  const next = openStoreWalk(directory)
  return async () => {
    const old = (await next(jobsATurn)).filter(
      ({ modifiedAtMs }) => modifiedAtMs < Date.now() - ageMs,
    )
    let removed = 0
    for (const { tenant, name } of old) {
      const state = await redis.hget(jobKey(name), 'state')
      if (state === 'finished') await removePartials(join(directory, tenant, name))
      if (state !== null) continue
      await outputs.removeJob(tenant, name).catch((error: unknown) => {
        // What has another name is not ours to remove.
        if (!(error instanceof OutputLost)) throw error
      })
      removed++
    }
    return removed
  }
}
