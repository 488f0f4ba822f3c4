// Lua that several transitions share. Each begins with the prefix of all keys in ARGV[1].
//
// Beside the job hashes (queue/record.ts), under the prefix:
//   waiting:<t>   zset  a tenant’s jobs that wait, by priority and arrival   waiting-count  text  jobs in all those
//   tenants       zset  tenants with a waiting job and below their cap, by virtual time (queue/fair-order.ts has the other keys of this)
//   inflight:<t>  set   a tenant’s jobs handed over or running               running-caps   hash  tenant → how many may be
//   handover      zset  jobs given to BullMQ and not started, by time        shallow        set   the same, for counting
//   running       zset  jobs that run, by start                              finished       zset  jobs that ended, by end
//   resting       zset  jobs given back for a while, by when they are due    (queue/rest.ts)
//   quarantine    zset  jobs that lost two workers, by end                   expiries       zset  jobs not started, by expiry
//   ages:<g>      zset  jobs of a grant that wait, by time of acceptance     age-grants     set   grants that have such jobs
//   litter        set   blobs to be removed
//   workers       zset  worker processes, by when they were heard last       suspects       hash  worker → the one suspect it runs
//   worker-slots  hash  worker → its slots
//   pulse         hash  last, since: when anybody was heard last, and since when without a pause
//   finished:<t>  zset  the same for one tenant                              output-litter  set   jobs whose output files go
//   outputs       zset  finished jobs with output files, by end              outputs:<t>    zset  the same for one tenant
//   told          zset  finished jobs whose events are kept, by end          told:<t>       zset  the same for one tenant
//   untold        zset  jobs whose admission may be in no audit log, by admission; untold-lines hash job → its line (queue/untold.ts)
//   usage, quotas of a day: queue/usage-fragment.ts                          webhooks: queue/delivery-fragment.ts
//   jobs that wait for others: queue/dependency-fragment.ts                  batches: queue/batch-fragment.ts
//   <x>-bytes     text  bytes of one kind in all                             <x>-bytes-by   zset  tenant → its bytes
//   asked:<t>     hash  what a tenant’s jobs asked, sealed, with asked-counts:<t>, asked-seen:<t> and asked-tenants (asked-jobs.ts)
//
// Kinds of bytes: queued (records of jobs that have not ended) and blob (their blobs on the disk); finished (records) and output
// (files) of those that have; event (streams of all). Of finished and blob, quarantined is what an operator keeps and no tenant: it is none
// of a tenant's stored bytes. What a job adds to each stands in its hash (queuedBytes, blobBytes, keptBytes,
// outputBytes, eventBytes), changed in the same script, so that the sums are right whatever dies.
import { eventsKeptMax, eventsKeptSeconds } from '../contract/event.js'
import { batchEnd } from './batch-fragment.js'
import { deliver } from './delivery-fragment.js'
import { dependents, tellingFinish } from './dependency-fragment.js'
import { endMessage } from './end-message.js'

/** What a record, its places in lists and its reads cost Redis beside its fields, measured on Redis 7.0. Bytes. */
export const recordOverheadBytes = 2048

/**
 * At the limit of its memory Redis refuses a script at its first write that may need more (deny-oom), and none after another kind
 * of write. A removal that removes nothing is such a one: transitions that end or free something begin with it.
 */
export const evenWhenFull = `
redis.call('ZREM', ARGV[1] .. 'running', '')
`

/**
 * Key names inside a script; sums of bytes; events (names and data in turn) into a job’s stream, and a word to whoever follows it. A job
 * that has a callback tells that of its states, too.
 */
