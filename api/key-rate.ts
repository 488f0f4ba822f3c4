// How many requests one key may make in a minute, in one api process. Jobs that are sent are not counted here: quotas of their tenant
// are. This is for all else, which costs a tenant nothing: reading, lists, verdicts, cancels. Counted in memory, and by the key, so that
// a client that has run wild does not keep its tenant's other keys from reading.

export type KeyRate = {
  /** Null: it may. Else in how many seconds it may again. */
  take(keyId: string): number | null
}

const windowMs = 60_000

export function openKeyRate(
  requestsMax: number,
  now: () => number = () => performance.now(),
): KeyRate {
  let began = now()
  let counts = new Map<string, number>()
  return {
    take(keyId) {
      const at = now()
      if (at - began >= windowMs) {
        began = at
        // Keys that are not used are not remembered.
        counts = new Map()
      }
      const count = counts.get(keyId) ?? 0
      if (count >= requestsMax) return Math.max(1, Math.ceil((began + windowMs - at) / 1000))
      counts.set(keyId, count + 1)
      return null
    },
  }
}
