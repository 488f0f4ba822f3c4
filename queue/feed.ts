// The feeder: moves jobs from the tenants' own waiting lists to the one shallow BullMQ queue, fairly and without loss.
// Start-time fair order (Goyal et al. 1996, all weights one for now): the tenant that was served least goes first.
// A job stays in `handover` from here until a worker starts it; whatever lies there too long is handed over again, which is
// harmless, since BullMQ knows the id and `start` lets only one through. So a death in any gap loses nothing.
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { names, offer } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

/** A job in handover for longer than this is handed over again, milliseconds. */
export const handoverStaleMs = 3000
/** A job that runs for longer than this and that BullMQ does not know is handed over again, milliseconds. */
const orphanMs = 15_000

// In: prefix, now, depth, staleMs, orphanMs. Out: ids to hand over (or hand over again).
// An orphan: its BullMQ job ended (a fault of ours in between), its record did not. BullMQ keeps a job's hash for as long as it is
// active, so an absent one is proof. start then counts a lost worker, as for any job found running.
const feedScript = script(
  'feed',
  `${names}${offer}
local now, room = tonumber(ARGV[2]), tonumber(ARGV[3]) - redis.call('SCARD', P .. 'shallow')
local ids = redis.call('ZRANGEBYSCORE', P .. 'handover', '-inf', now - tonumber(ARGV[4]), 'LIMIT', 0, 100)
for _, id in ipairs(ids) do redis.call('ZADD', P .. 'handover', now, id) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'running', '-inf', now - tonumber(ARGV[5]), 'LIMIT', 0, 100)) do
  if redis.call('EXISTS', P .. 'bull:jobs:' .. id) == 0 then ids[#ids + 1] = id end
end
while room > 0 do
  local first = redis.call('ZRANGE', P .. 'tenants', 0, 0, 'WITHSCORES')
  if #first == 0 then break end
  local tenant, start = first[1], tonumber(first[2])
  redis.call('ZREM', P .. 'tenants', tenant)
  local id = redis.call('ZPOPMIN', P .. 'waiting:' .. tenant)[1]
  if id then
    redis.call('DECR', P .. 'waiting-count')
    redis.call('ZREM', P .. 'ages', id)
    redis.call('SADD', P .. 'inflight:' .. tenant, id)
    redis.call('SADD', P .. 'shallow', id)
    redis.call('ZADD', P .. 'handover', now, id)
    ids[#ids + 1] = id
    room = room - 1
    redis.call('SET', P .. 'virtual-time', start)
    redis.call('HSET', P .. 'virtual-times', tenant, start + 1)
  end
  offer(tenant)
end
return ids`,
)

/**
 * Jobs handed over and not yet started, at most: two for each slot, so that a newcomer waits behind few and no slot waits
 * for the feeder. A fleet of workers is fed at each start, so its size does not matter.
 */
export const depthFor = (slots: number): number => Math.max(8, 2 * slots)

/** Hands over what may go now. @throws StoreUnavailable; nothing is lost then. */
export async function feed(redis: Redis, queue: Queue, depth: number): Promise<number> {
  const ids = (await run(redis, feedScript, [
    keyPrefix,
    Date.now(),
    depth,
    handoverStaleMs,
    orphanMs,
  ])) as string[]
  if (ids.length === 0) return 0
  const [only] = ids
  if (ids.length === 1 && only !== undefined) await queue.add('job', null, { jobId: only })
  else await queue.addBulk(ids.map((id) => ({ name: 'job', data: null, opts: { jobId: id } })))
  return ids.length
}
