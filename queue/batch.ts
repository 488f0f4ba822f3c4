// Batches: admission of all their jobs or none in one script, reading, and cancelling.
import type { Redis } from 'ioredis'
import type { Batch } from '../contract/batch.js'
import { eventsKeptSeconds } from '../contract/event.js'
import { outcomes } from '../contract/outcome.js'
import { admission } from './admission-fragment.js'
import { type AdmissionRecord, type Admitted, type Answer, admittedOf } from './admit.js'
import { names } from './fragment.js'
import { readListed } from './job-list.js'
import { batchJobsKey, batchKey, keyPrefix } from './keys.js'
import { run, script } from './script.js'

// In: prefix, batch as JSON, then for each job: itself as JSON, number of its fields, its fields. Without jobs nothing is written, and the
// answer is whether all of them would be taken. Jobs are written in the order of the request, whichever waits for which: one that is
// not written yet has not ended. Each counts against the quotas; the sums are looked at once, before anything is written.
const batchScript = script(
  'admit-batch',
  `${admission}
local batch = cjson.decode(ARGV[2])
local id, tenant, limits = batch.id, batch.tenant, batch.limits
local key = P .. 'batch:' .. id
local once = batch.once ~= '' and P .. 'idempotency:' .. tenant .. ':' .. batch.once
if redis.call('EXISTS', key) == 1 then return {'accepted', id} end
if once then
  local known = redis.call('HMGET', once, 'id', 'digest')
  if known[1] and redis.call('EXISTS', P .. 'batch:' .. known[1]) == 1 then
    if known[2] ~= batch.digest then return {'conflict'} end
    return {'repeated', known[1]}
  end
end
local refused, states = room_for(tenant, batch.total, batch.adds, limits, batch.allMax, batch.ownMax)
if refused then return refused end
local jobs, own, at = {}, {}, 3
while at <= #ARGV do
  local job, fields, hash = cjson.decode(ARGV[at]), tonumber(ARGV[at + 1]), {}
  for index = 1, fields do hash[index] = ARGV[at + 1 + index] end
  jobs[#jobs + 1] = {job, hash}
  own[job.id] = true
  at = at + 2 + fields
end
if #jobs == 0 then return {'room'} end
for _, one in ipairs(jobs) do
  local unknown = unknown_dependency(tenant, one[1].after, own)
  if unknown then return unknown end
end
redis.call('HSET', key, 'tenant', tenant, 'total', batch.total, 'createdAt', batch.now, 'finished', 0, 'keepMs', batch.keepMs)
if batch.callback ~= '' then redis.call('HSET', key, 'callback', batch.callback, 'grant', batch.grant, 'expiresAt', batch.now) end
if once then
  redis.call('HSET', once, 'id', id, 'digest', batch.digest)
  redis.call('PERSIST', once)
  redis.call('HSET', key, 'once', tenant .. ':' .. batch.once)
end
set_caps(tenant, limits, batch.running)
for _, one in ipairs(jobs) do
  redis.call('RPUSH', P .. 'batch-jobs:' .. id, one[1].id)
  write_job(one[1], tenant, limits, states, one[2])
end
offer(tenant)
enqueue(hand_over(batch.now, batch.slots, {}), batch.now)
return {'accepted', id, states}`,
)

