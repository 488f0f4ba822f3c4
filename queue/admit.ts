// Step 4 of 10: an allowed job → a queued record, or the reason why not. All in one atomic script.
import type { Redis } from 'ioredis'
import type { Dependency } from '../contract/dependency.js'
import { eventsKeptSeconds } from '../contract/event.js'
import { admission } from './admission-fragment.js'
import type { ByteLimits } from './byte-limits.js'
import { keyPrefix } from './keys.js'
import { type QuotaLimits, type QuotaRow, type Standing, standingOf } from './quota.js'
import { run, script } from './script.js'

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
  /** It is to run after a job that there is not, or for which too many wait. */
  | { kind: 'unknown-dependency' | 'too-many-dependents'; dependency: string }
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
  /** Jobs that must have ended before it may run. */
  readonly after: readonly Dependency[]
  /** Field and value of the job's hash, in turn. */
  readonly fields: readonly (string | Buffer)[]
}

// In: prefix, id, tenant, priority, now, expires, queuedMax, tenantQueuedMax, tenantRunningMax, idempotency key ('' for none),
// its digest, its life in ms, seconds that events are kept, reply to, slots, byte limits with quotas, weight, grant, line of the audit log and
// dependencies as JSON, its bytes in Redis, its bytes in a blob, then the hash; without a hash nothing is written of the job, and the answer is
// whether it would be taken. Out: {reason, id or what there is too much of, how the tenant’s quotas stand}. Handing over here saves
// the way of a short queue two waits for the disk.
// An idempotency key lives as long as its job, however long that waits; `finish` starts its time. One whose job is no longer kept is
// free again; a repeat from another api process is told of the end as well.
const admitScript = script(
  'admit',
  `${admission}
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
local limits = cjson.decode(ARGV[16])
local adds = {queued = tonumber(ARGV[17]), blob = tonumber(ARGV[18])}
local refused, states = room_for(tenant, 1, adds, limits, tonumber(ARGV[7]), tonumber(ARGV[8]))
refused = refused or unknown_dependency(tenant, limits.after, {})
if refused then return refused end
if #ARGV < 19 then return {'room'} end
local hash = from(19)
if once then
  redis.call('HSET', once, 'id', id, 'digest', ARGV[11])
  redis.call('PERSIST', once)
  for _, word in ipairs({'once', tenant .. ':' .. ARGV[10], 'onceKeepMs', ARGV[12]}) do hash[#hash + 1] = word end
end
local now = tonumber(ARGV[5])
set_caps(tenant, limits, ARGV[9])
write_job({id = id, priority = tonumber(ARGV[4]), now = ARGV[5], expires = ARGV[6], reply = reply_to, keep = ARGV[13], queued = adds.queued,
  blob = adds.blob, line = limits.auditLine, after = limits.after}, tenant, limits, states, hash)
offer(tenant)
enqueue(hand_over(now, ARGV[15], {}), ARGV[5])
return {'accepted', id, states}`,
)

/** How long to wait before asking again: long enough that some jobs have ended, short enough to be used. */
export const retryAfterSeconds = 2

export type Answer = [kind: string, detail?: string, quotas?: QuotaRow[]]

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
      ...{
        weight: record.weight,
        grant: record.grant,
        auditLine: record.auditLine,
        after: record.after,
      },
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

export function admittedOf([kind, detail = '', rows = []]: Answer): Admitted {
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
    case 'unknown-dependency':
    case 'too-many-dependents':
      return { kind, dependency: detail }
    default:
      throw new Error(`admit answered ${kind}`)
  }
}

function overOf(quotas: readonly Standing[], name: string | undefined = quotas[0]?.name): Standing {
  const over = quotas.find((quota) => quota.name === name)
  if (over === undefined) throw new Error(`admit does not say how ${name} stands`)
  return over
}
