// A worker gives a started job back: unharmed (it drains, the launcher is away), or because the fault was ours. No death is counted.
import type { Redis } from 'ioredis'
import { offer } from './fair-order.js'
import { handoverStaleMs } from './feed.js'
import { evenWhenFull, finish, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { run, script } from './script.js'

/**
 * `exhausted`: the runs it may have are used up, and the caller commits its result. `stale`: it is no longer this attempt’s.
 * `cancelled`: a caller had wanted it to end, and it has.
 */
export type Released = 'released' | 'exhausted' | 'stale' | 'cancelled'
export type Release = { readonly delayMs: number; readonly reason: 'unharmed' | 'fault' }

// In: prefix, id, attempt, handover time, 'unharmed' or 'fault', now, summary and result for cancelled. Out: what became of it.
// The job goes back to `handover` with a time in the future, so that the feeder hands it over when the delay is over, whether or
// not BullMQ still knows it. What was given back unharmed has cost the job nothing; one that has never run may expire as before.
const releaseScript = script(
  'release',
  `${evenWhenFull}${names}${offer}${leave}${finish}
local id, unharmed = ARGV[2], ARGV[5] == 'unharmed'
local known = redis.call('HMGET', job_key(id), 'state', 'attempt', 'faults', 'attemptsMax', 'cancel', 'expiresAt')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return 'stale' end
if known[5] then
  finish(id, 'cancelled', ARGV[7], ARGV[8], ARGV[6], false)
  return 'cancelled'
end
if not unharmed and tonumber(known[3] or '0') + 1 >= tonumber(known[4] or '1') then return 'exhausted' end
end_charge(id, redis.call('HGET', job_key(id), 'tenant'), ARGV[6])
local runs = redis.call('HINCRBY', job_key(id), 'runs', unharmed and -1 or 0)
if not unharmed then redis.call('HINCRBY', job_key(id), 'faults', 1) end
if runs == 0 then
  redis.call('HDEL', job_key(id), 'startedAt')
  redis.call('ZADD', P .. 'expiries', known[6], id)
end
redis.call('HSET', job_key(id), 'state', 'queued')
redis.call('ZREM', P .. 'running', id)
redis.call('SADD', P .. 'shallow', id)
redis.call('ZADD', P .. 'handover', ARGV[4], id)
event(id, 'state', '{"state":"queued","attempt":' .. runs .. '}', 86400)
return 'released'`,
)

const cancelled = unstartedResult('cancelled', 'Cancelled by the caller before it ended.')

/** @throws StoreUnavailable; repeatable. */
export async function release(
  redis: Redis,
  jobId: string,
  attempt: number,
  { delayMs, reason }: Release,
): Promise<Released> {
  const now = Date.now()
  const values = [
    keyPrefix,
    jobId,
    attempt,
    // The feeder looks for entries older than its staleness; it is taken off here so that the delay is the whole wait.
    now + delayMs - handoverStaleMs,
    reason,
    now,
    summaryOf(cancelled),
    JSON.stringify(cancelled),
  ]
  return (await run(redis, releaseScript, values)) as Released
}
