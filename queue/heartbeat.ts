// A worker says that it lives, and hears which of its runs are not wanted any more. What it may have missed while it or Redis was
// away is in the answer, so a message that nobody got does no harm.
import type { Redis } from 'ioredis'
import { hearing, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

export type Running = { readonly jobId: string; readonly attempt: number }
/** `lost`: another attempt has taken over, or it has ended without us. `cancelled`: a caller wants it to end. */
export type Unwanted = { readonly jobId: string; readonly why: 'lost' | 'cancelled' }

// In: prefix, worker, silence of a lost worker, its slots, then id and attempt of each run. Out: id and why, in turn.
// It begins with a command that Redis runs also when its memory is full: else a full Redis would make every worker silent.
const heartbeatScript = script(
  'heartbeat',
  `${names}${hearing}
redis.call('ZREM', P .. 'workers', ARGV[2])
local now = pulse(ARGV[3])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - 86400000, 'LIMIT', 0, 100)) do
  redis.call('ZREM', P .. 'workers', gone)
  redis.call('HDEL', P .. 'suspects', gone)
  redis.call('HDEL', P .. 'worker-slots', gone)
end
redis.call('ZADD', P .. 'workers', now, ARGV[2])
redis.call('HSET', P .. 'worker-slots', ARGV[2], ARGV[4])
local slots = 0
for _, heard in ipairs(redis.call('ZRANGEBYSCORE', P .. 'workers', now - tonumber(ARGV[3]), '+inf')) do
  slots = slots + tonumber(redis.call('HGET', P .. 'worker-slots', heard) or '0')
end
redis.call('SET', P .. 'slots', slots)
local unwanted = {}
for at = 5, #ARGV, 2 do
  local known = redis.call('HMGET', job_key(ARGV[at]), 'state', 'attempt', 'cancel')
  local why = nil
  if known[1] ~= 'running' or known[2] ~= ARGV[at + 1] then why = 'lost' elseif known[3] then why = 'cancelled' end
  if why then
    unwanted[#unwanted + 1] = ARGV[at]
    unwanted[#unwanted + 1] = why
  end
end
return unwanted`,
)

/** @throws StoreUnavailable */
export async function beat(
  redis: Redis,
  worker: string,
  { silentMs, slots }: { readonly silentMs: number; readonly slots: number },
  runs: readonly Running[],
): Promise<Unwanted[]> {
  const values = runs.flatMap(({ jobId, attempt }) => [jobId, attempt])
  const answer = (await run(redis, heartbeatScript, [
    keyPrefix,
    worker,
    silentMs,
    slots,
    ...values,
  ])) as string[]
  const unwanted: Unwanted[] = []
  for (let at = 0; at + 1 < answer.length; at += 2)
    unwanted.push({
      jobId: answer[at] ?? '',
      why: answer[at + 1] === 'cancelled' ? 'cancelled' : 'lost',
    })
  return unwanted
}
