// Jobs that were given back and may not run again yet: they rest in a set of their own, where they hold nobody's room, and wait in
// their tenant's list again when they are due, where they stood before.
// While it rests a job keeps its place among its tenant's jobs in flight: a tenant whose jobs come back at once, because the
// worker does not know its grant yet, has as many of them on the way as it may run, and the rest of its list stays where it is.

/** Jobs whose rest is over, in one turn of the feeder. */
const wakeMax = 500

/** rest_until(id, due): out of what runs, into what rests. Its record says already that it is queued. */
export const restUntil = `
local function rest_until(id, due)
  redis.call('ZREM', P .. 'running', id)
  redis.call('ZADD', P .. 'resting', due, id)
end
`

/** wake(now): whose rest is over waits again, in the race of tenants like any other. */
export const wake = `
local function wake(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'resting', '-inf', now, 'LIMIT', 0, ${wakeMax})) do
    redis.call('ZREM', P .. 'resting', id)
    local known = redis.call('HMGET', job_key(id), 'state', 'tenant', 'place', 'grant', 'createdAt')
    local tenant, grant = known[2], known[4] or ''
    if known[1] == 'queued' then
      redis.call('SREM', P .. 'inflight:' .. tenant, id)
      redis.call('ZADD', P .. 'waiting:' .. tenant, known[3] or '0', id)
      redis.call('INCR', P .. 'waiting-count')
      redis.call('ZADD', P .. 'ages:' .. grant, known[5] or now, id)
      redis.call('SADD', P .. 'age-grants', grant)
      offer(tenant)
    end
  end
end
`
