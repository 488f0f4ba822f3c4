// Lua of admission that one job and a batch of many share: whether there is room for all of them, and what is written of each.
import { holdBack } from './dependency-fragment.js'
import { enqueue } from './enqueue.js'
import { handOver, offer, priorityBand } from './fair-order.js'
import { finish, leave, names } from './fragment.js'
import { markUntold } from './untold.js'
import { quotaStates } from './usage-fragment.js'

/** One of so many parts of what may wait in all, jobs and bytes, is kept for tenants of whom none waits. */
export const reservePart = 10

/**
 * room_for(tenant, jobs, adds, limits, all_max, own_max): nil and how the quotas stand, or why not. What waits for others counts as
 * waiting. The last tenth of what may wait in all is for tenants of whom nothing waits: who has filled the rest does not keep them out.
 */
const roomFor = `
local function room_for(tenant, jobs, adds, limits, all_max, own_max)
  local waiting = redis.call('ZCARD', P .. 'waiting:' .. tenant) + redis.call('SCARD', P .. 'blocked:' .. tenant)
  local function most(of) return waiting == 0 and of or of - math.floor(of / ${reservePart}) end
  if tonumber(redis.call('GET', P .. 'waiting-count') or '0') + jobs > most(all_max) then return {'queue-full'} end
  if waiting + jobs > own_max then return {'tenant-queue-full', 'jobs', {{'queued-jobs', own_max, waiting, 0, 0}}} end
  local states = quota_states(tenant, limits.quota)
  local over = used_up(states, adds, jobs)
  if over then return {'quota-exceeded', over[1], states} end
  for what, by in pairs(adds) do
    local own = tonumber(redis.call('ZSCORE', P .. what .. '-bytes-by', tenant) or '0')
    if by > 0 and own + by > limits[what].tenant then
      return {'tenant-queue-full', 'bytes', {{'queued-bytes', limits[what].tenant, own, 0, 0}}}
    end
  end
  for what, by in pairs(adds) do
    local sum = tonumber(redis.call('GET', P .. what .. '-bytes') or '0')
    if by > 0 and sum + by > most(limits[what].all) then return {'queue-full', 'bytes'} end
  end
  return nil, states
end
`

/**
 * write_job(job, tenant, limits, states, hash): everything of one job. Order inside a tenant is priority, then arrival: 2^44 arrivals fit
 * below the next priority, all exact in a double.
 */
const writeJob = `
local function write_job(job, tenant, limits, states, hash)
  local id = job.id
  local place = string.format('%.0f', job.priority * ${priorityBand} + redis.call('INCR', P .. 'arrivals'))
  redis.call('HSET', job_key(id), 'replyTo', job.reply, 'place', place, 'queuedBytes', job.queued, 'blobBytes', job.blob, unpack(hash))
  count('queued', tenant, job.queued)
  count('blob', tenant, job.blob)
  redis.call('INCR', P .. 'waiting-count')
  redis.call('ZADD', P .. 'expiries', job.expires, id)
  redis.call('ZADD', P .. 'list:' .. tenant, job.now, id)
  count_submit(tenant, limits.quota, states)
  mark_untold(id, job.line, job.now)
  event(id, 'state', '{"state":"queued","attempt":0}', job.keep)
  local awaits, failed = hold_back(id, tenant, job.after)
  if failed then
    cancel_dependent(id, failed[1], failed[2], job.now)
    tell_dependents(job.now, 100)
  elseif awaits == 0 then
    enter_waiting(id, tenant, job.now)
  end
end
local function set_caps(tenant, limits, running)
  redis.call('HSET', P .. 'running-caps', tenant, running)
  if limits.quota.cpuMs + limits.quota.memoryMebibyteMs > 0 then
    redis.call('HSET', P .. 'day-caps', tenant, string.format('%.0f %.0f', limits.quota.cpuMs, limits.quota.memoryMebibyteMs))
  else
    redis.call('HDEL', P .. 'day-caps', tenant)
  end
  redis.call('HSET', P .. 'weights', tenant, limits.weight)
end
`

export const admission = `${names}${offer}${leave}${finish}${handOver}${enqueue}${quotaStates}${markUntold}${holdBack}${roomFor}${writeJob}`
