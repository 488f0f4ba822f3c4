// Step 4 of 10: an allowed job → a queued record, or the reason why not. All in one atomic script.
import type { Redis } from 'ioredis'
import { eventsKeptSeconds } from '../contract/event.js'
import type { ByteLimits } from './byte-limits.js'
import { enqueue } from './enqueue.js'
import { handOver, offer, priorityBand } from './fair-order.js'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { type QuotaLimits, type QuotaRow, type Standing, standingOf } from './quota.js'
import { run, script } from './script.js'
import { markUntold } from './untold.js'
import { quotaStates } from './usage-fragment.js'

export type Admitted =
  | { kind: 'accepted'; jobId: string; quotas: readonly Standing[] }
  | { kind: 'repeated'; jobId: string }
  | { kind: 'conflict' }
  /** `of`: what there is too much of. */
  | { kind: 'queue-full'; of: 'jobs' | 'bytes'; retryAfterSeconds: number }
  | {
      kind: 'tenant-queue-full'
      of: 'jobs' | 'bytes'
      retryAfterSeconds: number
      over: Standing
    }
  /** `quotas`: all that there are; `over`: the one that is used up. */
  | {
      kind: 'quota-exceeded'
      over: Standing
      retryAfterSeconds: number
      quotas: readonly Standing[]
    }
  /** Redis is nearly out of memory. */
  | { kind: 'store-full'; retryAfterSeconds: number }

export type AdmissionRecord = {
  readonly jobId: string
  readonly tenant: string
  readonly priority: number
  readonly acceptedAtMs: number
  readonly expiresAtMs: number
  readonly queuedMax: number
  readonly tenantQueuedMax: number
  readonly tenantRunningMax: number
  readonly idempotency: {
    readonly key: string
    readonly requestDigest: string
    readonly keepMs: number
  } | null
  /** Kept until it stands in an audit log. */
  readonly auditLine: string
  /** The channel of the api process that waits for the end; a repeat adds its own. */
  readonly replyTo: string
  /** This machine’s slots, for where no worker has said how many there are (queue/fair-order.ts). */
  readonly slots: number
  /** Its tenant’s share beside the others’, and the class of tenants that it counts to. */
  readonly weight: number
  readonly grant: string
  /** What it adds to the sums of bytes, and what these may be. */
  readonly bytes: { readonly queued: number; readonly blob: number }
  readonly limits: Pick<ByteLimits, 'queued' | 'blob'>
  readonly quota: QuotaLimits
  /** Field and value of the job's hash, in turn. */
  readonly fields: readonly (string | Buffer)[]
}

/** One of so many parts of what may wait in all, jobs and bytes, is kept for tenants of whom none waits. */
export const reservePart = 10

// In: prefix, id, tenant, priority, now, expires, queuedMax, tenantQueuedMax, tenantRunningMax, idempotency key ('' for none),
// its digest, its life in ms, seconds that events are kept, reply to, slots, byte limits with quotas, weight, grant and line of the audit log as JSON, its bytes in
// Redis, its bytes in a blob, then the hash; without a hash nothing is written of the job, and the answer is whether it would be taken.
// Out: {reason, id or what there is too much of, how the tenant’s quotas stand}. Handing over here saves the way of a short queue
// two waits for the disk.
// The last tenth of what may wait in all is for tenants of whom nothing waits: who has filled the rest does not keep them out.
// Order inside a tenant is priority, then arrival: 2^44 arrivals fit below the next priority, all exact in a double.
// An idempotency key lives as long as its job, however long that waits; `finish` starts its time. One whose job is no longer kept is
// free again; a repeat from another api process is told of the end as well.
const admitScript = script(
  'admit',
  `${names}${offer}${handOver}${enqueue}${quotaStates}${markUntold}
local id, tenant, reply_to = ARGV[2], ARGV[3], ARGV[14]
local once = ARGV[10] ~= '' and P .. 'idempotency:' .. tenant .. ':' .. ARGV[10]
if redis.call('EXISTS', job_key(id)) == 1 then return {'accepted', id} end
if once then
  local known = redis.call('HMGET', once, 'id', 'digest')
  local state = known[1] and redis.call('HGET', job_key(known[1]), 'state')
  if state and known[2] ~= ARGV[11] then return {'conflict'} end
  if state and state ~= 'finished' then
    local others = redis.call('HGET', job_key(known[1]), 'replyTo') or ''
    if not string.find(',' .. others .. ',', ',' .. reply_to .. ',', 1, true) then
      redis.call('HSET', job_key(known[1]), 'replyTo', others .. ',' .. reply_to)
    end
  end
  if state then return {'repeated', known[1]} end
end
local waiting = redis.call('ZCARD', P .. 'waiting:' .. tenant)
local function most(of) return waiting == 0 and of or of - math.floor(of / ${reservePart}) end
if tonumber(redis.call('GET', P .. 'waiting-count') or '0') >= most(tonumber(ARGV[7])) then return {'queue-full'} end
if waiting >= tonumber(ARGV[8]) then return {'tenant-queue-full', 'jobs', {{'queued-jobs', tonumber(ARGV[8]), waiting, 0, 0}}} end
local limits = cjson.decode(ARGV[16])
local adds = {queued = tonumber(ARGV[17]), blob = tonumber(ARGV[18])}
local states = quota_states(tenant, limits.quota)
local over = used_up(states, adds)
if over then return {'quota-exceeded', over[1], states} end
for what, by in pairs(adds) do
  local own = tonumber(redis.call('ZSCORE', P .. what .. '-bytes-by', tenant) or '0')
  if by > 0 and own + by > limits[what].tenant then
    return {'tenant-queue-full', 'bytes', {{'queued-bytes', limits[what].tenant, own, 0, 0}}}
  end
end
for what, by in pairs(adds) do
  local sum = tonumber(redis.call('GET', P .. what .. '-bytes') or '0')
  if by > 0 and sum + by > most(limits[what].all) then return {'queue-full', 'bytes'} end
end
if #ARGV < 19 then return {'room'} end
local hash = {}
for at = 19, #ARGV do hash[#hash + 1] = ARGV[at] end
local place = string.format('%.0f', tonumber(ARGV[4]) * ${priorityBand} + redis.call('INCR', P .. 'arrivals'))
redis.call('HSET', job_key(id), 'replyTo', reply_to, 'place', place, 'queuedBytes', ARGV[17], 'blobBytes', ARGV[18], unpack(hash))
for what, by in pairs(adds) do count(what, tenant, by) end
redis.call('ZADD', P .. 'waiting:' .. tenant, place, id)
redis.call('INCR', P .. 'waiting-count')
redis.call('ZADD', P .. 'ages:' .. limits.grant, ARGV[5], id)
redis.call('SADD', P .. 'age-grants', limits.grant)
redis.call('ZADD', P .. 'expiries', ARGV[6], id)
redis.call('ZADD', P .. 'list:' .. tenant, ARGV[5], id)
redis.call('HSET', P .. 'running-caps', tenant, ARGV[9])
if limits.quota.cpuMs + limits.quota.memoryMebibyteMs > 0 then
  redis.call('HSET', P .. 'day-caps', tenant, string.format('%.0f %.0f', limits.quota.cpuMs, limits.quota.memoryMebibyteMs))
else
  redis.call('HDEL', P .. 'day-caps', tenant)
end
redis.call('HSET', P .. 'weights', tenant, limits.weight)
count_submit(tenant, limits.quota, states)
mark_untold(id, limits.auditLine, ARGV[5])
offer(tenant)
if once then
  redis.call('HSET', once, 'id', id, 'digest', ARGV[11])
  redis.call('PERSIST', once)
  redis.call('HSET', job_key(id), 'once', tenant .. ':' .. ARGV[10], 'onceKeepMs', ARGV[12])
end
event(id, 'state', '{"state":"queued","attempt":0}', ARGV[13])
enqueue(hand_over(tonumber(ARGV[5]), ARGV[15], {}), ARGV[5])
return {'accepted', id, states}`,
)

