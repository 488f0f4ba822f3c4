// One expiring stream a job: what happened, in order, for whoever follows it.
import type { Redis } from 'ioredis'
import { type EventName, eventNames } from '../contract/event.js'
import { names } from './fragment.js'
import { eventsKey, keyPrefix } from './keys.js'
import { run, script } from './script.js'

export type StoredEvent = { readonly id: string; readonly name: EventName; readonly data: string }

export type NewEvent = { readonly name: EventName; readonly data: string }

// In: prefix, id, attempt ('' for whichever runs), number of the call, then name and data of each event. Out: 1, or 0 when the attempt
// has lost the job. A call that comes again (its answer was lost with the connection) adds nothing: calls of one run come in order.
// Events of a running job are kept for a day after the last one; its end shortens that.
const appendScript = script(
  'append',
  `${names}
local id = ARGV[2]
local known = redis.call('HMGET', job_key(id), 'state', 'attempt', 'told')
if known[1] ~= 'running' or (ARGV[3] ~= '' and known[2] ~= ARGV[3]) then return 0 end
local call = ARGV[3] .. ':' .. ARGV[4]
if known[3] == call then return 1 end
redis.call('HSET', job_key(id), 'told', call)
events(id, from(5), 86400)
return 1`,
)

let calls = 0

/** Appends events and tells followers, in one round trip. False when they are no longer this attempt's to tell. */
export async function appendEvents(
  redis: Redis,
  jobId: string,
  events: readonly NewEvent[],
  attempt: number | null,
): Promise<boolean> {
  if (events.length === 0) return true
  const values = events.flatMap((event) => [event.name, event.data])
  const identity = [keyPrefix, jobId, attempt ?? '', ++calls]
  return (await run(redis, appendScript, [...identity, ...values])) === 1
}

function eventOf(entry: [string, string[]]): StoredEvent | null {
  const [id, fields] = entry
  const name = eventNames.find((known) => known === fields[1])
  return name === undefined ? null : { id, name, data: fields[3] ?? '' }
}

/** Up to `count` events after `afterId` (exclusive; null: from the first). */
export async function readEvents(
  redis: Redis,
  jobId: string,
  afterId: string | null,
  count: number,
): Promise<StoredEvent[]> {
  const from = afterId === null ? '-' : `(${afterId}`
  const entries = await redis.xrange(eventsKey(jobId), from, '+', 'COUNT', count)
  return entries.map(eventOf).filter((event) => event !== null)
}
