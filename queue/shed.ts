// Retention by bytes: above a share, the oldest of the tenant that is over its own go first, then the oldest of all. Events go before
// results, and when Redis is nearly full more of both go, so that admission opens again by itself.
import type { Redis } from 'ioredis'
import type { ByteLimits } from './byte-limits.js'
import { drop, evenWhenFull, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

// In: prefix, limits as JSON, whether Redis is nearly full ('1'). Out: jobs dropped for shares, for memory, and events forgotten.
const shedScript = script(
  'shed',
  `${evenWhenFull}${names}${drop}
local limits = cjson.decode(ARGV[2])
local function number(command, ...) return tonumber(redis.call(command, ...) or '0') end
local function oldest(list) return redis.call('ZRANGE', P .. list, 0, 0)[1] end
local function shed(list, what, limit, go)
  local gone = 0
  local by = P .. what .. '-bytes-by'
  for _, tenant in ipairs(redis.call('ZREVRANGEBYSCORE', by, '+inf', '(' .. limit.tenant, 'LIMIT', 0, 100)) do
    local id = oldest(list .. ':' .. tenant)
    while id and gone < 200 and number('ZSCORE', by, tenant) > limit.tenant do
      go(id, tenant)
      gone = gone + 1
      id = oldest(list .. ':' .. tenant)
    end
  end
  local id = oldest(list)
  while id and gone < 200 and number('GET', P .. what .. '-bytes') > limit.all do
    go(id, redis.call('HGET', job_key(id), 'tenant') or '')
    gone = gone + 1
    id = oldest(list)
  end
  return gone
end
local forgotten = shed('told', 'event', limits.event, forget_events)
local shares = shed('outputs', 'output', limits.output, drop)
shares = shares + shed('finished', 'finished', limits.finished, drop)
shares = shares + shed('quarantine', 'finished', limits.finished, drop)
if ARGV[3] ~= '1' then return {shares, 0, forgotten} end
local early = shed('told', 'event', {all = 0, tenant = 9007199254740991}, forget_events)
if early > 0 then return {shares, 0, forgotten + early} end
local ids = redis.call('ZRANGE', P .. 'finished', 0, 99)
if #ids == 0 then ids = redis.call('ZRANGE', P .. 'quarantine', 0, 99) end
for _, id in ipairs(ids) do drop(id, redis.call('HGET', job_key(id), 'tenant') or '') end
return {shares, #ids, forgotten}`,
)

export type Shed = {
  /** Jobs that went because a tenant, or all, had more bytes than their share. */
  readonly shares: number
  /** Jobs that went because Redis is nearly full. */
  readonly memory: number
  /** Jobs whose events went early. */
  readonly events: number
}

/** One bounded turn. @throws StoreUnavailable */
export async function shed(redis: Redis, limits: ByteLimits, nearlyFull: boolean): Promise<Shed> {
  const values = [keyPrefix, JSON.stringify(limits), nearlyFull ? '1' : '0']
  const [shares = 0, memory = 0, events = 0] = (await run(redis, shedScript, values)) as number[]
  return { shares, memory, events }
}
