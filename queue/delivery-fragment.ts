// Lua of webhooks: what is to be told is written down in the script that changes a job’s state, and so exactly as often as that happens.
// Who sends it, and how often it is tried: queue/delivery-queue.ts.
//
// Under the prefix:
//   deliveries:<id>  hash  number → a delivery as JSON, count, omitted     due:<t>      zset  a tenant’s deliveries that wait, by when
//   due-tenants      zset  tenants with one that may be sent, by when      sending      zset  tenant/delivery, by the end of its lease
//   sending:<t>      set   a tenant’s deliveries that are being sent
import { deliveriesMax, tenantDeliveriesMax, tenantSendsMax } from '../contract/webhook.js'

/** A delivery is named by what it tells of, and its number there. Needs `P` alone. */
export const deliver = `
local function delivery_clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function offer_deliveries(tenant)
  local head = redis.call('ZRANGE', P .. 'due:' .. tenant, 0, 0, 'WITHSCORES')
  if #head > 0 and redis.call('SCARD', P .. 'sending:' .. tenant) < ${tenantSendsMax} then
    redis.call('ZADD', P .. 'due-tenants', head[2], tenant)
  else
    redis.call('ZREM', P .. 'due-tenants', tenant)
  end
end
local function deliver(id, tenant, delivery, is_last)
  local list, now = P .. 'deliveries:' .. id, delivery_clock()
  if not is_last and tonumber(redis.call('HGET', list, 'count') or '0') >= ${deliveriesMax - 1} then
    redis.call('HINCRBY', list, 'omitted', 1)
    return
  end
  local number = redis.call('HINCRBY', list, 'count', 1)
  local is_full = redis.call('ZCARD', P .. 'due:' .. tenant) >= ${tenantDeliveriesMax}
  delivery.at, delivery.tries, delivery.is = now, 0, is_full and 'failed' or 'waiting'
  if is_full then delivery.fault = 'too-many-waiting' end
  redis.call('HSET', list, number, cjson.encode(delivery))
  if is_full then return end
  redis.call('ZADD', P .. 'due:' .. tenant, now, id .. '.' .. number)
  offer_deliveries(tenant)
  redis.call('PUBLISH', 'stockade:channel:deliveries', '')
end
local function forget_deliveries(id, tenant)
  local count = tonumber(redis.call('HGET', P .. 'deliveries:' .. id, 'count') or '0')
  for number = 1, count do redis.call('ZREM', P .. 'due:' .. tenant, id .. '.' .. number) end
  if count > 0 then
    redis.call('DEL', P .. 'deliveries:' .. id)
    offer_deliveries(tenant)
  end
end
`
