// A worker gives a started job back: unharmed (it drains, the launcher is away), or because the fault was ours. No death is counted.
import type { Redis } from 'ioredis'
import { enqueue } from './enqueue.js'
import { handOver, offer } from './fair-order.js'
import { handoverStaleMs } from './feed.js'
import { evenWhenFull, finish, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { restUntil } from './rest.js'
import { run, script } from './script.js'

/**
 * `exhausted`: the runs it may have are used up, and the caller commits its result. `stale`: it is no longer this attempt’s.
 * `cancelled`: a caller had wanted it to end, and it has.
 */
export type Released = 'released' | 'exhausted' | 'stale' | 'cancelled'
export type Release = { readonly delayMs: number; readonly reason: 'unharmed' | 'fault' }

// In: prefix, id, attempt, handover time, 'unharmed' or 'fault', now, summary and result for cancelled, delay, slots. Out: what became of it.
// Without a delay the job goes back to `handover`, with a time by which the feeder hands it over at once, whether or not BullMQ still
// knows it. With one it rests until it is due (queue/rest.ts): what may not run yet holds no room of those who may, and
// one of these is handed over here. What was given back unharmed has cost the job nothing; one that has never run may expire as before.
const releaseScript = script(
  'release',
  `${evenWhenFull}${names}${offer}${leave}${finish}${handOver}${enqueue}${restUntil}
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
if tonumber(ARGV[9]) > 0 then
  rest_until(id, tonumber(ARGV[6]) + tonumber(ARGV[9]))
  enqueue(hand_over(ARGV[6], ARGV[10], {}), ARGV[6])
else
  redis.call('ZREM', P .. 'running', id)
  redis.call('SADD', P .. 'shallow', id)
  redis.call('ZADD', P .. 'handover', ARGV[4], id)
end
event(id, 'state', '{"state":"queued","attempt":' .. runs .. '}', 86400)
return 'released'`,
)

const cancelled = unstartedResult('cancelled', 'Cancelled by the caller before it ended.')

/** `slots`: this machine’s, where no worker has said any. @throws StoreUnavailable; repeatable. */
export async function release(
  redis: Redis,
  jobId: string,
  attempt: number,
  { delayMs, reason }: Release,
  slots = 1,
): Promise<Released> {
  const now = Date.now()
  const values = [
    keyPrefix,
    jobId,
    attempt,
    // The feeder looks for entries older than its staleness.
    now - handoverStaleMs,
    reason,
    now,
    summaryOf(cancelled),
    JSON.stringify(cancelled),
    delayMs,
    slots,
  ]
  return (await run(redis, releaseScript, values)) as Released
}
