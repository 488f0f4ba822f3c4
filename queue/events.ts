// One expiring stream a job: what happened, in order, for whoever follows it.
import type { Redis } from 'ioredis'
import { type EventName, eventNames, eventsKeptMax } from '../contract/event.js'
import { eventsChannel, eventsKey } from './keys.js'

export type StoredEvent = { readonly id: string; readonly name: EventName; readonly data: string }

/** Longest that the events of a running job are kept without a new one, seconds. */
const runningKeptSeconds = 86_400

/** Appends events and tells followers, in one round trip. */
export async function appendEvents(
  redis: Redis,
  jobId: string,
  events: readonly { name: EventName; data: string }[],
): Promise<void> {
  if (events.length === 0) return
  const key = eventsKey(jobId)
  const pipeline = redis.pipeline()
  for (const event of events)
    pipeline.xadd(key, 'MAXLEN', '~', eventsKeptMax, '*', 'name', event.name, 'data', event.data)
  pipeline.expire(key, runningKeptSeconds)
  pipeline.publish(eventsChannel(jobId), 'more')
  await pipeline.exec()
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
