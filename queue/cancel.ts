// Cancelling: final at once while the job waits; a message to its worker while it runs.
import type { Redis } from 'ioredis'
import { offer } from './fair-order.js'
import { evenWhenFull, finish, finishUnstarted, leave, names } from './fragment.js'
import { controlChannel, keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { run, script } from './script.js'

export type Cancelled = 'cancelled' | 'cancelling' | 'finished' | 'unknown'

// In: prefix, id, tenant, now, summary, result, control channel. Out: what became of it.
const cancelScript = script(
  'cancel',
  `${evenWhenFull}${names}${offer}${leave}${finish}${finishUnstarted}
local id = ARGV[2]
local known = redis.call('HMGET', job_key(id), 'state', 'tenant')
if not known[1] or known[2] ~= ARGV[3] then return 'unknown' end
if known[1] == 'finished' then return 'finished' end
if known[1] == 'running' then
  redis.call('HSET', job_key(id), 'cancel', '1')
  redis.call('PUBLISH', ARGV[7], id)
  return 'cancelling'
end
finish_unstarted(id, 'cancelled', ARGV[5], ARGV[6], ARGV[4])
return 'cancelled'`,
)

/** @throws StoreUnavailable; repeatable. */
export async function cancel(redis: Redis, tenant: string, jobId: string): Promise<Cancelled> {
  const result = unstartedResult('cancelled', 'Cancelled by the caller before it started.')
  const values = [
    keyPrefix,
    jobId,
    tenant,
    Date.now(),
    summaryOf(result),
    JSON.stringify(result),
    controlChannel,
  ]
  return (await run(redis, cancelScript, values)) as Cancelled
}
