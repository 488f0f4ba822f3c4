// Records that Redis keeps for the api alone: text with a tag before it (HMAC-SHA-256), since whoever can write to Redis is not trusted.
// It does not help against an old record that is put back; what is written is read again within the time of trust all the same.
import { timingSafeEqual } from 'node:crypto'
import type { Sealer } from '../queue/seal.js'

export type RecordSeal<Value> = {
  encode(record: Value): string
  /** Null for whatever we did not write, or wrote for another place. */
  decode(place: string, stored: string | null): Value | null
}

/** `kind` keeps one kind of record out of another’s place, `placeOf` one record out of another’s. */
export function openRecordSeal<Value>(
  sealer: Sealer,
  kind: string,
  check: { Check(value: unknown): boolean },
  placeOf: (record: Value) => string,
): RecordSeal<Value> {
  const tagOf = (text: string): string => sealer.authenticate(`${kind} record\n${text}`)
  return {
    encode(record) {
      const text = JSON.stringify(record)
      return `${tagOf(text)} ${text}`
    },
    decode(place, stored) {
      if (stored === null || stored[64] !== ' ') return null
      const text = stored.slice(65)
      const isOurs = timingSafeEqual(
        Buffer.from(stored.slice(0, 64), 'latin1'),
        Buffer.from(tagOf(text), 'latin1'),
      )
      if (!isOurs) return null
      const record: unknown = JSON.parse(text)
      return check.Check(record) && placeOf(record as Value) === place ? (record as Value) : null
    },
  }
}

/** How long a record that was read is trusted without asking Redis again, milliseconds. */
export const trustMs = 5000
const cachedMax = 10_000

export type Cache<Value> = {
  get(place: string): Value | null
  put(place: string, record: Value): void
  drop(place: string): void
}

/** Least recently read goes first: a Map keeps the order of insertion. */
export function openCache<Value>(): Cache<Value> {
  const entries = new Map<string, { readonly record: Value; readonly untilMs: number }>()
  return {
    get(place) {
      const entry = entries.get(place)
      return entry !== undefined && entry.untilMs > performance.now() ? entry.record : null
    },
    put(place, record) {
      entries.delete(place)
      entries.set(place, { record, untilMs: performance.now() + trustMs })
      if (entries.size > cachedMax)
        for (const oldest of entries.keys()) return void entries.delete(oldest)
    },
    drop: (place) => void entries.delete(place),
  }
}
