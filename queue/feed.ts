// The feeder: moves jobs from the tenants' own waiting lists to the one shallow BullMQ queue, fairly and without loss.
// Start-time fair order (Goyal et al. 1996, all weights one for now): the tenant that was served least goes first.
// A job stays in `handover` from here until a worker starts it; whatever lies there too long is handed over again, which is
// harmless, since BullMQ knows the id and `start` lets only one through. So a death in any gap loses nothing.
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

/** Jobs handed over and not yet started, at most. Small, so that a newcomer waits behind few; enough to keep workers busy. */
const shallowMax = 64
/** A job in handover for longer than this is handed over again, milliseconds. */
const handoverStaleMs = 3000
/** Tenants looked at in one turn when the first ones are at their cap. */
const tenantsLookedAtMax = 64

// In: prefix, now, shallowMax, staleMs, tenantsMax. Out: ids to hand over (or hand over again).
const feedScript = script(
  'feed',
  `${names}
local now, room = tonumber(ARGV[2]), tonumber(ARGV[3]) - redis.call('SCARD', P .. 'shallow')
local ids = redis.call('ZRANGEBYSCORE', P .. 'handover', '-inf', now - tonumber(ARGV[4]), 'LIMIT', 0, 100)
for _, id in ipairs(ids) do redis.call('ZADD', P .. 'handover', now, id) end
local skipped = 0
while room > 0 do
  local first = redis.call('ZRANGE', P .. 'tenants', skipped, skipped, 'WITHSCORES')
  if #first == 0 or skipped >= tonumber(ARGV[5]) then break end
  local tenant, start = first[1], tonumber(first[2])
  local cap = tonumber(redis.call('HGET', P .. 'running-caps', tenant) or '1')
  if redis.call('SCARD', P .. 'inflight:' .. tenant) >= cap then
    skipped = skipped + 1
  else
    local popped = redis.call('ZPOPMIN', P .. 'waiting:' .. tenant)
    local id = popped[1]
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
    if redis.call('ZCARD', P .. 'waiting:' .. tenant) == 0 then redis.call('ZREM', P .. 'tenants', tenant)
    else redis.call('ZADD', P .. 'tenants', start + 1, tenant) end
  end
end
return ids`,
)

/** Hands over what may go now. @throws StoreUnavailable; nothing is lost then. */
export async function feed(redis: Redis, queue: Queue): Promise<number> {
  const ids = (await run(redis, feedScript, [
    keyPrefix,
    Date.now(),
    shallowMax,
    handoverStaleMs,
    tenantsLookedAtMax,
  ])) as string[]
  if (ids.length === 0) return 0
  const [only] = ids
  if (ids.length === 1 && only !== undefined) await queue.add('job', null, { jobId: only })
  else await queue.addBulk(ids.map((id) => ({ name: 'job', data: null, opts: { jobId: id } })))
  return ids.length
}
