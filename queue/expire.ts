// Deadlines of waiting jobs: whoever has not started by then ends as `expired`.
import type { Redis } from 'ioredis'
import { offer } from './fair-order.js'
import { evenWhenFull, finish, finishUnstarted, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { run, script } from './script.js'
import type { Unrun } from './unrun.js'

// In: prefix, now, summary, result. Out: id, tenant, grant and its revision of each that expired (at most
// 200 a turn).
const expireScript = script(
  'expire',
  `${evenWhenFull}${names}${offer}${leave}${finish}${finishUnstarted}
local ids = redis.call('ZRANGEBYSCORE', P .. 'expiries', '-inf', ARGV[2], 'LIMIT', 0, 200)
local gone = {}
for _, id in ipairs(ids) do
  local known = redis.call('HMGET', job_key(id), 'state', 'tenant', 'grant', 'grantRevision')
  if known[1] == 'queued' then
    finish_unstarted(id, 'expired', ARGV[3], ARGV[4], ARGV[2])
    gone[#gone + 1] = {id, known[2], known[3] or '', known[4] or ''}
  else redis.call('ZREM', P .. 'expiries', id) end
end
return gone`,
)

/** @throws StoreUnavailable */
export async function expire(redis: Redis): Promise<readonly Unrun[]> {
  const result = unstartedResult(
    'expired',
    'It waited longer than its deadline allowed and never started.',
  )
  const values = [keyPrefix, Date.now(), summaryOf(result), JSON.stringify(result)]
  const gone = (await run(redis, expireScript, values)) as [string, string, string, string][]
  return gone.map(([jobId, tenant, name, revision]) => ({
    jobId,
    tenant,
    grant: { name, revision },
  }))
}
