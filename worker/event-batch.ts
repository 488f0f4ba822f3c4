// Events of a run, told in batches: a program that prints byte by byte must not become a Redis write a byte.
import { type EventName, eventOutputBytesMax } from '../contract/event.js'
import type { NewEvent } from '../queue/worker-store.js'

export type Teller = (events: readonly NewEvent[]) => Promise<unknown>

export type EventBatch = {
  add(name: EventName, data: object): void
  /** A piece of output. Beyond `eventOutputBytesMax` of a run only how much is left out is told: at once, and by `endOutput`. */
  output(name: 'stdout' | 'stderr', step: string, bytes: Buffer): void
  /** The step has ended: how much of its output was left out. */
  endOutput(step: string): void
  /** Tells what is left. Never rejects: events are a convenience, the stored result is the truth. */
  flush(): Promise<void>
  /** What is left untold, once all before it is told: goes with the commit, so that a short job costs no round trip of its own. */
  take(): Promise<NewEvent[]>
}

const flushMs = 25
/** One event's bytes at most, so that a follower gets pieces of a sensible size. */
const pieceBytesMax = 32_768

/** Told at once when this much waits: a flood is not held in memory until the timer. */
const batchBytesMax = 1_048_576

type Pending = { name: 'stdout' | 'stderr'; step: string; pieces: Buffer[]; bytes: number }

function outputEvent({ name, step, pieces }: Pending): NewEvent {
  return { name, data: JSON.stringify({ step, base64: Buffer.concat(pieces).toString('base64') }) }
}

type Batch = Omit<EventBatch, 'endOutput'>

function openBatch(tell: Teller): Batch {
  const events: NewEvent[] = []
  let untoldBytes = 0
  let pending: Pending | null = null
  let timer: NodeJS.Timeout | null = null
  let last: Promise<void> = Promise.resolve()
  const closePending = (): void => {
    if (pending !== null) events.push(outputEvent(pending))
    pending = null
  }
  const drawn = (): NewEvent[] => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    closePending()
    untoldBytes = 0
    return events.splice(0)
  }
  const flush = (): Promise<void> => {
    const batch = drawn()
    if (batch.length === 0) return last
    last = last
      .then(() => tell(batch))
      .then(
        () => undefined,
        () => undefined,
      )
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
      untoldBytes += bytes.length
      if (untoldBytes >= batchBytesMax) void flush()
      else later()
    },
    flush,
    async take() {
      await last
      return drawn()
    },
  }
}

export function openEventBatch(tell: Teller): EventBatch {
  const batch = openBatch(tell)
  let outputBytes = 0
  let omittedBytes = 0
  const tellOmitted = (step: string): void => batch.add('omitted', { step, bytes: omittedBytes })
  return {
    ...batch,
    output(name, step, bytes) {
      // Once a piece is left out all later ones of the step are: a follower must not see a gap and text after it.
      if (omittedBytes === 0 && outputBytes + bytes.length <= eventOutputBytesMax) {
        outputBytes += bytes.length
        batch.output(name, step, bytes)
        return
      }
      const isFirst = omittedBytes === 0
      omittedBytes += bytes.length
      if (isFirst) tellOmitted(step)
    },
    endOutput(step) {
      if (omittedBytes > 0) tellOmitted(step)
      omittedBytes = 0
    },
  }
}
