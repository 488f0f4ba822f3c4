// Who is next: weighted start-time fair queueing (Goyal et al. 1996) over what tenants really hold of the slots. Lua that transitions
// share, as queue/fragment.ts. docs/queue.md, “Fairness”, has the bounds and why they hold.
//
// A tenant’s account has two figures, in slot-milliseconds × 1000 / weight: what its jobs have held of the slots (used), and what those
// in flight are charged beyond that (open). The least sum is next. A job is charged its tenant’s usual time when it is handed over, and
// twice what it has held each time it outlives that; at its end it has used what it held. So a tenant with long jobs pays while they
// run, and nobody’s guess is believed. `used` never falls: who is placed before it stays before it.
//
// Keys, beside those that queue/fragment.ts lists:
//   accounts      hash  tenant → used and open           weights     hash  tenant → its weight
//   tenants       zset  the sum, of those in the race    served      zset  used, of the same tenants
//   used-most     text  the highest so far               debts       zset  used, of idle tenants who are still ahead of the race
//   usual-times   hash  tenant → what a job of it holds  usual-time  text  what a job of anybody holds: of the last ones, milliseconds
//   turns         hash  tenant → its hand-overs          charges     zset  jobs that run, by when their charge is used up
//   slots         text  of all workers that are heard
import { runTimeUsualMs, slotMsMax, weightDefault } from '../contract/grant.js'
import { usage } from './usage-fragment.js'

/** Of so many hand-overs of a tenant one goes to its oldest job, whatever its priority. */
export const oldestEvery = 8
/** Numbers above this are taken back by what all have in common; halves are exact in a double up to 2^52. */
export const accountMax = 2 ** 50
/** One priority’s arrivals: 2^44 fit below the next priority, all exact in a double. */
export const priorityBand = 2 ** 44

/**
 * charge(id, tenant, held, ms): of this run of a job so much is used, and so much charged in all. begin_charge and end_charge: at the
 * start and at the end of a run, or when it ends without one. A clock that jumps costs no more than the job’s own bound.
 */
export const account = `
local function weight_of(tenant) return tonumber(redis.call('HGET', P .. 'weights', tenant) or '${weightDefault}') end
local function usual_of_all() return tonumber(redis.call('GET', P .. 'usual-time') or '${runTimeUsualMs}') end
local function longest(id) return tonumber(redis.call('HGET', job_key(id), 'lifetimeMs') or '${slotMsMax}') end
local function usual(id, tenant)
  local own = tonumber(redis.call('HGET', P .. 'usual-times', tenant) or '')
  return math.min(own or usual_of_all(), longest(id))
end
local function learn(tenant, held)
  local own = tonumber(redis.call('HGET', P .. 'usual-times', tenant) or held)
  redis.call('HSET', P .. 'usual-times', tenant, math.ceil((own * 7 + held) / 8))
  redis.call('SET', P .. 'usual-time', math.ceil((usual_of_all() * 15 + held) / 16))
end
local function account_of(tenant)
  local used, open = string.match(redis.call('HGET', P .. 'accounts', tenant) or '', '^(%S+) (%S+)$')
  return tonumber(used or ''), tonumber(open or '0')
end
local function set_account(tenant, used, open)
  redis.call('HSET', P .. 'accounts', tenant, string.format('%.17g %.17g', used, open))
  redis.call('ZADD', P .. 'tenants', 'XX', used + open, tenant)
  redis.call('ZADD', P .. 'served', 'XX', used, tenant)
  if used > tonumber(redis.call('GET', P .. 'used-most') or '-1') then redis.call('SET', P .. 'used-most', used) end
end
local function charge(id, tenant, held, ms)
  local known, per = redis.call('HMGET', job_key(id), 'used', 'open'), 1000 / weight_of(tenant)
  local was_used, was_open = tonumber(known[1] or '0'), tonumber(known[2] or '0')
  local is_used = math.ceil(held * per)
  local is_open = math.ceil(ms * per) - is_used
  redis.call('HSET', job_key(id), 'charge', ms, 'used', is_used, 'open', is_open)
  local used, open = account_of(tenant)
  set_account(tenant, math.ceil(used or 0) + math.max(is_used - was_used, 0), open + is_open - was_open)
end
local function end_charge(id, tenant, now)
  if redis.call('HEXISTS', job_key(id), 'charge') == 0 then return end
  local since = redis.call('ZSCORE', P .. 'running', id)
  local held = since and math.min(math.max(tonumber(now) - tonumber(since), 1), longest(id)) or 0
  charge(id, tenant, held, held)
  redis.call('HDEL', job_key(id), 'charge', 'used', 'open')
  redis.call('ZREM', P .. 'charges', id)
  if since then learn(tenant, held) end
end
local function begin_charge(id, tenant, now)
  if redis.call('ZSCORE', P .. 'running', id) then end_charge(id, tenant, now) end
  local ms = tonumber(redis.call('HGET', job_key(id), 'charge') or '0')
  if ms == 0 then
    ms = usual(id, tenant)
    charge(id, tenant, 0, ms)
  end
  redis.call('ZADD', P .. 'charges', tonumber(now) + ms, id)
end
`

