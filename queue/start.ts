// A worker takes a job: one attempt begins, or it is told why not. Deaths of workers are counted here, across all of them.
import type { Redis } from 'ioredis'
import { offer } from './fair-order.js'
import { evenWhenFull, finish, hearing, leave, names } from './fragment.js'
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

/** It is somebody else's, who is heard (`held`), or waits its turn among those that lost a worker (`later`): nothing to do now. */
const notNowKinds = ['held', 'later'] as const
export type NotNowKind = (typeof notNowKinds)[number]

export type Start =
  | { kind: 'run'; attempt: number; fields: ReadonlyMap<string, string> }
  | { kind: UnstartedKind | NotNowKind }

// In: prefix, id, now, deaths that quarantine, then summary and result for: expired, cancelled, worker-lost; worker, delivery, silence
// of a lost worker. Out: {kind, attempt, hash…}.
// A delivery that comes again (its answer was lost with the connection) is told the same again. A job found `running` has lost its
// worker when that one is silent, or is the caller, which runs it no more: BullMQ may hand out what still runs, since its lock cannot
// be renewed while Redis is away. A lost worker may have been killed by this very job, so the loss counts as a run; the second one
// is the last, however many runs are allowed. Any of the jobs of a lost worker may have killed it. So a worker runs
// one of such suspects at a time: the next death is no innocent neighbour's second.
const startScript = script(
  'start',
  `${evenWhenFull}${names}${offer}${leave}${finish}${hearing}
local id, now, worker, delivery = ARGV[2], ARGV[3], ARGV[11], ARGV[12]
local known = redis.call('HMGET', job_key(id), 'state', 'expiresAt', 'attemptsMax', 'cancel', 'startedAt', 'tenant', 'holder', 'delivery', 'deaths')
local state, tenant = known[1], known[6]
local function begun()
  local answer = redis.call('HGETALL', job_key(id))
  table.insert(answer, 1, redis.call('HGET', job_key(id), 'attempt'))
  table.insert(answer, 1, 'run')
  return answer
end
local function suspect_before_it()
  local other = redis.call('HGET', P .. 'suspects', worker)
  if not other or other == id then return false end
  local its = redis.call('HMGET', job_key(other), 'state', 'holder')
  return its[1] == 'running' and its[2] == worker
end
if not state or state == 'finished' then
  redis.call('ZREM', P .. 'handover', id)
  redis.call('SREM', P .. 'shallow', id)
  return {'gone'}
end
local kind, deaths = 'run', tonumber(known[9] or '0')
if state == 'running' then
  if known[7] == worker and known[8] == delivery then return begun() end
  if known[7] and known[7] ~= worker and not silent(known[7], ARGV[13]) then return {'held'} end
  deaths = redis.call('HINCRBY', job_key(id), 'deaths', 1)
  local faults = redis.call('HINCRBY', job_key(id), 'faults', 1)
  if deaths >= tonumber(ARGV[4]) then kind = 'quarantined'
  elseif faults >= tonumber(known[3] or '1') then kind = 'worker-lost' end
elseif not known[5] and tonumber(known[2]) <= tonumber(now) then kind = 'expired' end
if known[4] then kind = 'cancelled' end
if kind == 'expired' then finish(id, kind, ARGV[5], ARGV[6], now, false)
elseif kind == 'cancelled' then finish(id, kind, ARGV[7], ARGV[8], now, false)
elseif kind ~= 'run' then finish(id, 'sandbox-error', ARGV[9], ARGV[10], now, kind == 'quarantined') end
if kind ~= 'run' then return {kind} end
leave_waiting(id, tenant)
redis.call('SADD', P .. 'inflight:' .. tenant, id)
if deaths > 0 and suspect_before_it() then
  end_charge(id, tenant, now)
  redis.call('HSET', job_key(id), 'state', 'queued')
  redis.call('ZREM', P .. 'running', id)
  redis.call('SADD', P .. 'shallow', id)
  redis.call('ZADD', P .. 'handover', now, id)
  return {'later'}
end
if deaths > 0 then redis.call('HSET', P .. 'suspects', worker, id) end
begin_charge(id, tenant, now)
redis.call('ZREM', P .. 'handover', id)
redis.call('SREM', P .. 'shallow', id)
redis.call('ZREM', P .. 'resting', id)
redis.call('ZREM', P .. 'expiries', id)
redis.call('ZADD', P .. 'running', now, id)
redis.call('HINCRBY', job_key(id), 'attempt', 1)
local runs = redis.call('HINCRBY', job_key(id), 'runs', 1)
redis.call('HSET', job_key(id), 'state', 'running', 'startedAt', known[5] or now, 'holder', worker, 'delivery', delivery)
event(id, 'state', '{"state":"running","attempt":' .. runs .. '}', 86400)
return begun()`,
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

/** Who takes the job: a worker process, and which of its deliveries this is. */
export type Taker = {
  readonly worker: string
  readonly delivery: string
  readonly silentMs: number
}

/** @throws StoreUnavailable; repeatable with the same delivery. */
export async function start(redis: Redis, jobId: string, taker: Taker): Promise<Start> {
  const [kind, attempt, ...pairs] = (await run(redis, startScript, [
    keyPrefix,
    jobId,
    Date.now(),
    deathsMax,
    ...finalTexts,
    taker.worker,
    taker.delivery,
    taker.silentMs,
  ])) as [string, string, ...string[]]
  const unstarted = [...unstartedKinds, ...notNowKinds].find((known) => known === kind)
  if (unstarted !== undefined) return { kind: unstarted }
  if (kind !== 'run') throw new Error(`start answered ${kind}`)
  const fields = new Map<string, string>()
  for (let at = 0; at + 1 < pairs.length; at += 2) fields.set(pairs[at] ?? '', pairs[at + 1] ?? '')
  return { kind, attempt: Number(attempt), fields }
}
