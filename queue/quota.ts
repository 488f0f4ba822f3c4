// Quotas on this side of Redis: what a grant and a tenant’s record come to, and how the quotas of a tenant stand.
import type { Redis } from 'ioredis'
import type { QuotaName, Quotas } from '../contract/quota.js'
import { offer } from './fair-order.js'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'
import { quotaStates, usage } from './usage-fragment.js'

/** As the scripts count. 0: no such quota. */
export type QuotaLimits = {
  readonly submits: number
  readonly cpuMs: number
  readonly memoryMebibyteMs: number
  readonly storedBytes: number
  /** How long a finished job is kept: when the oldest goes, some bytes are free again. */
  readonly keepMs: number
}

export function quotaLimitsOf(quotas: Quotas, keepMs: number): QuotaLimits {
  return {
    submits: quotas.submitsPerMinute,
    cpuMs: quotas.cpuSecondsPerDay * 1000,
    memoryMebibyteMs: quotas.memoryMebibyteSecondsPerDay * 1000,
    storedBytes: quotas.storedBytes,
    keepMs,
  }
}

/** What a script says of one quota: name, limit, used, second at which some is free again (0: nobody knows), and now. */
export type QuotaRow = readonly [QuotaName, number, number, number, number]

export type Standing = {
  readonly name: QuotaName
  readonly limit: number
  readonly used: number
  /** By Redis’s clock. Null where it depends on how jobs end. */
  readonly freesAt: string | null
  readonly secondsLeft: number | null
}

export function standingOf([name, limit, used, frees, now]: QuotaRow): Standing {
  const isKnown = frees > 0
  return {
    name,
    limit,
    used,
    freesAt: isKnown ? new Date(frees * 1000).toISOString() : null,
    secondsLeft: isKnown ? Math.max(1, frees - now) : null,
  }
}

// In: prefix, tenant, queuedJobs, limits as JSON. Out: a row for each quota that there is.
const standingScript = script(
  'standing',
  `${names}${usage}${quotaStates}
local tenant = ARGV[2]
local states = quota_states(tenant, cjson.decode(ARGV[4]))
table.insert(states, 1, {'queued-jobs', tonumber(ARGV[3]), redis.call('ZCARD', P .. 'waiting:' .. tenant) + redis.call('SCARD', P .. 'blocked:' .. tenant), 0, second()})
return states`,
)

/** How the quotas of a tenant stand now. @throws StoreUnavailable */
export async function readStandings(
  redis: Redis,
  tenant: string,
  queuedJobs: number,
  limits: QuotaLimits,
): Promise<Standing[]> {
  const values = [keyPrefix, tenant, queuedJobs, JSON.stringify(limits)]
  return ((await run(redis, standingScript, values)) as QuotaRow[]).map(standingOf)
}

// In: prefix, tenant, runningJobs, cpuMs and memoryMebibyteMs of a day. An idle tenant’s are taken from its next job.
const changeScript = script(
  'change-caps',
  `${names}${offer}
local tenant = ARGV[2]
if redis.call('HEXISTS', P .. 'running-caps', tenant) == 0 then return 0 end
redis.call('HSET', P .. 'running-caps', tenant, ARGV[3])
if ARGV[4] == '0' and ARGV[5] == '0' then redis.call('HDEL', P .. 'day-caps', tenant)
else redis.call('HSET', P .. 'day-caps', tenant, ARGV[4] .. ' ' .. ARGV[5]) end
offer(tenant)
return 1`,
)

/** New quotas of a tenant hold for what it has waiting, too. @throws StoreUnavailable */
export async function changeCaps(redis: Redis, tenant: string, quotas: Quotas): Promise<void> {
  const { cpuMs, memoryMebibyteMs } = quotaLimitsOf(quotas, 0)
  const values = [keyPrefix, tenant, quotas.runningJobs, cpuMs, memoryMebibyteMs]
  await run(redis, changeScript, values)
}
