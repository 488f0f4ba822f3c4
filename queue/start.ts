// A worker takes a job: one attempt begins, or it is told why not. Deaths of workers are counted here, across all of them.
import type { Redis } from 'ioredis'
import { finish, leave, names, offer } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf, unstartedResult } from './record.js'
import { run, script } from './script.js'

/** Why a job that was handed over is not run. All but `gone` have made it final in the same step. */
export const unstartedKinds = [
  'gone',
  'expired',
  'cancelled',
  'worker-lost',
  'quarantined',
] as const
export type UnstartedKind = (typeof unstartedKinds)[number]

export type Start =
  | { kind: 'run'; attempt: number; fields: ReadonlyMap<string, string> }
  | { kind: UnstartedKind }

// In: prefix, id, now, deaths that quarantine, then summary and result for: expired, cancelled, worker-lost. Out: {kind, attempt, hash…}.
// A job found `running` here has lost its worker: BullMQ gave it to us only because the lock had run out. That worker may have been
// killed by this very job, so the loss counts as a run; the second one is the last, however many runs are allowed.
const startScript = script(
  'start',
  `${names}${offer}${leave}${finish}
local id, now = ARGV[2], ARGV[3]
local known = redis.call('HMGET', job_key(id), 'state', 'expiresAt', 'attemptsMax', 'cancel', 'startedAt', 'tenant')
local state = known[1]
if not state or state == 'finished' then
  redis.call('ZREM', P .. 'handover', id)
  redis.call('SREM', P .. 'shallow', id)
  return {'gone'}
end
local kind = 'run'
if state == 'running' then
  local deaths = redis.call('HINCRBY', job_key(id), 'deaths', 1)
  local faults = redis.call('HINCRBY', job_key(id), 'faults', 1)
  if deaths >= tonumber(ARGV[4]) then kind = 'quarantined'
  elseif faults >= tonumber(known[3] or '1') then kind = 'worker-lost' end
elseif not known[5] and tonumber(known[2]) <= tonumber(now) then kind = 'expired' end
if known[4] then kind = 'cancelled' end
if kind == 'expired' then finish(id, kind, ARGV[5], ARGV[6], now, false)
elseif kind == 'cancelled' then finish(id, kind, ARGV[7], ARGV[8], now, false)
elseif kind ~= 'run' then finish(id, 'sandbox-error', ARGV[9], ARGV[10], now, kind == 'quarantined') end
if kind ~= 'run' then return {kind} end
leave_waiting(id, known[6])
redis.call('SADD', P .. 'inflight:' .. known[6], id)
redis.call('ZREM', P .. 'handover', id)
redis.call('SREM', P .. 'shallow', id)
redis.call('ZREM', P .. 'expiries', id)
redis.call('ZADD', P .. 'running', now, id)
local attempt = redis.call('HINCRBY', job_key(id), 'attempt', 1)
local runs = redis.call('HINCRBY', job_key(id), 'runs', 1)
redis.call('HSET', job_key(id), 'state', 'running', 'startedAt', known[5] or now)
event(id, 'state', '{"state":"running","attempt":' .. runs .. '}', 86400)
local answer = redis.call('HGETALL', job_key(id))
table.insert(answer, 1, attempt)
table.insert(answer, 1, kind)
return answer`,
)

/** Deaths of workers after which a job is not tried again. */
export const deathsMax = 2

const finalTexts: readonly string[] = [
  unstartedResult('expired', 'It waited longer than its deadline allowed and never started.'),
  unstartedResult('cancelled', 'Cancelled by the caller before it ended.'),
  unstartedResult(
    'sandbox-error',
    'The worker that ran it was lost, and it may not be tried again.',
    'worker-lost',
  ),
].flatMap((result) => [summaryOf(result), JSON.stringify(result)])

/** @throws StoreUnavailable */
export async function start(redis: Redis, jobId: string): Promise<Start> {
  const [kind, attempt, ...pairs] = (await run(redis, startScript, [
    keyPrefix,
    jobId,
    Date.now(),
    deathsMax,
    ...finalTexts,
  ])) as [string, number, ...string[]]
  const unstarted = unstartedKinds.find((known) => known === kind)
  if (unstarted !== undefined) return { kind: unstarted }
  if (kind !== 'run') throw new Error(`start answered ${kind}`)
  const fields = new Map<string, string>()
  for (let at = 0; at + 1 < pairs.length; at += 2) fields.set(pairs[at] ?? '', pairs[at + 1] ?? '')
  return { kind, attempt, fields }
}
