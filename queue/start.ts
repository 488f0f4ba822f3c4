// A worker takes a job: one attempt begins, or it is told why not. Deaths of workers are counted here, across all of them.
import type { Redis } from 'ioredis'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

export type Start =
  | { kind: 'run'; attempt: number; fields: ReadonlyMap<string, string> }
  | { kind: 'expired' | 'cancelled'; attempt: number; fields: ReadonlyMap<string, string> }
  /** It has killed its worker twice. */
  | { kind: 'quarantine'; attempt: number; fields: ReadonlyMap<string, string> }
  | { kind: 'gone' }

// In: prefix, id, now, deaths that quarantine. Out: {kind, attempt, hash…}.
// A job found `running` here has lost its worker: BullMQ gave it to us only because the lock had run out.
const startScript = script(
  'start',
  `${names}
local id, now = ARGV[2], ARGV[3]
local known = redis.call('HMGET', job_key(id), 'state', 'expiresAt', 'deaths', 'attempt', 'cancel', 'startedAt', 'tenant')
local state = known[1]
if not state or state == 'finished' then
  redis.call('ZREM', P .. 'handover', id)
  redis.call('SREM', P .. 'shallow', id)
  return {'gone'}
end
local kind, deaths = 'run', tonumber(known[3] or '0')
if state == 'running' then
  deaths = deaths + 1
  redis.call('HSET', job_key(id), 'deaths', deaths)
  if deaths >= tonumber(ARGV[4]) then kind = 'quarantine' end
elseif tonumber(known[2]) <= tonumber(now) then kind = 'expired' end
if kind == 'run' and known[5] then kind = 'cancelled' end
local attempt = tonumber(known[4] or '0') + 1
redis.call('HSET', job_key(id), 'state', 'running', 'attempt', attempt, 'startedAt', known[6] or now, 'attemptAt', now)
redis.call('ZREM', P .. 'handover', id)
redis.call('SREM', P .. 'shallow', id)
redis.call('ZREM', P .. 'expiries', id)
redis.call('ZADD', P .. 'running', now, id)
if kind == 'run' then event(id, 'state', '{"state":"running","attempt":' .. attempt .. '}', 86400) end
local answer = redis.call('HGETALL', job_key(id))
table.insert(answer, 1, attempt)
table.insert(answer, 1, kind)
return answer`,
)

/** Deaths of workers after which a job is not tried again. */
const deathsMax = 2

/** @throws StoreUnavailable */
export async function start(redis: Redis, jobId: string): Promise<Start> {
  const [kind, attempt, ...pairs] = (await run(redis, startScript, [
    keyPrefix,
    jobId,
    Date.now(),
    deathsMax,
  ])) as [string, number, ...string[]]
  if (kind === 'gone') return { kind }
  const fields = new Map<string, string>()
  for (let at = 0; at + 1 < pairs.length; at += 2) fields.set(pairs[at] ?? '', pairs[at + 1] ?? '')
  if (kind !== 'run' && kind !== 'expired' && kind !== 'cancelled' && kind !== 'quarantine')
    throw new Error(`start answered ${kind}`)
  return { kind, attempt, fields }
}
