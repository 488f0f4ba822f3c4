// A worker gives a started job back: it drains, or the fault was ours and another attempt is allowed. No death is counted.
import type { Redis } from 'ioredis'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

// In: prefix, id, attempt, now + delay. Out: 1 or 0 (stale). The job goes back to `handover` with a time in the future, so that the
// feeder hands it over when the delay is over, whether or not BullMQ still knows it.
const releaseScript = script(
  'release',
  `${names}
local id = ARGV[2]
local known = redis.call('HMGET', job_key(id), 'state', 'attempt')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return 0 end
redis.call('HSET', job_key(id), 'state', 'queued')
redis.call('ZREM', P .. 'running', id)
redis.call('SADD', P .. 'shallow', id)
redis.call('ZADD', P .. 'handover', ARGV[4], id)
event(id, 'state', '{"state":"queued","attempt":' .. ARGV[3] .. '}', 86400)
return 1`,
)

/** @throws StoreUnavailable; repeatable. */
export async function release(
  redis: Redis,
  jobId: string,
  attempt: number,
  delayMs: number,
): Promise<boolean> {
  // The feeder looks for entries older than its staleness; it is taken off here so that the delay is the whole wait.
  return (
    (await run(redis, releaseScript, [keyPrefix, jobId, attempt, Date.now() + delayMs - 3000])) ===
    1
  )
}