export type BatchRecord = {
  readonly id: string
  /** At least one. They share tenant, grant, quotas and limits. */
  readonly records: readonly AdmissionRecord[]
  readonly idempotency: AdmissionRecord['idempotency']
  readonly keepMs: number
  /** Sealed, base64; empty for none. */
  readonly callback: string
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

function headOf({ id, records, idempotency, keepMs, callback }: BatchRecord): string {
  const [first] = records
  if (first === undefined) throw new Error('a batch has no job')
  const { tenant, limits, quota, weight, queuedMax, tenantQueuedMax, tenantRunningMax } = first
  return JSON.stringify({
    ...{ id, tenant, total: records.length, now: first.acceptedAtMs, slots: first.slots, keepMs },
    ...{ callback, grant: first.grant },
    ...{ allMax: queuedMax, ownMax: tenantQueuedMax, running: tenantRunningMax },
    limits: { ...limits, quota, weight },
    adds: {
      queued: sum(records.map(({ bytes }) => bytes.queued)),
      blob: sum(records.map(({ bytes }) => bytes.blob)),
    },
    ...{ once: idempotency?.key ?? '', digest: idempotency?.requestDigest ?? '' },
  })
}

function jobText(record: AdmissionRecord): string {
  const { jobId: id, priority, acceptedAtMs, expiresAtMs, replyTo, bytes, after } = record
  return JSON.stringify({
    ...{ id, priority, now: acceptedAtMs, expires: expiresAtMs, reply: replyTo, after },
    ...{ queued: bytes.queued, blob: bytes.blob, line: record.auditLine },
    keep: Math.ceil((expiresAtMs - acceptedAtMs) / 1000) + eventsKeptSeconds,
  })
}

/** Whether all would be taken: null, or the answer that they get. @throws StoreUnavailable */
export async function askRoomForBatch(redis: Redis, batch: BatchRecord): Promise<Admitted | null> {
  const answer = (await run(redis, batchScript, [keyPrefix, headOf(batch)])) as Answer
  return answer[0] === 'room' ? null : admittedOf(answer)
}

/** `jobId` of what was taken is the batch’s id. @throws StoreUnavailable; repeatable. */
export async function admitBatch(redis: Redis, batch: BatchRecord): Promise<Admitted> {
  const values: (string | number | Buffer)[] = [keyPrefix, headOf(batch)]
  for (const record of batch.records)
    values.push(jobText(record), record.fields.length, ...record.fields)
  return admittedOf((await run(redis, batchScript, values)) as Answer)
}

// In: prefix, id, tenant. Out: how many of its jobs run now; -1 when it is not there, or another’s.
const runningScript = script(
  'batch-running',
  `${names}
if redis.call('HGET', P .. 'batch:' .. ARGV[2], 'tenant') ~= ARGV[3] then return -1 end
local running = 0
for _, id in ipairs(redis.call('LRANGE', P .. 'batch-jobs:' .. ARGV[2], 0, -1)) do
  if redis.call('ZSCORE', P .. 'running', id) then running = running + 1 end
end
return running`,
)

const instant = (text: string | undefined): string | null =>
  text === undefined ? null : new Date(Number(text)).toISOString()

/** How so many have ended. */
export function outcomesOf(fields: Readonly<Record<string, string>>): Record<string, number> {
  const ended = outcomes.flatMap((outcome) => {
    const count = Number(fields[`outcome:${outcome}`] ?? '0')
    return count === 0 ? [] : [[outcome, count] as const]
  })
  return Object.fromEntries(ended)
}

export type BatchPage = { readonly from: number; readonly limit: number }

/** Null when it is not there, or another tenant’s. @throws StoreUnavailable */
export async function readBatch(
  redis: Redis,
  tenant: string,
  id: string,
  { from, limit }: BatchPage,
): Promise<Batch | null> {
  const running = Number(await run(redis, runningScript, [keyPrefix, id, tenant]))
  const fields = await redis.hgetall(batchKey(id))
  if (running < 0 || fields.tenant !== tenant) return null
  const [total, finished] = [Number(fields.total), Number(fields.finished)]
  const ids = limit === 0 ? [] : await redis.lrange(batchJobsKey(id), from, from + limit - 1)
  const jobs = (await readListed(redis, ids)).filter((job) => job !== null)
  return {
    ...{ id, state: finished === total ? 'finished' : 'running', total },
    states: { queued: Math.max(0, total - finished - running), running, finished },
    outcomes: outcomesOf(fields),
    createdAt: instant(fields.createdAt) ?? '',
    finishedAt: instant(fields.finishedAt),
    jobs,
    next: from + limit < total ? String(from + limit) : null,
  }
}