/** How long to wait before asking again: long enough that some jobs have ended, short enough to be used. */
export const retryAfterSeconds = 2

type Answer = [kind: string, detail?: string, quotas?: QuotaRow[]]

async function send(redis: Redis, record: AdmissionRecord): Promise<Answer> {
  const { idempotency } = record
  return (await run(redis, admitScript, [
    keyPrefix,
    record.jobId,
    record.tenant,
    record.priority,
    record.acceptedAtMs,
    record.expiresAtMs,
    record.queuedMax,
    record.tenantQueuedMax,
    record.tenantRunningMax,
    idempotency?.key ?? '',
    idempotency?.requestDigest ?? '',
    idempotency?.keepMs ?? 0,
    // Events of a waiting job live at least as long as it may wait.
    Math.ceil((record.expiresAtMs - record.acceptedAtMs) / 1000) + eventsKeptSeconds,
    record.replyTo,
    record.slots,
    JSON.stringify({
      ...{ ...record.limits, quota: record.quota },
      ...{ weight: record.weight, grant: record.grant, auditLine: record.auditLine },
    }),
    record.bytes.queued,
    record.bytes.blob,
    ...record.fields,
  ])) as Answer
}

/** Whether the job would be taken, before anything large is written for it: null, or the answer that it gets. @throws StoreUnavailable */
export async function askRoom(redis: Redis, record: AdmissionRecord): Promise<Admitted | null> {
  const answer = await send(redis, { ...record, fields: [] })
  return answer[0] === 'room' ? null : admittedOf(answer)
}

/** @throws StoreUnavailable */
export async function admit(redis: Redis, record: AdmissionRecord): Promise<Admitted> {
  return admittedOf(await send(redis, record))
}

function admittedOf([kind, detail = '', rows = []]: Answer): Admitted {
  const quotas = rows.map(standingOf)
  const of = detail === 'bytes' ? 'bytes' : 'jobs'
  switch (kind) {
    case 'accepted':
      return { kind, jobId: detail, quotas }
    case 'repeated':
      return { kind, jobId: detail }
    case 'conflict':
      return { kind }
    case 'queue-full':
      return { kind, of, retryAfterSeconds }
    case 'tenant-queue-full':
      return { kind, of, retryAfterSeconds, over: overOf(quotas) }
    case 'quota-exceeded': {
      const over = overOf(quotas, detail)
      return { kind, over, retryAfterSeconds: over.secondsLeft ?? retryAfterSeconds, quotas }
    }
    default:
      throw new Error(`admit answered ${kind}`)
  }
}

function overOf(quotas: readonly Standing[], name: string | undefined = quotas[0]?.name): Standing {
  const over = quotas.find((quota) => quota.name === name)
  if (over === undefined) throw new Error(`admit does not say how ${name} stands`)
  return over
}
