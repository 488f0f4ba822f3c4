// API keys in Redis: one authenticated record each, the secret only as its hash. Only this process kind can read them (ACL).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Compile } from 'typebox/compile'
import { KeyRecord, keyPattern, type Scope } from '../contract/key.js'
import type { TenantRecord } from '../contract/tenant.js'
import { reaching, run, script } from '../queue/script.js'
import type { Sealer } from '../queue/seal.js'
import { openKeyUses } from './key-uses.js'
import * as names from './record-names.js'
import { openCache, openRecordSeal, type RecordSeal } from './record-seal.js'
import { openTenantStore, redisNowMs, type TenantStore } from './tenant-store.js'

export { trustMs } from './record-seal.js'

export type KeyWish = {
  readonly tenant: string
  /** Absent: that of the tenant; a new tenant gets `untrusted`. */
  readonly grant?: string
  readonly scopes: readonly Scope[]
  readonly expiresInSeconds: number
}

/** A key that works, and whose it is. */
export type VerifiedKey = { readonly record: KeyRecord; readonly tenant: TenantRecord }

/** The key itself, this once, and what is stored of it. */
export type NewKey = { readonly key: string; readonly record: KeyRecord }
/** `newTenant`: there was none of the name before. */
export type FirstKey = NewKey & { readonly newTenant: TenantRecord | null }

/** The tenant was deleted: its name is not given out again. */
export class DeletedTenant extends Error {}

