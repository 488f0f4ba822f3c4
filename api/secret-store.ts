// Stored secrets of tenants: sealed with the key that Redis never sees, bound to tenant and name, and read again only for a job that
// asks for them. They lie where the worker’s access list has no way: a job carries its own, sealed in its payload.
import type { Redis } from 'ioredis'
import { type StoredSecret, storedSecretsMax } from '../contract/secret.js'
import { reaching, run, script } from '../queue/script.js'
import type { Binding, Sealer } from '../queue/seal.js'
import { secretsOfTenant } from './record-names.js'

export type SecretParts = { readonly redis: Redis; readonly sealer: Sealer }
export type Put = 'created' | 'changed' | 'full'

type Kept = { readonly sealed: string; readonly createdAtMs: number; readonly changedAtMs: number }

const bindingOf = (tenant: string, name: string): Binding => ({
  jobId: `secret ${name}`,
  tenant,
  grant: '',
  expiresAtMs: 0,
})

// In: hash, name, sealed bytes, now, most. Out: what became of it. What was there keeps the time at which it was made.
const putScript = script(
  'put-secret',
  `local before = redis.call('HGET', ARGV[1], ARGV[2])
if not before and redis.call('HLEN', ARGV[1]) >= tonumber(ARGV[5]) then return 'full' end
local made = before and cjson.decode(before).createdAtMs or tonumber(ARGV[4])
redis.call('HSET', ARGV[1], ARGV[2], cjson.encode({sealed = ARGV[3], createdAtMs = made, changedAtMs = tonumber(ARGV[4])}))
return before and 'changed' or 'created'`,
)

export async function putSecret(
  { redis, sealer }: SecretParts,
  tenant: string,
  name: string,
  value: Buffer,
): Promise<Put> {
  const sealed = sealer.seal(value, bindingOf(tenant, name)).toString('base64')
  const values = [secretsOfTenant(tenant), name, sealed, Date.now(), storedSecretsMax]
  return (await run(redis, putScript, values)) as Put
}

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString()

export async function listSecrets({ redis }: SecretParts, tenant: string): Promise<StoredSecret[]> {
  const all = Object.entries(await reaching(() => redis.hgetall(secretsOfTenant(tenant))))
  return all
    .map(([name, text]) => {
      const { createdAtMs, changedAtMs } = JSON.parse(text) as Kept
      return { name, createdAt: instant(createdAtMs), changedAt: instant(changedAtMs) }
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Whether there was one. */
export async function deleteSecret(
  { redis }: SecretParts,
  tenant: string,
  name: string,
): Promise<boolean> {
  return (await reaching(() => redis.hdel(secretsOfTenant(tenant), name))) === 1
}

/** Null where there is none. @throws SealError for what we did not write, or wrote for another place */
export async function openSecret(
  { redis, sealer }: SecretParts,
  tenant: string,
  name: string,
): Promise<Buffer | null> {
  const text = await reaching(() => redis.hget(secretsOfTenant(tenant), name))
  if (text === null) return null
  const { sealed } = JSON.parse(text) as Kept
  return sealer.open(Buffer.from(sealed, 'base64'), bindingOf(tenant, name))
}
