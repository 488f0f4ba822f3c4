// Events of a run, told in batches: a program that prints byte by byte must not become a Redis write a byte.
import type { EventName } from '../contract/event.js'

export type Teller = (events: readonly { name: EventName; data: string }[]) => Promise<void>

export type EventBatch = {
  add(name: EventName, data: object): void
  output(name: 'stdout' | 'stderr', step: string, bytes: Buffer): void
  /** Tells what is left. Never rejects: events are a convenience, the stored result is the truth. */
  flush(): Promise<void>
}

const flushMs = 25
/** One event's bytes at most, so that a follower gets pieces of a sensible size. */
const pieceBytesMax = 32_768

type Pending = { name: 'stdout' | 'stderr'; step: string; pieces: Buffer[]; bytes: number }

export function openEventBatch(tell: Teller): EventBatch {
  let events: { name: EventName; data: string }[] = []
  let pending: Pending | null = null
  let timer: NodeJS.Timeout | null = null
  let last: Promise<void> = Promise.resolve()
  const closePending = (): void => {
    if (pending === null) return
    events.push({
      name: pending.name,
      data: JSON.stringify({
        step: pending.step,
        base64: Buffer.concat(pending.pieces).toString('base64'),
      }),
    })
    pending = null
  }
  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    closePending()
    if (events.length === 0) return last
    const batch = events
    events = []
    last = last.then(() => tell(batch)).catch(() => undefined)
    return last
  }
  const later = (): void => {
    timer ??= setTimeout(() => void flush(), flushMs)
  }
  return {
    add(name, data) {
      closePending()
      events.push({ name, data: JSON.stringify(data) })
      later()
    },
    output(name, step, bytes) {
      if (
        pending !== null &&
        (pending.name !== name || pending.step !== step || pending.bytes >= pieceBytesMax)
      )
        closePending()
      pending ??= { name, step, pieces: [], bytes: 0 }
      pending.pieces.push(bytes)
      pending.bytes += bytes.length
      later()
    },
    flush,
  }
}
