// API keys in Redis: one authenticated record each, the secret only as its hash. Only this process kind can read them (ACL).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Compile } from 'typebox/compile'
import { KeyRecord, keyPattern, type Scope } from '../contract/key.js'
import { StoreUnavailable } from '../queue/connect.js'
import { isUnavailable } from '../queue/script.js'
import type { Sealer } from '../queue/seal.js'

const checkRecord = Compile(KeyRecord)
const recordKey = (id: string): string => `stockade:key:record:${id}`
const indexKey = 'stockade:key:ids'

export type KeyWish = {
  readonly tenant: string
  readonly grant: string
  readonly scopes: readonly Scope[]
  readonly expiresInSeconds: number
}

export type KeyStore = {
  /** The key itself, this once, and what is stored of it. */
  create(wish: KeyWish): Promise<{ key: string; record: KeyRecord }>
  /** The record of a key that works now, or null. */
  verify(key: string): Promise<KeyRecord | null>
  list(): Promise<KeyRecord[]>
  /** False when there was none. It stops working here at once, in other api processes within `trustMs`. */
  revoke(id: string): Promise<boolean>
}

/** How long a record that was read is trusted without asking Redis again, milliseconds. */
export const trustMs = 5000
const cachedKeysMax = 10_000

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

/** The record is bound to its id, so that one key's record cannot be put in another's place. */
const tagOf = (sealer: Sealer, text: string): string => sealer.authenticate(`key record\n${text}`)

function encode(sealer: Sealer, record: KeyRecord): string {
  const text = JSON.stringify(record)
  return `${tagOf(sealer, text)} ${text}`
}

/** Null for whatever we did not write: Redis is not trusted. */
function decode(sealer: Sealer, id: string, stored: string | null): KeyRecord | null {
  if (stored === null || stored[64] !== ' ') return null
  const text = stored.slice(65)
  const isOurs = timingSafeEqual(
    Buffer.from(stored.slice(0, 64).padEnd(64), 'latin1'),
    Buffer.from(tagOf(sealer, text), 'latin1'),
  )
  if (!isOurs) return null
  const record: unknown = JSON.parse(text)
  return checkRecord.Check(record) && record.id === id ? record : null
}

async function reaching<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work
  } catch (error) {
    throw isUnavailable(error) ? new StoreUnavailable((error as Error).message) : error
  }
}

type Cached = { readonly record: KeyRecord; readonly untilMs: number }

/** Least recently read goes first: a Map keeps the order of insertion. */
function openCache(): {
  get(id: string): KeyRecord | null
  put(record: KeyRecord): void
  drop(id: string): void
} {
  const entries = new Map<string, Cached>()
  return {
    get(id) {
      const entry = entries.get(id)
      return entry !== undefined && entry.untilMs > performance.now() ? entry.record : null
    },
    put(record) {
      entries.delete(record.id)
      entries.set(record.id, { record, untilMs: performance.now() + trustMs })
      if (entries.size > cachedKeysMax)
        for (const oldest of entries.keys()) return void entries.delete(oldest)
    },
    drop: (id) => void entries.delete(id),
  }
}

async function readAll(redis: Redis, sealer: Sealer): Promise<KeyRecord[]> {
  const ids = await redis.smembers(indexKey)
  if (ids.length === 0) return []
  const stored = await redis.mget(ids.map(recordKey))
  const gone = ids.filter((_, index) => stored[index] === null)
  if (gone.length > 0) await redis.srem(indexKey, ...gone)
  const records = ids.map((id, index) => decode(sealer, id, stored[index] ?? null))
  return records.filter((record) => record !== null).sort((a, b) => a.createdAtMs - b.createdAtMs)
}

/** Calls reject with StoreUnavailable when Redis is away. */
export function openKeyStore(redis: Redis, sealer: Sealer): KeyStore {
  const cache = openCache()
  const read = async (id: string): Promise<KeyRecord | null> => {
    const known = cache.get(id)
    if (known !== null) return known
    const record = decode(sealer, id, await reaching(redis.get(recordKey(id))))
    if (record !== null) cache.put(record)
    return record
  }
  return {
    async create({ tenant, grant, scopes, expiresInSeconds }) {
      const id = newKeyId()
      const secret = randomBytes(32).toString('base64url')
      const createdAtMs = Date.now()
      const expiresAtMs = createdAtMs + expiresInSeconds * 1000
      const secretHash = hashOf(secret).toString('hex')
      const record = {
        id,
        tenant,
        grant,
        scopes: [...scopes],
        secretHash,
        createdAtMs,
        expiresAtMs,
      }
      const written = redis
        .multi()
        .set(recordKey(id), encode(sealer, record), 'PXAT', expiresAtMs)
        .sadd(indexKey, id)
        .exec()
      for (const [error] of (await reaching(written)) ?? []) if (error !== null) throw error
      return { key: `sk_${id}_${secret}`, record }
    },
    async verify(key) {
      const [, id, secret] = keyPattern.exec(key) ?? []
      if (id === undefined || secret === undefined) return null
      const record = await read(id)
      if (record === null || record.expiresAtMs <= Date.now()) return null
      return timingSafeEqual(hashOf(secret), Buffer.from(record.secretHash, 'hex')) ? record : null
    },
    list: () => reaching(readAll(redis, sealer)),
    async revoke(id) {
      cache.drop(id)
      const removed = await reaching(redis.del(recordKey(id)))
      await reaching(redis.srem(indexKey, id))
      cache.drop(id)
      return removed > 0
    },
  }
}
