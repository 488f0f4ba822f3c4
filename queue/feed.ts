// The feeder: moves jobs from the tenants' own waiting lists to the one shallow BullMQ queue, fairly and without loss.
// In which order, and how many at most: queue/fair-order.ts.
// A job stays in `handover` from here until a worker starts it; whatever lies there too long is handed over again, which is
// harmless, since BullMQ knows the id and `start` lets only one through. So a death in any gap loses nothing.
import type { Redis } from 'ioredis'
import type { Settings } from '../contract/config.js'
import { enqueue } from './enqueue.js'
import { handOver, offer, outlive } from './fair-order.js'
import { hearing, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { wake } from './rest.js'
import { run, script } from './script.js'

/** A job in handover for longer than this is handed over again, milliseconds. */
export const handoverStaleMs = 3000
/** A job that runs for longer than this, that BullMQ does not know and whose worker is silent is handed over again, milliseconds. */
const orphanMs = 15_000

// In: prefix, now, slots, staleMs, orphanMs, silence of a lost worker. Out: how many were handed over (or handed over again).
// An orphan: its BullMQ job ended (a fault of ours in between, or its lock ran out while Redis was away), its record did not, and its
// worker is not heard. start then counts a lost worker. Tenants whose day was used up are looked at again: a new one may have begun.
const feedScript = script(
  'feed',
  `${names}${offer}${outlive}${handOver}${enqueue}${hearing}${wake}
local now = tonumber(ARGV[2])
pulse(ARGV[6])
outlive(now)
wake(now)
local ids = redis.call('ZRANGEBYSCORE', P .. 'handover', '-inf', now - tonumber(ARGV[4]), 'LIMIT', 0, 100)
for _, id in ipairs(ids) do redis.call('ZADD', P .. 'handover', now, id) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'running', '-inf', now - tonumber(ARGV[5]), 'LIMIT', 0, 100)) do
  if redis.call('EXISTS', P .. 'bull:jobs:' .. id) == 0
    and silent(redis.call('HGET', job_key(id), 'holder') or '', ARGV[6]) then ids[#ids + 1] = id end
end
for _, tenant in ipairs(redis.call('SRANDMEMBER', P .. 'held', 100)) do offer(tenant) end
enqueue(hand_over(now, ARGV[3], ids), now)
return #ids`,
)

/** `slots`: this machine’s, where no worker has said any. `silentMs`: how long a worker that is lost has not been heard. */
export type Feeding = { readonly slots: number; readonly silentMs: number }

export const feedingOf = ({ slots, lockMs }: Pick<Settings, 'slots' | 'lockMs'>): Feeding => ({
  slots,
  silentMs: lockMs,
})

/** Hands over what may go now. @throws StoreUnavailable; nothing is lost then. */
export async function feed(redis: Redis, { slots, silentMs }: Feeding): Promise<number> {
  const values = [keyPrefix, Date.now(), slots, handoverStaleMs, orphanMs, silentMs]
  return (await run(redis, feedScript, values)) as number
}
