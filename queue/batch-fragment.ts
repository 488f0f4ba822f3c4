// Lua of batches: jobs that came in one request. A batch counts the ends of its jobs, in the scripts that end them.
//
// Under the prefix:
//   batch:<id>       hash  tenant, total, createdAt, finishedAt, finished, outcome:<o>, keepMs, once, callback    batch-jobs:<id>  list  its jobs, in order

/** end_of_batch_job(batch, outcome, now): the last end starts the time for which the batch is kept. */
export const batchEnd = `
local function end_of_batch_job(batch, outcome, now)
  local key = P .. 'batch:' .. batch
  if redis.call('EXISTS', key) == 0 then return end
  redis.call('HINCRBY', key, 'outcome:' .. outcome, 1)
  local finished = redis.call('HINCRBY', key, 'finished', 1)
  local known = redis.call('HMGET', key, 'total', 'keepMs', 'once', 'callback', 'tenant')
  if finished < tonumber(known[1]) then return end
  redis.call('HSET', key, 'finishedAt', now)
  redis.call('PEXPIRE', key, known[2])
  redis.call('PEXPIRE', P .. 'batch-jobs:' .. batch, known[2])
  if known[3] then redis.call('PEXPIRE', P .. 'idempotency:' .. known[3], known[2]) end
  if known[4] then
    deliver(batch, known[5], {state = 'finished', attempt = 0}, true)
    redis.call('PEXPIRE', P .. 'deliveries:' .. batch, known[2])
  end
  redis.call('PUBLISH', 'stockade:channel:batch:' .. batch, '')
end
`
