// Lua of jobs that wait for others. Such a job is queued and stands in no waiting list: it is not in the race for slots, takes part in
// no fairness, and costs nothing while it waits. The script that ends the last job it waits for puts it into its tenant’s list, so
// that no death in between loses it, whosever it is.
//
// BullMQ’s flows do the same for jobs of BullMQ. Ours are not there while they wait: they lie in lists of their tenants, and BullMQ gets an id
// when its turn has come. A flow would add all jobs of a batch to BullMQ at once, past fairness, caps and quotas; and its parent is
// told of a child’s end by BullMQ’s own script, which is not the one that makes a result final here.
//
// Under the prefix:
//   blocked:<t>      set   a tenant’s jobs that wait for others    dependents:<id>  hash  job that waits for this one → success or always
//   ended            list  jobs whose dependents are not all told  cascaded         list  jobs cancelled for a dependency, for the audit log
import { dependentsMax } from '../contract/dependency.js'
import type { RunResult } from '../contract/result.js'
import { summaryOf, unstartedResult } from './record.js'

/** Dependents that one script tells: one job may have very many, and their ends have dependents again. The rest is housekeeping’s. */
const toldAtOnce = 100

const unstarted = unstartedResult(
  'cancelled',
  'It was to run after {job}, which ended as {outcome}.',
)
const cancelled: RunResult = {
  ...unstarted,
  cause: unstarted.cause === null ? null : { ...unstarted.cause, job: '{job}' },
}

/** cancel_dependent(id, job, outcome, now): the outcome of a job that was not to run after this. */
export const dependents = `
local function filled(text, job, outcome)
  return (string.gsub(string.gsub(text, '{job}', job), '{outcome}', outcome))
end
local function cancel_dependent(id, job, outcome, now)
  finish_one(id, 'cancelled', filled([==[${summaryOf(cancelled)}]==], job, outcome),
    filled([==[${JSON.stringify(cancelled)}]==], job, outcome), now, false)
  redis.call('RPUSH', P .. 'cascaded', id)
end
local function enter_waiting(id, tenant, now)
  local known = redis.call('HMGET', job_key(id), 'place', 'grant')
  redis.call('ZADD', P .. 'waiting:' .. tenant, known[1], id)
  redis.call('ZADD', P .. 'ages:' .. known[2], now, id)
  redis.call('SADD', P .. 'age-grants', known[2])
end
local function tell_dependent(id, job, outcome, on, now)
  local tenant = redis.call('HGET', job_key(id), 'tenant') or ''
  if redis.call('SISMEMBER', P .. 'blocked:' .. tenant, id) == 0 then return end
  if on == 'success' and outcome ~= 'ok' then return cancel_dependent(id, job, outcome, now) end
  if redis.call('HINCRBY', job_key(id), 'awaits', -1) > 0 then return end
  redis.call('SREM', P .. 'blocked:' .. tenant, id)
  enter_waiting(id, tenant, now)
  offer(tenant)
end
local function tell_dependents(now, most)
  while most > 0 do
    local id = redis.call('LINDEX', P .. 'ended', 0)
    if not id then return end
    local outcome = redis.call('HGET', job_key(id), 'outcome') or 'gone'
    local some = redis.call('HRANDFIELD', P .. 'dependents:' .. id, math.min(most, ${toldAtOnce}), 'WITHVALUES')
    if #some == 0 then redis.call('LPOP', P .. 'ended') end
    for at = 1, #some, 2 do
      redis.call('HDEL', P .. 'dependents:' .. id, some[at])
      tell_dependent(some[at], id, outcome, some[at + 1], now)
      most = most - 1
    end
  end
end
`

/** The end of a job, and word of it to those that wait for it. */
export const tellingFinish = `
local function finish(id, outcome, summary, result, now, quarantined)
  finish_one(id, outcome, summary, result, now, quarantined)
  tell_dependents(now, ${toldAtOnce})
end
`

/**
 * unknown_dependency(tenant, after, own): the first that is no job of the tenant’s, or has too many that wait for it. hold_back(id, tenant,
 * after, now): a job that was just written waits, or may run, or is not to run any more. True where it has a place in a list.
 */
export const holdBack = `
local function unknown_dependency(tenant, after, own)
  for _, one in ipairs(after) do
    if not own[one.job] and redis.call('HGET', job_key(one.job), 'tenant') ~= tenant then return {'unknown-dependency', one.job} end
    if redis.call('HLEN', P .. 'dependents:' .. one.job) >= ${dependentsMax} then return {'too-many-dependents', one.job} end
  end
end
local function hold_back(id, tenant, after)
  local awaits, failed = 0, nil
  for _, one in ipairs(after) do
    local known = redis.call('HMGET', job_key(one.job), 'state', 'outcome')
    if known[1] ~= 'finished' then
      redis.call('HSET', P .. 'dependents:' .. one.job, id, one.on)
      awaits = awaits + 1
    elseif one.on == 'success' and known[2] ~= 'ok' then
      failed = failed or {one.job, known[2]}
    end
  end
  if awaits > 0 or failed then
    redis.call('HSET', job_key(id), 'awaits', awaits)
    redis.call('SADD', P .. 'blocked:' .. tenant, id)
  end
  return awaits, failed
end
`
