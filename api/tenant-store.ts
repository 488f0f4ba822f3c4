// Tenants in Redis: one authenticated record each, changed by compare-and-set, so that two admins at once lose nothing. Only this
// process kind can read them (ACL).
import type { Redis } from 'ioredis'
import { Compile } from 'typebox/compile'
import { type TenantChange, type TenantCreation, TenantRecord } from '../contract/tenant.js'
import { reaching, run, script } from '../queue/script.js'
import type { Sealer } from '../queue/seal.js'
import * as names from './record-names.js'
import { type Cache, openCache, openRecordSeal, type RecordSeal } from './record-seal.js'

export type TenantStore = {
  /** Null when the name is taken, or was. */
  create(wish: TenantCreation): Promise<TenantRecord | null>
  /** As it is now; null when there is none, or none any more. */
  read(name: string): Promise<TenantRecord | null>
  /** As it was at most `trustMs` ago. */
  trusted(name: string): Promise<TenantRecord | null>
  list(): Promise<TenantRecord[]>
  /** `revision`: the one that is meant, or any. */
  change(name: string, revision: Wanted, change: TenantChange): Promise<Changed>
  /** Its keys go in the same step. */
  remove(name: string, revision: Wanted): Promise<Changed>
  /** With the stored text, for scripts that need it unchanged. */
  present(name: string): Promise<Stored | null>
}

export type Stored = { readonly text: string; readonly record: TenantRecord }
export type Wanted = number | 'any'
export type Changed =
  | { readonly kind: 'changed'; readonly tenant: TenantRecord }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'unknown' }

// In: record, expected text ('' for none), new text, index, name. Out: whether it stood as expected.
const replaceScript = script(
  'replace-record',
  `if (redis.call('GET', ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', ARGV[1], ARGV[3])
redis.call('SADD', ARGV[4], ARGV[5])
return 1`,
)

// In: record, expected text, new text, keys of the tenant, index of keys, uses of keys, what a key’s record begins with, its stored secrets.
const removeScript = script(
  'remove-tenant',
  `if redis.call('GET', ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('SET', ARGV[1], ARGV[3])
for _, id in ipairs(redis.call('SMEMBERS', ARGV[4])) do
  redis.call('DEL', ARGV[7] .. id)
  redis.call('SREM', ARGV[5], id)
  redis.call('HDEL', ARGV[6], id)
end
redis.call('DEL', ARGV[4])
redis.call('DEL', ARGV[8])
return 1`,
)

/** By Redis’s clock, as expiry is. */
export async function redisNowMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await reaching(() => redis.time())
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

function changed(before: TenantRecord, change: TenantChange, nowMs: number): TenantRecord {
  const { quotas = {}, ...rest } = change
  const merged = Object.entries({ ...before.quotas, ...quotas }).filter(
    ([, value]) => value !== null,
  )
  return {
    ...before,
    ...rest,
    quotas: Object.fromEntries(merged),
    revision: before.revision + 1,
    changedAtMs: nowMs,
  }
}

const checkRecord = Compile(TenantRecord)

type Parts = {
  readonly redis: Redis
  readonly seal: RecordSeal<TenantRecord>
  readonly cache: Cache<TenantRecord>
}

async function readPresent({ redis, seal }: Parts, name: string): Promise<Stored | null> {
  const text = await reaching(() => redis.get(names.tenantRecord(name)))
  const record = seal.decode(name, text)
  return text === null || record === null || record.deletedAtMs !== null ? null : { text, record }
}

async function create({ redis, seal }: Parts, wish: TenantCreation): Promise<TenantRecord | null> {
  const { name, grant = 'untrusted', description = '', labels = {} } = wish
  const { disabled = false, quotas = {} } = wish
  const nowMs = await redisNowMs(redis)
  const tenant: TenantRecord = {
    ...{ name, grant, description, labels, disabled, quotas, revision: 1 },
    ...{ createdAtMs: nowMs, changedAtMs: nowMs, deletedAtMs: null },
  }
  const values = [names.tenantRecord(name), '', seal.encode(tenant), names.tenantIndex, name]
  return (await run(redis, replaceScript, values)) === 1 ? tenant : null
}

async function list({ redis, seal }: Parts): Promise<TenantRecord[]> {
  const all = (await reaching(() => redis.smembers(names.tenantIndex))).sort()
  if (all.length === 0) return []
  const stored = await reaching(() => redis.mget(all.map(names.tenantRecord)))
  return all.flatMap((name, at) => {
    const tenant = seal.decode(name, stored[at] ?? null)
    return tenant === null || tenant.deletedAtMs !== null ? [] : [tenant]
  })
}

/** Writes what is to be in the place of what was read; 0 when another admin came in between. */
type Send = (before: string, after: string) => Promise<unknown>

/** The change, on whatever another admin has left; again when one comes in between. */
async function replace(
  parts: Parts,
  [name, revision]: readonly [string, Wanted],
  next: (before: TenantRecord, nowMs: number) => TenantRecord,
  send: Send,
): Promise<Changed> {
  const nowMs = await redisNowMs(parts.redis)
  for (;;) {
    const found = await readPresent(parts, name)
    if (found === null) return { kind: 'unknown' }
    if (revision !== 'any' && revision !== found.record.revision) return { kind: 'mismatch' }
    const tenant = next(found.record, nowMs)
    if ((await send(found.text, parts.seal.encode(tenant))) !== 1) continue
    parts.cache.drop(name)
    return { kind: 'changed', tenant }
  }
}

export function openTenantStore(redis: Redis, sealer: Sealer): TenantStore {
  const seal = openRecordSeal<TenantRecord>(sealer, 'tenant', checkRecord, ({ name }) => name)
  const cache = openCache<TenantRecord>()
  const parts = { redis, seal, cache }
  const read = async (name: string): Promise<TenantRecord | null> =>
    (await readPresent(parts, name))?.record ?? null
  return {
    create: (wish) => create(parts, wish),
    read,
    async trusted(name) {
      const known = cache.get(name)
      if (known !== null) return known
      const tenant = await read(name)
      if (tenant !== null) cache.put(name, tenant)
      return tenant
    },
    list: () => list(parts),
    change(name, revision, change) {
      const send: Send = (before, after) =>
        run(redis, replaceScript, [
          ...[names.tenantRecord(name), before, after, names.tenantIndex, name],
        ])
      return replace(parts, [name, revision], (was, nowMs) => changed(was, change, nowMs), send)
    },
    remove(name, revision) {
      const send: Send = (before, after) =>
        run(redis, removeScript, [
          ...[names.tenantRecord(name), before, after, names.keysOfTenant(name)],
          ...[names.keyIndex, names.keyUses, names.keyRecord(''), names.secretsOfTenant(name)],
        ])
      const gone = (was: TenantRecord, nowMs: number): TenantRecord => ({
        ...changed(was, {}, nowMs),
        deletedAtMs: nowMs,
      })
      return replace(parts, [name, revision], gone, send)
    },
    present: (name) => readPresent(parts, name),
  }
}
