// Webhooks that wait to be sent: taking some, telling what became of each, reading them. Each is somebody’s by a lease: if its sender
// dies, it is taken again when that has ended. So each is sent at least once, and perhaps twice: its id says so.
import type { Redis } from 'ioredis'
import {
  type Delivery,
  type DeliveryFault,
  type DeliveryList,
  type DeliveryState,
  deliveryFaults,
  deliveryStates,
  type WebhookType,
} from '../contract/webhook.js'
import { callbackBinding } from './callback-seal.js'
import { evenWhenFull, names } from './fragment.js'
import {
  batchKey,
  deliveriesChannel,
  deliveriesKey,
  dueTenantsKey,
  jobKey,
  keyPrefix,
} from './keys.js'
import type { Listener } from './listener.js'
import { listFields } from './record.js'
import { reaching, run, script } from './script.js'
import { SealError, type Sealer } from './seal.js'

// In: prefix, how many at most, how long a lease is. Out: tenant and delivery of each. A tenant at its number of sends is not among
// `due-tenants`, so that receivers that hang hold nobody but their own.
const takeScript = script(
  'take-deliveries',
  `${names}
local now, taken = delivery_clock(), {}
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', P .. 'sending', '-inf', now, 'LIMIT', 0, 100)) do
  local tenant, delivery = string.match(lease, '^([^/]+)/(.+)$')
  redis.call('ZREM', P .. 'sending', lease)
  redis.call('SREM', P .. 'sending:' .. tenant, delivery)
  redis.call('ZADD', P .. 'due:' .. tenant, now, delivery)
  offer_deliveries(tenant)
end
while #taken < tonumber(ARGV[2]) do
  local tenant = redis.call('ZRANGEBYSCORE', P .. 'due-tenants', '-inf', now, 'LIMIT', 0, 1)[1]
  if not tenant then break end
  local delivery = redis.call('ZPOPMIN', P .. 'due:' .. tenant)[1]
  if delivery then
    redis.call('ZADD', P .. 'sending', now + tonumber(ARGV[3]), tenant .. '/' .. delivery)
    redis.call('SADD', P .. 'sending:' .. tenant, delivery)
    local id, number = string.match(delivery, '^(.+)%.(%d+)$')
    local text = redis.call('HGET', P .. 'deliveries:' .. id, number)
    if text then
      local known = cjson.decode(text)
      known.tries = known.tries + 1
      redis.call('HSET', P .. 'deliveries:' .. id, number, cjson.encode(known))
    end
    taken[#taken + 1] = {tenant, delivery}
  end
  offer_deliveries(tenant)
end
return taken`,
)

// In: prefix, tenant, delivery, what it is now, wait before the next try, status, fault. A late word of a sender that had lost its lease
// counts as well: what has been delivered is not sent once more.
const settleScript = script(
  'settle-delivery',
  `${evenWhenFull}${names}
local tenant, delivery, now = ARGV[2], ARGV[3], delivery_clock()
redis.call('ZREM', P .. 'sending', tenant .. '/' .. delivery)
redis.call('SREM', P .. 'sending:' .. tenant, delivery)
local id, number = string.match(delivery, '^(.+)%.(%d+)$')
local text = redis.call('HGET', P .. 'deliveries:' .. id, number)
local known = text and cjson.decode(text)
if known and known.is == 'waiting' then
  known.is, known.last, known.status, known.fault = ARGV[4], now, tonumber(ARGV[6]), ARGV[7] ~= '' and ARGV[7] or nil
  redis.call('HSET', P .. 'deliveries:' .. id, number, cjson.encode(known))
end
if known and known.is == 'waiting' then redis.call('ZADD', P .. 'due:' .. tenant, now + tonumber(ARGV[5]), delivery)
else redis.call('ZREM', P .. 'due:' .. tenant, delivery) end
offer_deliveries(tenant)
return 1`,
)

type Kept = {
  readonly state: string
  readonly attempt: number
  readonly at: number
  readonly tries: number
  readonly is: string
  readonly last?: number
  readonly status?: number
  readonly fault?: string
}

export type Taken = { readonly tenant: string; readonly delivery: string }

/** What became of a try. */
export type Sent = {
  readonly is: DeliveryState
  readonly waitMs: number
  readonly status: number | null
  readonly fault: DeliveryFault | null
}

/** Everything that a sender needs. Null when the job is no longer kept, or is not as we wrote it. */
export type DueDelivery = {
  readonly id: string
  readonly tenant: string
  readonly grant: string
  readonly address: string
  readonly type: WebhookType
  readonly attempt: number
  readonly atMs: number
  readonly tries: number
  readonly isWaiting: boolean
  readonly jobId: string
  readonly fields: ReadonlyMap<string, string>
}

export type DeliveryQueue = {
  /** @throws StoreUnavailable */
  take(most: number, leaseMs: number): Promise<readonly Taken[]>
  read(taken: Taken): Promise<DueDelivery | null>
  settle(taken: Taken, sent: Sent): Promise<void>
  list(jobId: string): Promise<DeliveryList>
  /** Calls `wake` when there may be one to be sent. */
  listen(wake: () => void): Promise<() => void>
  /** How long the one that waits most has been due, milliseconds. */
  oldestMs(): Promise<number>
}