/** outlive(now): jobs that have outlived their charge have used it, and are charged double; who is charged all that it may hold is left. */
export const outlive = `
local function outlive(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'charges', '-inf', now, 'LIMIT', 0, 100)) do
    local known = redis.call('HMGET', job_key(id), 'tenant', 'charge')
    local since, most, held = redis.call('ZSCORE', P .. 'running', id), longest(id), tonumber(known[2] or '')
    if known[1] and held and since and held < most then
      held = math.min(math.max(tonumber(now) - tonumber(since), held), most)
      charge(id, known[1], held, math.min(2 * held, most))
      redis.call('ZADD', P .. 'charges', tonumber(since) + 2 * held, id)
    else
      redis.call('ZREM', P .. 'charges', id)
    end
  end
end
`

/**
 * offer(tenant, stays): a tenant enters or leaves the race for the next hand-over, as its list, its cap and its day say. Who comes is placed a
 * half before what anybody in the race has used, who stays keeps its place: whole numbers are those who have been served, halves are
 * newcomers, so that none of these stands behind one of those, and none before another newcomer. When nobody waits nobody owes
 * anything for the past. An idle tenant leaves a trace only as long as it is ahead of the race.
 */
export const offer = `${account}${usage}
local function newcomers_place()
  local first = redis.call('ZRANGE', P .. 'served', 0, 0, 'WITHSCORES')
  if #first == 0 then return math.floor(tonumber(redis.call('GET', P .. 'used-most') or '0')) + 0.5 end
  local least = tonumber(first[2])
  if least % 1 == 0 then return least - 0.5 end
  return least
end
local function out_of_race(tenant)
  redis.call('ZREM', P .. 'tenants', tenant)
  redis.call('ZREM', P .. 'served', tenant)
end
local function forget(tenant)
  for _, what in ipairs({'running-caps', 'day-caps', 'weights', 'turns', 'accounts', 'usual-times'}) do redis.call('HDEL', P .. what, tenant) end
  redis.call('SREM', P .. 'held', tenant)
  redis.call('ZREM', P .. 'debts', tenant)
end
local function rest(tenant)
  if redis.call('ZCARD', P .. 'running') + redis.call('SCARD', P .. 'shallow') + redis.call('ZCARD', P .. 'resting') == 0
    and tonumber(redis.call('GET', P .. 'waiting-count') or '0') == 0 then
    for _, what in ipairs({'running-caps', 'day-caps', 'held', 'weights', 'turns', 'accounts', 'usual-times', 'used-most', 'debts'}) do
      redis.call('DEL', P .. what)
    end
    return
  end
  local used = account_of(tenant)
  if not used or used <= newcomers_place() then return forget(tenant) end
  redis.call('ZADD', P .. 'debts', used, tenant)
end
local function offer(tenant, stays)
  local waits = redis.call('ZCARD', P .. 'waiting:' .. tenant) > 0
  local inflight = redis.call('SCARD', P .. 'inflight:' .. tenant)
  if waits and inflight < tonumber(redis.call('HGET', P .. 'running-caps', tenant) or '1') and not held(tenant) then
    if redis.call('ZSCORE', P .. 'tenants', tenant) then return end
    local used, open = account_of(tenant)
    if not used then used = newcomers_place() elseif not stays then used = math.max(used, newcomers_place()) end
    redis.call('ZADD', P .. 'tenants', used + open, tenant)
    redis.call('ZADD', P .. 'served', used, tenant)
    redis.call('ZREM', P .. 'debts', tenant)
    set_account(tenant, used, open)
    return
  end
  out_of_race(tenant)
  -- Whoever has jobs that wait for others will be back: its caps and its weight stay.
  if not waits and inflight == 0 and redis.call('SCARD', P .. 'blocked:' .. tenant) == 0 then rest(tenant) end
end
`