export const names = `
local P = ARGV[1]
${deliver}
local function job_key(id) return P .. 'job:' .. id end
local function count(what, tenant, by)
  if by == 0 then return end
  redis.call('INCRBY', P .. what .. '-bytes', by)
  local own = redis.call('ZINCRBY', P .. what .. '-bytes-by', by, tenant)
  if tonumber(own) <= 0 then redis.call('ZREM', P .. what .. '-bytes-by', tenant) end
end
local function events(id, told, keep)
  if #told == 0 then return end
  local key, bytes = P .. 'events:' .. id, 0
  local known = redis.call('HMGET', job_key(id), 'tenant', 'callbackOn')
  for at = 1, #told, 2 do
    redis.call('XADD', key, 'MAXLEN', '~', ${eventsKeptMax}, '*', 'name', told[at], 'data', told[at + 1])
    bytes = bytes + #told[at + 1] + 100
    local state = known[2] and told[at] == 'state' and string.match(told[at + 1], '"state":"(%l+)"')
    if state and string.find(known[2], state, 1, true) then
      local attempt = tonumber(string.match(told[at + 1], '"attempt":(%d+)') or '0')
      deliver(id, known[1], {state = state, attempt = attempt}, state == 'finished')
    end
  end
  redis.call('EXPIRE', key, keep)
  redis.call('HINCRBY', job_key(id), 'eventBytes', bytes)
  count('event', known[1], bytes)
  redis.call('PUBLISH', 'stockade:channel:events:' .. id, told[#told - 1])
end
local function event(id, name, data, keep) events(id, {name, data}, keep) end
local function forget_age(id)
  local grant = redis.call('HGET', job_key(id), 'grant') or ''
  redis.call('ZREM', P .. 'ages:' .. grant, id)
  if redis.call('EXISTS', P .. 'ages:' .. grant) == 0 then redis.call('SREM', P .. 'age-grants', grant) end
end
local function from(first)
  local rest = {}
  for at = first, #ARGV do rest[#rest + 1] = ARGV[at] end
  return rest
end
`

/**
 * Who is heard. Redis may have been away for all: nobody can be heard then, and nobody has died. So a worker is silent only when
 * others have been heard for as long as it has not. Time is Redis's own, since workers' clocks differ.
 */
export const hearing = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function pulse(patience)
  local now, last = clock(), tonumber(redis.call('HGET', P .. 'pulse', 'last') or '0')
  if now - last > tonumber(patience) / 2 then redis.call('HSET', P .. 'pulse', 'since', now) end
  redis.call('HSET', P .. 'pulse', 'last', now)
  return now
end
local function silent(worker, patience)
  local now, since = clock(), tonumber(redis.call('HGET', P .. 'pulse', 'since') or '')
  if not since or now - since <= tonumber(patience) then return false end
  local heard = redis.call('ZSCORE', P .. 'workers', worker)
  return not heard or now - tonumber(heard) > tonumber(patience)
end
`

/** A job leaves the waiting lists, or those that wait for others; whoever took it out of them does not come here. */
export const leave = `
local function leave_waiting(id, tenant)
  if redis.call('ZREM', P .. 'waiting:' .. tenant, id) + redis.call('SREM', P .. 'blocked:' .. tenant, id) == 0 then return end
  redis.call('DECR', P .. 'waiting-count')
  forget_age(id)