const instant = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString()

function keptOf(text: string | null): Kept | null {
  if (text === null) return null
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null ? (value as Kept) : null
}

const typeOf = (id: string, state: string): WebhookType | null => {
  if (isBatch(id)) return 'batch.finished'
  if (state === 'queued') return 'job.queued'
  if (state === 'running') return 'job.running'
  return state === 'finished' ? 'job.finished' : null
}

const placeOf = (delivery: string): readonly [id: string, number: string] => {
  const point = delivery.lastIndexOf('.')
  return [delivery.slice(0, point), delivery.slice(point + 1)]
}

function openAddress(
  sealer: Sealer,
  jobId: string,
  fields: ReadonlyMap<string, string>,
): string | null {
  try {
    const sealed = Buffer.from(fields.get('callback') ?? '', 'base64')
    return sealer.open(sealed, callbackBinding(jobId, fields)).toString('utf8')
  } catch (error) {
    if (error instanceof SealError) return null
    throw error
  }
}

const isBatch = (id: string): boolean => id.startsWith('bat_')
const ownerKey = (id: string): string => (isBatch(id) ? batchKey(id) : jobKey(id))
const readFields = ['tenant', 'callback', 'expiresAt', ...listFields] as const

async function readOwner(redis: Redis, id: string): Promise<ReadonlyMap<string, string>> {
  if (isBatch(id)) return new Map(Object.entries(await redis.hgetall(batchKey(id))))
  const values = await redis.hmget(jobKey(id), ...readFields)
  const fields = new Map<string, string>()
  for (const [at, name] of readFields.entries()) {
    const value = values[at]
    if (value !== null && value !== undefined) fields.set(name, value)
  }
  return fields
}

async function read(
  redis: Redis,
  sealer: Sealer,
  { tenant, delivery }: Taken,
): Promise<DueDelivery | null> {
  const [jobId, number] = placeOf(delivery)
  const kept = keptOf(await redis.hget(deliveriesKey(jobId), number))
  const fields = await readOwner(redis, jobId)
  const address = openAddress(sealer, jobId, fields)
  const type = kept === null ? null : typeOf(jobId, kept.state)
  if (kept === null || type === null || address === null) return null
  if (fields.get('tenant') !== tenant) return null
  return {
    ...{ id: delivery, tenant, grant: fields.get('grant') ?? '', address, type, jobId, fields },
    ...{ attempt: kept.attempt, atMs: kept.at, tries: kept.tries },
    isWaiting: kept.is === 'waiting',
  }
}

function deliveryOf(id: string, kept: Kept, dueMs: number | null): Delivery | null {
  const type = typeOf(id, kept.state)
  const state = deliveryStates.find((known) => known === kept.is)
  if (type === null || state === undefined) return null
  return {
    ...{ id, type, state, tries: kept.tries, lastStatus: kept.status ?? null },
    lastFault: deliveryFaults.find((known) => known === kept.fault) ?? null,
    happenedAt: instant(kept.at) ?? '',
    lastTriedAt: instant(kept.last),
    nextTryAt: dueMs === null ? null : instant(dueMs),
  }
}

async function list(redis: Redis, jobId: string): Promise<DeliveryList> {
  const known = await redis.hgetall(deliveriesKey(jobId))
  const tenant = (await redis.hget(ownerKey(jobId), 'tenant')) ?? ''
  const deliveries: Delivery[] = []
  for (let number = 1; number <= Number(known.count ?? '0'); number++) {
    const id = `${jobId}.${number}`
    const kept = keptOf(known[number] ?? null)
    const due = await redis.zscore(`${keyPrefix}due:${tenant}`, id)
    const one = kept === null ? null : deliveryOf(id, kept, due === null ? null : Number(due))
    if (one !== null) deliveries.push(one)
  }
  return { deliveries, omitted: Number(known.omitted ?? '0') }
}

export function openDeliveryQueue(redis: Redis, listener: Listener, sealer: Sealer): DeliveryQueue {
  return {
    async take(most, leaseMs) {
      const taken = await run(redis, takeScript, [keyPrefix, most, leaseMs])
      return (taken as [string, string][]).map(([tenant, delivery]) => ({ tenant, delivery }))
    },
    read: (taken) => reaching(() => read(redis, sealer, taken)),
    async settle({ tenant, delivery }, { is, waitMs, status, fault }) {
      const values = [keyPrefix, tenant, delivery, is, waitMs, status ?? '', fault ?? '']
      await run(redis, settleScript, values)
    },
    list: (jobId) => reaching(() => list(redis, jobId)),
    listen: (wake) => listener.listen(deliveriesChannel, wake),
    async oldestMs() {
      const [, due] = await reaching(() => redis.zrange(dueTenantsKey, '0', '0', 'WITHSCORES'))
      return due === undefined ? 0 : Math.max(0, Date.now() - Number(due))
    },
  }
}
