// Lua that several transitions share. Each begins with the prefix of all keys in ARGV[1].

/** Key names inside a script. */
export const names = `
local P = ARGV[1]
local function job_key(id) return P .. 'job:' .. id end
local function event(id, name, data, keep)
  local key = P .. 'events:' .. id
  redis.call('XADD', key, 'MAXLEN', '~', 2000, '*', 'name', name, 'data', data)
  redis.call('EXPIRE', key, keep)
  redis.call('PUBLISH', 'stockade:channel:events:' .. id, name)
end
`

/** A job leaves the waiting lists; whoever took it out of them does not come here. */
export const leave = `
local function leave_waiting(id, tenant)
  if redis.call('ZREM', P .. 'waiting:' .. tenant, id) == 0 then return end
  redis.call('DECR', P .. 'waiting-count')
  redis.call('ZREM', P .. 'ages', id)
  if redis.call('ZCARD', P .. 'waiting:' .. tenant) == 0 then redis.call('ZREM', P .. 'tenants', tenant) end
end
`

/** The one way in which a job becomes final. The caller has checked that it may. */
export const finish = `
local function finish(id, tenant, reply_to, outcome, summary, result, now, keep)
  leave_waiting(id, tenant)
  redis.call('ZREM', P .. 'handover', id)
  redis.call('ZREM', P .. 'running', id)
  redis.call('SREM', P .. 'inflight:' .. tenant, id)
  redis.call('SREM', P .. 'shallow', id)
  redis.call('ZREM', P .. 'expiries', id)
  redis.call('HSET', job_key(id), 'state', 'finished', 'outcome', outcome, 'summary', summary, 'result', result, 'finishedAt', now)
  redis.call('HDEL', job_key(id), 'payload')
  redis.call('ZADD', P .. 'finished', now, id)
  event(id, 'state', '{"state":"finished","attempt":' .. (redis.call('HGET', job_key(id), 'attempt') or '0') .. '}', keep)
  event(id, 'result', summary, keep)
  if reply_to and reply_to ~= '' then redis.call('PUBLISH', 'stockade:channel:api:' .. reply_to, id) end
end
`
