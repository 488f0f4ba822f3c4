// Retention by age and by count: finished jobs leave Redis, and blobs that no job needs leave the disk.
import type { Redis } from 'ioredis'
import { eventsKeptSeconds } from '../contract/event.js'
import { BlobError, type BlobStore } from './blob-store.js'
import { drop, evenWhenFull, names } from './fragment.js'
import { keyPrefix, litterKey, outputLitterKey } from './keys.js'
import { OutputLost, type OutputStore } from './output-store.js'
import { run, script } from './script.js'

/** Quarantined jobs kept for the operator; beyond this the oldest go. */
export const quarantinedJobsMax = 1000

// In: prefix, oldest time to keep, count to keep, quarantined to keep, oldest end whose events are kept, oldest quarantined one. Out: how many went
// (at most some 500 a turn).
const retireScript = script(
  'retire',
  `${evenWhenFull}${names}${drop}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'told', '-inf', '(' .. ARGV[5], 'LIMIT', 0, 500)) do
  forget_events(id, redis.call('HGET', job_key(id), 'tenant') or '')
end
local ids = redis.call('ZRANGEBYSCORE', P .. 'finished', '-inf', '(' .. ARGV[2], 'LIMIT', 0, 500)
local function surplus(list, passed, keep)
  local over = math.min(redis.call('ZCARD', P .. list) - passed - tonumber(keep), 500)
  if over <= 0 then return end
  for _, id in ipairs(redis.call('ZRANGE', P .. list, passed, passed + over - 1)) do ids[#ids + 1] = id end
end
surplus('finished', #ids, ARGV[3])
local aged = redis.call('ZRANGEBYSCORE', P .. 'quarantine', '-inf', '(' .. ARGV[6], 'LIMIT', 0, 100)
for _, id in ipairs(aged) do ids[#ids + 1] = id end
surplus('quarantine', #aged, ARGV[4])
for _, id in ipairs(ids) do drop(id, redis.call('HGET', job_key(id), 'tenant') or '') end
return #ids`,
)

export type Retention = {
  readonly keepMs: number
  readonly keepJobs: number
  /** Absent: whatever their age. */
  readonly quarantineKeepMs?: number
}

/** Returns how many jobs were retired. @throws StoreUnavailable */
export async function retire(redis: Redis, retention: Retention): Promise<number> {
  const now = Date.now()
  const values = [
    ...[keyPrefix, now - retention.keepMs, retention.keepJobs, quarantinedJobsMax],
    now - eventsKeptSeconds * 1000,
    retention.quarantineKeepMs === undefined ? 0 : now - retention.quarantineKeepMs,
  ]
  return (await run(redis, retireScript, values)) as number
}

/**
 * Removes what lies on a list of litter, a hundred at most, and returns how many. A name leaves the list only when its files are
 * gone, so a death in between repeats a removal and never forgets one.
 */
async function sweep(
  redis: Redis,
  key: string,
  remove: (tenant: string, name: string) => Promise<void>,
): Promise<number> {
  const litter = await redis.srandmember(key, 100)
  if (litter.length === 0) return 0
  for (const entry of litter) {
    const [tenant = '', name = ''] = entry.split('/')
    await remove(tenant, name).catch((error: unknown) => {
      // No name of ours: whoever wrote it here shall not stop the sweep.
      if (!(error instanceof BlobError || error instanceof OutputLost)) throw error
    })
  }
  await redis.srem(key, ...litter)
  return litter.length
}

/** Blobs of jobs that have ended: the api's. */
export const sweepLitter = (redis: Redis, blobs: BlobStore): Promise<number> =>
  sweep(redis, litterKey, blobs.remove)

/** Output files of jobs that are no longer kept: a worker's, which owns them. */
export const sweepOutputLitter = (redis: Redis, outputs: OutputStore): Promise<number> =>
  sweep(redis, outputLitterKey, outputs.removeJob)
