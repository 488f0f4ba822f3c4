// Retention by age and by count: finished jobs leave Redis and the blob store.
import type { Redis } from 'ioredis'
import type { BlobStore } from './blob-store.js'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

// In: prefix, oldest time to keep, count to keep. Out: tenant and blob digest of each retired job that had a blob, in turn.
// Quarantined jobs stay for the operator until they are the oldest by count.
const retireScript = script(
  'retire',
  `${names}
local ids = redis.call('ZRANGEBYSCORE', P .. 'finished', '-inf', '(' .. ARGV[2], 'LIMIT', 0, 500)
local surplus = redis.call('ZCARD', P .. 'finished') - #ids - tonumber(ARGV[3])
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', P .. 'finished', #ids, #ids + math.min(surplus, 500) - 1)) do ids[#ids + 1] = id end
end
local blobs = {}
for _, id in ipairs(ids) do
  local known = redis.call('HMGET', job_key(id), 'tenant', 'blob')
  if known[1] then redis.call('ZREM', P .. 'list:' .. known[1], id) end
  if known[1] and known[2] then blobs[#blobs + 1] = known[1]; blobs[#blobs + 1] = known[2] end
  redis.call('DEL', job_key(id), P .. 'events:' .. id)
  redis.call('ZREM', P .. 'finished', id)
  redis.call('ZREM', P .. 'quarantine', id)
end
table.insert(blobs, 1, #ids)
return blobs`,
)

export type Retention = { readonly keepMs: number; readonly keepJobs: number }

/** Returns how many jobs were retired. @throws StoreUnavailable */
export async function retire(
  redis: Redis,
  blobs: BlobStore,
  retention: Retention,
): Promise<number> {
  const answer = (await run(redis, retireScript, [
    keyPrefix,
    Date.now() - retention.keepMs,
    retention.keepJobs,
  ])) as [number, ...string[]]
  const [count, ...pairs] = answer
  for (let at = 0; at + 1 < pairs.length; at += 2)
    await blobs.remove(pairs[at] ?? '', pairs[at + 1] ?? '')
  return count
}
