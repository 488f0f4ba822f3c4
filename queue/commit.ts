// The end of a job: compare-and-set on (job, attempt), so that there is one result and no second.
import type { Redis } from 'ioredis'
import { eventsKeptSeconds } from '../contract/event.js'
import type { RunResult } from '../contract/result.js'
import { finish, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf } from './record.js'
import { run, script } from './script.js'

// In: prefix, id, attempt, outcome, summary, result, now, seconds that events are kept, '1' to keep for the operator. Out: 1 or 0 (stale).
const commitScript = script(
  'commit',
  `${names}${leave}${finish}
local id = ARGV[2]
local known = redis.call('HMGET', job_key(id), 'state', 'attempt', 'tenant', 'replyTo')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return 0 end
if ARGV[9] == '1' then redis.call('ZADD', P .. 'quarantine', ARGV[7], id) end
finish(id, known[3], known[4], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
return 1`,
)

/** False when another attempt has taken over: this result is not the job's. @throws StoreUnavailable; repeatable. */
export async function commit(
  redis: Redis,
  jobId: string,
  attempt: number,
  result: RunResult,
  quarantine = false,
): Promise<boolean> {
  const values = [
    keyPrefix,
    jobId,
    attempt,
    result.outcome,
    summaryOf(result),
    JSON.stringify(result),
    Date.now(),
    eventsKeptSeconds,
    quarantine ? '1' : '0',
  ]
  return (await run(redis, commitScript, values)) === 1
}
