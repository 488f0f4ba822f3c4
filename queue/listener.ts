// The one subscription connection of a process: who waits for which channel, and waking all of them after a reconnect,
// since a message sent meanwhile is gone (the stored record is the truth, so a needless wake is harmless).
import type { Redis } from 'ioredis'

export type Listener = {
  /** Calls `wake` on each message of the channel, and once after each reconnect. Returns how to stop. Ready when it resolves. */
  listen(channel: string, wake: (message: string | null) => void): Promise<() => void>
  close(): void
}

/** Far more than a subscription takes, milliseconds. */
const secondLookMs = 1000

export function openListener(connection: Redis): Listener {
  const wakers = new Map<string, Set<(message: string | null) => void>>()
  connection.on('message', (channel: string, message: string) => {
    for (const wake of wakers.get(channel) ?? []) wake(message)
  })
  const wakeAll = (): void => {
    for (const set of wakers.values()) for (const wake of set) wake(null)
  }
  // ioredis subscribes again by itself (autoResubscribe) as soon as it is ready. Who looks at once looks by another connection,
  // perhaps before Redis has taken the subscription: what is said in between is found by looking once more.
  connection.on('ready', () => {
    wakeAll()
    setTimeout(wakeAll, secondLookMs).unref()
  })
  const stop = (channel: string, wake: (message: string | null) => void): void => {
    const set = wakers.get(channel)
    if (set === undefined || !set.delete(wake) || set.size > 0) return
    wakers.delete(channel)
    connection.unsubscribe(channel).catch(() => undefined)
  }
  return {
    async listen(channel, wake) {
      const set = wakers.get(channel) ?? new Set()
      const isNew = set.size === 0
      set.add(wake)
      wakers.set(channel, set)
      if (isNew) await connection.subscribe(channel)
      return () => stop(channel, wake)
    },
    close() {
      wakers.clear()
      connection.disconnect()
    },
  }
}