const nextJob = `
local function oldest_of(tenant)
  local waiting, from, oldest, oldest_arrival = P .. 'waiting:' .. tenant, '-inf', nil, nil
  for _ = 0, 9 do
    local head = redis.call('ZRANGEBYSCORE', waiting, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if #head == 0 then break end
    local arrival = tonumber(head[2]) % ${priorityBand}
    if not oldest or arrival < oldest_arrival then oldest, oldest_arrival = head[1], arrival end
    from = tonumber(head[2]) - arrival + ${priorityBand}
  end
  if oldest then redis.call('ZREM', waiting, oldest) end
  return oldest
end
local function next_of(tenant)
  if redis.call('HINCRBY', P .. 'turns', tenant, 1) % ${oldestEvery} == 0 then return oldest_of(tenant) end
  return redis.call('ZPOPMIN', P .. 'waiting:' .. tenant)[1]
end
`

const upkeep = `
local function rebase()
  local by = math.floor(newcomers_place())
  local tenants = redis.call('HKEYS', P .. 'accounts')
  redis.call('SET', P .. 'used-most', tonumber(redis.call('GET', P .. 'used-most')) - by)
  for _, tenant in ipairs(tenants) do
    local used, open = account_of(tenant)
    redis.call('ZADD', P .. 'debts', 'XX', used - by, tenant)
    set_account(tenant, used - by, open)
  end
end
local function tidy_race()
  for _, tenant in ipairs(redis.call('ZRANGEBYSCORE', P .. 'debts', '-inf', newcomers_place(), 'LIMIT', 0, 10)) do forget(tenant) end
  if tonumber(redis.call('GET', P .. 'used-most') or '0') > ${accountMax} then rebase() end
end
`

/**
 * hand_over(now, slots, ids): takes waiting jobs in fair order while there is room, and adds them to ids. In flight (handed over or
 * running) are at most 2 × slots − 1: so one of the jobs that run ends before the last of those handed over, and a newcomer handed
 * over next starts when a slot has ended one job. `slots` is what the caller has, used where no worker has said how many there are.
 */
export const handOver = `${nextJob}${upkeep}
local function room(slots)
  local all = tonumber(redis.call('GET', P .. 'slots') or slots)
  local running = redis.call('ZCARD', P .. 'running')
  return math.max(all - 1, 2 * all - 1 - running) - redis.call('SCARD', P .. 'shallow')
end
local function hand_over(now, slots, ids)
  local left = room(slots)
  while left > 0 do
    local tenant = redis.call('ZRANGE', P .. 'tenants', 0, 0)[1]
    if not tenant then break end
    out_of_race(tenant)
    local id = next_of(tenant)
    if id then
      redis.call('DECR', P .. 'waiting-count')
      forget_age(id)
      redis.call('SADD', P .. 'inflight:' .. tenant, id)
      redis.call('SADD', P .. 'shallow', id)
      redis.call('ZADD', P .. 'handover', now, id)
      ids[#ids + 1] = id
      left = left - 1
      charge(id, tenant, 0, usual(id, tenant))
    end
    offer(tenant, true)
  end
  if #ids > 0 then tidy_race() end
  return ids
end
`
