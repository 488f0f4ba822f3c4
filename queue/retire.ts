// Retention by age and by count: finished jobs leave Redis, and blobs that no job needs leave the disk.
import type { Redis } from 'ioredis'
import { BlobError, type BlobStore } from './blob-store.js'
import { names } from './fragment.js'
import { keyPrefix, litterKey } from './keys.js'
import { run, script } from './script.js'

/** Quarantined jobs kept for the operator; beyond this the oldest go. */
export const quarantinedJobsMax = 1000

// In: prefix, oldest time to keep, count to keep, quarantined to keep. Out: how many went (at most some 500 a turn).
const retireScript = script(
  'retire',
  `${names}
local ids = redis.call('ZRANGEBYSCORE', P .. 'finished', '-inf', '(' .. ARGV[2], 'LIMIT', 0, 500)
local function surplus(list, passed, keep)
  local over = math.min(redis.call('ZCARD', P .. list) - passed - tonumber(keep), 500)
  if over <= 0 then return end
  for _, id in ipairs(redis.call('ZRANGE', P .. list, passed, passed + over - 1)) do ids[#ids + 1] = id end
end
surplus('finished', #ids, ARGV[3])
surplus('quarantine', 0, ARGV[4])
for _, id in ipairs(ids) do
  local known = redis.call('HMGET', job_key(id), 'tenant', 'blob')
  if known[1] then redis.call('ZREM', P .. 'list:' .. known[1], id) end
  if known[1] and known[2] then redis.call('SADD', P .. 'litter', known[1] .. '/' .. known[2]) end
  redis.call('DEL', job_key(id), P .. 'events:' .. id)
  redis.call('ZREM', P .. 'finished', id)
  redis.call('ZREM', P .. 'quarantine', id)
end
return #ids`,
)

export type Retention = { readonly keepMs: number; readonly keepJobs: number }

/** Returns how many jobs were retired. @throws StoreUnavailable */
export async function retire(redis: Redis, retention: Retention): Promise<number> {
  const values = [keyPrefix, Date.now() - retention.keepMs, retention.keepJobs, quarantinedJobsMax]
  return (await run(redis, retireScript, values)) as number
}

/**
 * Removes blobs of jobs that have ended, a hundred at most, and returns how many. A blob leaves the list only when it is
 * gone, so a death in between repeats a removal and never forgets one.
 */
export async function sweepLitter(redis: Redis, blobs: BlobStore): Promise<number> {
  const litter = await redis.srandmember(litterKey, 100)
  if (litter.length === 0) return 0
  for (const name of litter) {
    const [tenant = '', digest = ''] = name.split('/')
    await blobs.remove(tenant, digest).catch((error: unknown) => {
      // No name of a blob: whoever wrote it here shall not stop the sweep.
      if (!(error instanceof BlobError)) throw error
    })
  }
  await redis.srem(litterKey, ...litter)
  return litter.length
}
