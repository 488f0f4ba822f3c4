// Lua of usage and of the quotas of a day, for every script that accepts, hands over or ends a job. A day and a minute are those of
// Redis’s own clock (TIME), so that the clocks of api and worker machines have no say.
//
// Under the prefix:
//   usage:<t>:<day>   hash  a tenant’s row: submits, cpuMs, wallMs, memoryMebibyteMs, storedBytes, outcome:<o>, refused:<quota>
//   usage-all:<day>   hash  of all tenants, for metrics: submits, cpuMs, outcome:<o>, refused:<quota>
//   usage-by:<day>    zset  tenants with a row, by how busy they were
//   usage-keep-days   text  how long new rows live (the setting)  minute:<t>      hash  minute, count: jobs accepted in it
//   day-caps          hash  tenant that is not idle → its cpuMs and memoryMebibyteMs of a day (0: no such quota)
//   held              set   tenants that wait for the next day
//
// A job’s own part stands in its hash (cpuMs, wallMs, memoryMebibyteMs), so that the rows are what a recount gives.
//
// If Redis’s own clock jumps: into another minute, a new minute begins, which gives a tenant one more allowance for each jump; into
// another day, what ends then is booked on that day, and the quotas of that day hold. Nothing is lost and nothing is counted twice.

/** Kept when no api has said how long. Days. */
export const keepDaysDefault = 400

/** book(tenant, busy, counts): names and figures in turn, of which the first two are summed up over all tenants, too. */
export const usage = `
local function second() return tonumber(redis.call('TIME')[1]) end
local function usage_row(tenant, day) return P .. 'usage:' .. tenant .. ':' .. day end
local function keep(key)
  if redis.call('TTL', key) >= 0 then return end
  redis.call('EXPIRE', key, 86400 * tonumber(redis.call('GET', P .. 'usage-keep-days') or '${keepDaysDefault}'))
end
local function book(tenant, busy, counts)
  local day, is_first = math.floor(second() / 86400), false
  local row, all, by = usage_row(tenant, day), P .. 'usage-all:' .. day, P .. 'usage-by:' .. day
  for at = 1, #counts, 2 do
    local name, add = counts[at], counts[at + 1]
    if add ~= 0 then
      is_first = redis.call('HINCRBY', row, name, add) == add or is_first
      if at < 4 then redis.call('HINCRBY', all, name, add) end
    end
  end
  redis.call('ZINCRBY', by, busy, tenant)
  if not is_first then return end
  for _, key in ipairs({row, all, by}) do keep(key) end
end
local function used_today(tenant)
  local used = redis.call('HMGET', usage_row(tenant, math.floor(second() / 86400)), 'cpuMs', 'memoryMebibyteMs')
  return tonumber(used[1] or '0'), tonumber(used[2] or '0')
end
local function held(tenant)
  local caps = redis.call('HGET', P .. 'day-caps', tenant)
  if not caps then return false end
  local cpu, memory = string.match(caps, '^(%d+) (%d+)$')
  local cpu_used, memory_used = used_today(tenant)
  if (cpu ~= '0' and cpu_used >= tonumber(cpu)) or (memory ~= '0' and memory_used >= tonumber(memory)) then
    redis.call('SADD', P .. 'held', tenant)
    return true
  end
  redis.call('SREM', P .. 'held', tenant)
  return false
end
`

/**
 * quota_states(tenant, quota): how each quota that there is stands, as rows of name, limit, used, the second at which some of it is
 * free again (0: nobody knows) and now. Jobs that wait are not counted by what they might use: a tenant would be refused for limits
 * that few jobs reach. The price is an overshoot, bounded by held(): once a day’s quota is used up nothing more of the tenant is handed
 * over, so that it is passed by what was in flight then, at most runningJobs times the limits of one job.
 */
export const quotaStates = `
local function stored_bytes(tenant)
  local sum = 0
  for _, what in ipairs({'queued', 'blob', 'finished', 'output'}) do
    sum = sum + tonumber(redis.call('ZSCORE', P .. what .. '-bytes-by', tenant) or '0')
  end
  return sum - tonumber(redis.call('ZSCORE', P .. 'quarantined-bytes-by', tenant) or '0')
end
local function submits_in(tenant, minute)
  local known = redis.call('HMGET', P .. 'minute:' .. tenant, 'minute', 'count')
  return tonumber(known[1] or '-1') == minute and tonumber(known[2]) or 0
end
local function stored_frees(tenant, keep, now)
  local oldest = redis.call('ZRANGE', P .. 'finished:' .. tenant, 0, 0, 'WITHSCORES')[2]
  return oldest and math.max(now + 1, math.ceil((tonumber(oldest) + keep) / 1000)) or 0
end
local function quota_states(tenant, quota)
  local now, states = second(), {}
  local minute, midnight = math.floor(now / 60), (math.floor(now / 86400) + 1) * 86400
  local function state(name, limit, used, frees) states[#states + 1] = {name, limit, used, frees, now} end
  if quota.submits > 0 then state('submits', quota.submits, submits_in(tenant, minute), (minute + 1) * 60) end
  if quota.cpuMs + quota.memoryMebibyteMs > 0 then
    local cpu, memory = used_today(tenant)
    if quota.cpuMs > 0 then state('cpu-seconds', quota.cpuMs / 1000, math.floor(cpu / 1000), midnight) end
    if quota.memoryMebibyteMs > 0 then
      state('memory-seconds', quota.memoryMebibyteMs / 1000, math.floor(memory / 1000), midnight)
    end
  end
  if quota.storedBytes > 0 then
    state('stored-bytes', quota.storedBytes, stored_bytes(tenant), stored_frees(tenant, quota.keepMs, now))
  end
  return states
end
local function used_up(states, adds, jobs)
  local more = {submits = jobs, ['stored-bytes'] = adds.queued + adds.blob}
  for _, state in ipairs(states) do
    local name, limit, used = unpack(state)
    if more[name] and used + more[name] > limit or used >= limit then return state end
  end
end
local function count_submit(tenant, quota, states)
  if quota.submits > 0 then
    local key, minute = P .. 'minute:' .. tenant, math.floor(second() / 60)
    redis.call('HSET', key, 'minute', minute, 'count', submits_in(tenant, minute) + 1)
    redis.call('EXPIRE', key, 120)
    states[1][3] = states[1][3] + 1
  end
  book(tenant, 1, {'submits', 1})
end
`
