// How many sessions a tenant has: claimed before admission, and let go when the job has ended, however it did. So nothing that dies holds one.
import type { Redis } from 'ioredis'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

/** A claim without a job is an admission that is under way, for so long. Seconds. */
const admissionSeconds = 60
/** Longer than any session may wait and live. Seconds. */
const keptSeconds = 16 * 24 * 3600

/** sessions:<t> zset: ids of a tenant's sessions, by when they were claimed. */
const standing = `
local P, tenant = ARGV[1], ARGV[2]
local key, now = P .. 'sessions:' .. tenant, tonumber(redis.call('TIME')[1])
for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
  local state = redis.call('HGET', P .. 'job:' .. id, 'state')
  local since = tonumber(redis.call('ZSCORE', key, id))
  if state == 'finished' or (not state and now - since > ${admissionSeconds}) then redis.call('ZREM', key, id) end
end
`

// In: prefix, tenant, id, how many there may be. Out: 1 or 0, and how many there are then.
const claimScript = script(
  'claim-session',
  `${standing}
local used = redis.call('ZCARD', key)
if used >= tonumber(ARGV[4]) then return {0, used} end
redis.call('ZADD', key, now, ARGV[3])
redis.call('EXPIRE', key, ${keptSeconds})
return {1, used + 1}`,
)

// In: prefix, tenant. Out: ids, the oldest first.
const listScript = script('list-sessions', `${standing}return redis.call('ZRANGE', key, 0, -1)`)

export type SessionClaim = { readonly isGiven: boolean; readonly used: number }

/** @throws StoreUnavailable */
export async function claimSession(
  redis: Redis,
  tenant: string,
  jobId: string,
  limit: number,
): Promise<SessionClaim> {
  const values = [keyPrefix, tenant, jobId, limit]
  const [given, used] = (await run(redis, claimScript, values)) as [number, number]
  return { isGiven: given === 1, used }
}

/** After an admission that came to nothing. @throws StoreUnavailable */
export async function releaseSession(redis: Redis, tenant: string, jobId: string): Promise<void> {
  await redis.zrem(`${keyPrefix}sessions:${tenant}`, jobId)
}

/** Those that have not ended. @throws StoreUnavailable */
export const listSessions = async (redis: Redis, tenant: string): Promise<string[]> =>
  (await run(redis, listScript, [keyPrefix, tenant])) as string[]
