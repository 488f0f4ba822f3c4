// Deadlines of waiting jobs: whoever has not started by then ends as `expired`.
import type { Redis } from 'ioredis'
import { evenWhenFull, finish, leave, names, offer } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { run, script } from './script.js'

// In: prefix, now, summary, result. Out: how many expired (at most 200 a turn).
const expireScript = script(
  'expire',
  `${evenWhenFull}${names}${offer}${leave}${finish}
local ids = redis.call('ZRANGEBYSCORE', P .. 'expiries', '-inf', ARGV[2], 'LIMIT', 0, 200)
for _, id in ipairs(ids) do
  if redis.call('HGET', job_key(id), 'state') == 'queued' then finish(id, 'expired', ARGV[3], ARGV[4], ARGV[2], false)
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
  const values = [keyPrefix, Date.now(), summaryOf(result), JSON.stringify(result)]
  return (await run(redis, expireScript, values)) as number
}
