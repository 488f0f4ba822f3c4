// Deadlines of waiting jobs: whoever has not started by then ends as `expired`.
import type { Redis } from 'ioredis'
import { eventsKeptSeconds } from '../contract/event.js'
import { finish, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { run, script } from './script.js'

// In: prefix, now, summary, result, seconds that events are kept. Out: how many expired (at most 200 a turn).
const expireScript = script(
  'expire',
  `${names}${leave}${finish}
local ids = redis.call('ZRANGEBYSCORE', P .. 'expiries', '-inf', ARGV[2], 'LIMIT', 0, 200)
for _, id in ipairs(ids) do
  local known = redis.call('HMGET', job_key(id), 'state', 'tenant', 'replyTo')
  if known[1] == 'queued' then finish(id, known[2], known[3], 'expired', ARGV[3], ARGV[4], ARGV[2], ARGV[5])
  else redis.call('ZREM', P .. 'expiries', id) end
end
return #ids`,
)

/** @throws StoreUnavailable */
export async function expire(redis: Redis): Promise<number> {
  const result = unstartedResult(
    'expired',
    'It waited longer than its deadline allowed and never started.',
  )
  const values = [
    keyPrefix,
    Date.now(),
    summaryOf(result),
    JSON.stringify(result),
    eventsKeptSeconds,
  ]
  return (await run(redis, expireScript, values)) as number
}
