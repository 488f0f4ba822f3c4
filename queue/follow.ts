// Following the events of one job: what is stored, then what comes, until its result. No polling, no connection of its own.
import type { Redis } from 'ioredis'
import { readEvents, type StoredEvent } from './events.js'
import { eventsChannel, jobKey } from './keys.js'
import type { Listener } from './listener.js'

/** Events read at one time: what a follower that reads slowly makes us hold. */
const pageEvents = 32

/** A latch that can be set from outside and awaited; a set before the wait is not lost. */
function openLatch(signal: AbortSignal): { set(): void; wait(): Promise<void> } {
  let isSet = false
  let wake: (() => void) | null = null
  const set = (): void => {
    isSet = true
    wake?.()
  }
  signal.addEventListener('abort', set, { once: true })
  return {
    set,
    async wait() {
      if (!isSet) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      isSet = false
      wake = null
    },
  }
}

/** Finished, or no longer kept. */
async function hasEnded(redis: Redis, jobId: string): Promise<boolean> {
  const state = await redis.hget(jobKey(jobId), 'state')
  return state === null || state === 'finished'
}

/** Resolves when the job has ended or is no longer kept, or when aborted. Reads none of its events. */
export async function awaitEnd(
  redis: Redis,
  listener: Listener,
  jobId: string,
  signal: AbortSignal,
): Promise<void> {
  const latch = openLatch(signal)
  const stop = await listener.listen(eventsChannel(jobId), (event) => {
    if (event === null || event === 'result') latch.set()
  })
  try {
    while (!signal.aborted && !(await hasEnded(redis, jobId))) await latch.wait()
  } finally {
    stop()
  }
}

/** Ends after the `result` event, when there can be none, or when aborted. The caller has checked that the job is the tenant’s. */
export async function* follow(
  redis: Redis,
  listener: Listener,
  jobId: string,
  afterId: string | null,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent> {
  const latch = openLatch(signal)
  const stop = await listener.listen(eventsChannel(jobId), () => latch.set())
  let last = afterId
  let isOver = false
  try {
    while (!signal.aborted) {
      const events = await readEvents(redis, jobId, last, pageEvents)
      for (const event of events) {
        if (signal.aborted) return
        yield event
        last = event.id
        if (event.name === 'result') return
      }
      if (events.length === pageEvents) continue
      // Over before this read, and nothing in it: the events are no longer kept, or the client has had them all.
      if (isOver) return
      if (events.length === 0) isOver = await hasEnded(redis, jobId)
      if (!isOver) await latch.wait()
    }
  } finally {
    stop()
  }
}