export type KeyStore = {
  /** Makes the tenant, too, when there is none of the name. @throws DeletedTenant */
  create(wish: KeyWish): Promise<FirstKey>
  /** Null when the key does not work now, or its tenant is gone. A disabled tenant is the caller’s to refuse. */
  verify(key: string): Promise<VerifiedKey | null>
  list(): Promise<readonly { readonly record: KeyRecord; readonly usedAtMs: number | null }[]>
  /** A new key with the same rights; the old one goes on for a while. Null: there is none; 'rotated': it has been replaced before. */
  rotate(id: string, overlapSeconds: number): Promise<NewKey | 'rotated' | null>
  /** False when there was none. It stops working here at once, in other api processes within `trustMs`. */
  revoke(id: string): Promise<boolean>
  readonly tenants: TenantStore
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

/** 16 characters of base 36, without the bias of a remainder. */
function newKeyId(): string {
  let id = ''
  while (id.length < 16) {
    for (const byte of randomBytes(24)) if (byte < 252 && id.length < 16) id += alphabet[byte % 36]
  }
  return id
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

// In: id, tenant’s record, its expected text, new record and its end, index, keys of the tenant; then, for a key that takes another’s
// place: the old record, its expected text, its new text, its new end ('' for now). Out: 1, or what was changed meanwhile. Ids of keys
// that have expired leave the tenant's list here, some at a time: nothing else would ever take them out.
const createScript = script(
  'create-key',
  `if redis.call('GET', ARGV[2]) ~= ARGV[3] then return 'tenant' end
if ARGV[8] and redis.call('GET', ARGV[8]) ~= ARGV[9] then return 'key' end
redis.call('SET', 'stockade:key:record:' .. ARGV[1], ARGV[4], 'PXAT', ARGV[5])
redis.call('SADD', ARGV[6], ARGV[1])
for _, id in ipairs(redis.call('SRANDMEMBER', ARGV[7], 20)) do
  if redis.call('EXISTS', 'stockade:key:record:' .. id) == 0 then redis.call('SREM', ARGV[7], id) end
end
redis.call('SADD', ARGV[7], ARGV[1])
if ARGV[8] then
  if ARGV[11] == '' then redis.call('DEL', ARGV[8]) else redis.call('SET', ARGV[8], ARGV[10], 'PXAT', ARGV[11]) end
end
return 1`,
)

type Replaced = { readonly id: string; readonly before: string; readonly after: KeyRecord | null }

type Parts = {
  readonly redis: Redis
  readonly seal: RecordSeal<KeyRecord>
  readonly tenants: TenantStore
}

function newKey(wish: Omit<KeyWish, 'expiresInSeconds'>, nowMs: number, lifeMs: number): NewKey {
  const id = newKeyId()
  const secret = randomBytes(32).toString('base64url')
  const record: KeyRecord = {
    id,
    tenant: wish.tenant,
    ...(wish.grant === undefined ? {} : { grant: wish.grant }),
    scopes: [...wish.scopes],
    secretHash: hashOf(secret).toString('hex'),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs,
  }
  return { key: `sk_${id}_${secret}`, record }
}

/** Writes a key for a tenant that stands as it did when it was read. */
async function write(
  { redis, seal }: Parts,
  { record }: NewKey,
  tenantText: string,
  replaced: Replaced | null = null,
): Promise<unknown> {
  const { id, tenant, expiresAtMs } = record
  const old =
    replaced === null
      ? []
      : [
          names.keyRecord(replaced.id),
          replaced.before,
          replaced.after === null ? '' : seal.encode(replaced.after),
          replaced.after === null ? '' : replaced.after.expiresAtMs,
        ]
  return run(redis, createScript, [
    ...[id, names.tenantRecord(tenant), tenantText, seal.encode(record), expiresAtMs],
    ...[names.keyIndex, names.keysOfTenant(tenant), ...old],
  ])
}

async function create(parts: Parts, wish: KeyWish): Promise<FirstKey> {
  const { redis, tenants } = parts
  const nowMs = await redisNowMs(redis)
  let newTenant: TenantRecord | null = null
  for (;;) {
    const { tenant: name, scopes, grant, expiresInSeconds } = wish
    const found = await tenants.present(name)
    if (found === null) {
      const isMade = await tenants.create({ name, ...(grant === undefined ? {} : { grant }) })
      if (isMade === null && (await tenants.read(name)) === null) throw new DeletedTenant(name)
      newTenant = isMade
      continue
    }
    // A grant of its own stands in a key only where it is another one: else it follows its tenant’s.
    const own = grant === undefined || grant === found.record.grant ? {} : { grant }
    const made = newKey({ tenant: name, scopes, ...own }, nowMs, expiresInSeconds * 1000)
    if ((await write(parts, made, found.text)) === 1) return { ...made, newTenant }
  }
}

async function rotate(
  parts: Parts,
  id: string,
  overlapSeconds: number,
): Promise<NewKey | 'rotated' | null> {
  const { redis, seal, tenants } = parts
  const nowMs = await redisNowMs(redis)
  for (;;) {
    const before = await reaching(() => redis.get(names.keyRecord(id)))
    const old = seal.decode(id, before)
    if (before === null || old === null || old.expiresAtMs <= nowMs) return null
    if (old.rotatedTo !== undefined) return 'rotated'
    const owner = await tenants.present(old.tenant)
    if (owner === null) return null
    const { tenant, scopes, createdAtMs, expiresAtMs } = old
    const grant = old.grant === undefined ? {} : { grant: old.grant }
    const made = newKey({ tenant, scopes, ...grant }, nowMs, expiresAtMs - createdAtMs)
    const endMs = Math.min(expiresAtMs, nowMs + overlapSeconds * 1000)
    const after =
      overlapSeconds === 0 ? null : { ...old, expiresAtMs: endMs, rotatedTo: made.record.id }
    if ((await write(parts, made, owner.text, { id, before, after })) === 1) return made
  }
}

async function readAll({ redis, seal }: Parts): ReturnType<KeyStore['list']> {
  const ids = await reaching(() => redis.smembers(names.keyIndex))
  if (ids.length === 0) return []
  const stored = await reaching(() => redis.mget(ids.map(names.keyRecord)))
  const uses = await reaching(() => redis.hmget(names.keyUses, ...ids))
  const gone = ids.filter((_, at) => stored[at] === null)
  if (gone.length > 0) {
    await reaching(() => redis.srem(names.keyIndex, ...gone))
    await reaching(() => redis.hdel(names.keyUses, ...gone))
  }
  return ids
    .flatMap((id, at) => {
      const record = seal.decode(id, stored[at] ?? null)
      const used = uses[at] ?? null
      return record === null ? [] : [{ record, usedAtMs: used === null ? null : Number(used) }]
    })
    .sort((a, b) => a.record.createdAtMs - b.record.createdAtMs)
}

/** Keys from before there were tenants get theirs, once in the life of a store. */
async function adopt(parts: Parts): Promise<void> {
  const { redis, tenants } = parts
  if ((await reaching(() => redis.exists(names.tenantsAdopted))) === 1) return
  for (const { record } of await readAll(parts)) {
    const { id, tenant, grant } = record
    await tenants.create({ name: tenant, ...(grant === undefined ? {} : { grant }) })
    await reaching(() => redis.sadd(names.keysOfTenant(tenant), id))
  }
  await reaching(() => redis.set(names.tenantsAdopted, '1'))
}

/** Calls reject with StoreUnavailable when Redis is away. */
export function openKeyStore(redis: Redis, sealer: Sealer): KeyStore {
  const cache = openCache<KeyRecord>()
  const uses = openKeyUses(redis)
  const tenants = openTenantStore(redis, sealer)
  const seal = openRecordSeal<KeyRecord>(sealer, 'key', Compile(KeyRecord), ({ id }) => id)
  const parts: Parts = { redis, seal, tenants }
  const read = async (id: string): Promise<KeyRecord | null> => {
    const known = cache.get(id)
    if (known !== null) return known
    const record = seal.decode(id, await reaching(() => redis.get(names.keyRecord(id))))
    if (record !== null) cache.put(id, record)
    return record
  }
  let isAdopted = false
  const tenantOf = async (name: string): Promise<TenantRecord | null> => {
    const tenant = await tenants.trusted(name)
    if (tenant !== null || isAdopted) return tenant
    await adopt(parts)
    isAdopted = true
    return tenants.trusted(name)
  }
  return {
    tenants,
    create: (wish) => create(parts, wish),
    async verify(key) {
      const [, id, secret] = keyPattern.exec(key) ?? []
      if (id === undefined || secret === undefined) return null
      const record = await read(id)
      if (record === null || record.expiresAtMs <= Date.now()) return null
      if (!timingSafeEqual(hashOf(secret), Buffer.from(record.secretHash, 'hex'))) return null
      const tenant = await tenantOf(record.tenant)
      if (tenant === null) return null
      uses.note(id)
      return { record, tenant }
    },
    list: () => readAll(parts),
    async rotate(id, overlapSeconds) {
      const made = await rotate(parts, id, overlapSeconds)
      cache.drop(id)
      return made
    },
    async revoke(id) {
      cache.drop(id)
      const record = seal.decode(id, await reaching(() => redis.get(names.keyRecord(id))))
      const removed = await reaching(() => redis.del(names.keyRecord(id)))
      await reaching(() => redis.srem(names.keyIndex, id))
      await reaching(() => redis.hdel(names.keyUses, id))
      if (record !== null) await reaching(() => redis.srem(names.keysOfTenant(record.tenant), id))
      cache.drop(id)
      return removed > 0
    },
  }
}