end
`

/**
 * The one way in which a job becomes final, from any state. The caller has checked that it may. The sealed payload goes
 * at once, but for the operator’s look at a quarantined job.
 */
export const finish = `${endMessage}${batchEnd}
local function finish_one(id, outcome, summary, result, now, quarantined)
  local known = redis.call('HMGET', job_key(id), 'tenant', 'replyTo', 'blob', 'runs', 'once', 'onceKeepMs', 'queuedBytes', 'blobBytes', 'outputBytes',
    'cpuMs', 'wallMs', 'memoryMebibyteMs', 'batch')
  local tenant, queued, outputs = known[1], tonumber(known[7] or '0'), tonumber(known[9] or '0')
  local kept = queued + #summary + #result
  leave_waiting(id, tenant)
  end_charge(id, tenant, now)
  redis.call('ZREM', P .. 'handover', id)
  redis.call('ZREM', P .. 'running', id)
  redis.call('ZREM', P .. 'resting', id)
  redis.call('SREM', P .. 'inflight:' .. tenant, id)
  redis.call('SREM', P .. 'shallow', id)
  redis.call('ZREM', P .. 'expiries', id)
  redis.call('HSET', job_key(id), 'state', 'finished', 'outcome', outcome, 'summary', summary, 'result', result, 'finishedAt', now)
  if quarantined then
    redis.call('ZADD', P .. 'quarantine', now, id)
    local held = kept + tonumber(known[8] or '0')
    redis.call('HSET', job_key(id), 'quarantinedBytes', held)
    count('quarantined', tenant, held)
  else
    redis.call('ZADD', P .. 'finished', now, id)
    redis.call('ZADD', P .. 'finished:' .. tenant, now, id)
    kept = kept - redis.call('HSTRLEN', job_key(id), 'payload')
    count('blob', tenant, -tonumber(known[8] or '0'))
    redis.call('HDEL', job_key(id), 'payload', 'blob', 'blobBytes')
    if known[3] then redis.call('SADD', P .. 'litter', tenant .. '/' .. known[3]) end
  end
  if known[5] then redis.call('PEXPIRE', P .. 'idempotency:' .. known[5], known[6]) end
  redis.call('HDEL', job_key(id), 'queuedBytes')
  redis.call('HSET', job_key(id), 'keptBytes', kept)
  count('queued', tenant, -queued)
  count('finished', tenant, kept)
  count('output', tenant, outputs)
  local cpu = tonumber(known[10] or '0')
  book(tenant, cpu, {'outcome:' .. outcome, 1, 'cpuMs', cpu, 'wallMs', tonumber(known[11] or '0'),
    'memoryMebibyteMs', tonumber(known[12] or '0'), 'storedBytes', kept + outputs})
  for list, holds in pairs({told = true, outputs = outputs > 0}) do
    if holds then
      redis.call('ZADD', P .. list, now, id)
      redis.call('ZADD', P .. list .. ':' .. tenant, now, id)
    end
  end
  local state = '{"state":"finished","attempt":' .. (known[4] or '0') .. '}'
  events(id, {'state', state, 'result', summary}, ${eventsKeptSeconds})
  if known[2] then
    local ending = end_message(id)
    for process in string.gmatch(known[2], '[^,]+') do redis.call('PUBLISH', 'stockade:channel:api:' .. process, ending) end
  end
  if redis.call('EXISTS', P .. 'dependents:' .. id) == 1 then redis.call('RPUSH', P .. 'ended', id) end
  if known[13] then end_of_batch_job(known[13], outcome, now) end
  offer(tenant)
end
${dependents}${tellingFinish}`

/**
 * The end of a job that nobody has started. One that was handed over keeps its place among those: BullMQ has its id still, and gives
 * the place back when a worker takes it (`start` answers gone). Else a tenant that cancels what was handed over, again and again,
 * would fill BullMQ's list before everybody's next job.
 */
export const finishUnstarted = `
local function finish_unstarted(id, outcome, summary, result, now)
  local is_handed = redis.call('SISMEMBER', P .. 'shallow', id) == 1
  finish(id, outcome, summary, result, now, false)
  if not is_handed then return end
  redis.call('SADD', P .. 'shallow', id)
  redis.call('ZADD', P .. 'handover', now, id)
end
`

/**
 * forget_events(id, tenant) and drop(id, tenant): the events of a finished job leave Redis, and the job with everything of its.
 * Files go later, from the lists of litter.
 */
export const drop = `
local function forget_events(id, tenant)
  redis.call('DEL', P .. 'events:' .. id)
  redis.call('ZREM', P .. 'told', id)
  redis.call('ZREM', P .. 'told:' .. tenant, id)
  count('event', tenant, -tonumber(redis.call('HGET', job_key(id), 'eventBytes') or '0'))
  redis.call('HDEL', job_key(id), 'eventBytes')
end
local function drop(id, tenant)
  for _, list in ipairs({'finished', 'outputs'}) do
    redis.call('ZREM', P .. list, id)
    redis.call('ZREM', P .. list .. ':' .. tenant, id)
  end
  redis.call('ZREM', P .. 'quarantine', id)
  redis.call('ZREM', P .. 'list:' .. tenant, id)
  forget_events(id, tenant)
  forget_deliveries(id, tenant)
  redis.call('DEL', P .. 'dependents:' .. id)
  local known = redis.call('HMGET', job_key(id), 'blob', 'blobBytes', 'keptBytes', 'outputBytes', 'quarantinedBytes')
  if known[1] then redis.call('SADD', P .. 'litter', tenant .. '/' .. known[1]) end
  local outputs = tonumber(known[4] or '0')
  if outputs > 0 then redis.call('SADD', P .. 'output-litter', tenant .. '/' .. id) end
  count('blob', tenant, -tonumber(known[2] or '0'))
  count('finished', tenant, -tonumber(known[3] or '0'))
  count('output', tenant, -outputs)
  count('quarantined', tenant, -tonumber(known[5] or '0'))
  redis.call('DEL', job_key(id))
end
`
