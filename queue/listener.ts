// The one subscription connection of a process: who waits for which channel, and waking all of them after a reconnect,
// since a message sent meanwhile is gone (the stored record is the truth, so a needless wake is harmless).
import type { Redis } from 'ioredis'

export type Listener = {
  /** Calls `wake` on each message of the channel, and once after each reconnect. Returns how to stop. Ready when it resolves. */
  listen(channel: string, wake: Wake): Promise<() => void>
  close(): void
}

type Wake = (message: string | null) => void
/** Whoever comes second waits for the same subscription: before it stands, a message reaches nobody. */
type Channel = { readonly wakers: Set<Wake>; readonly subscribed: Promise<unknown> }

/** Far more than a subscription takes, milliseconds. */
const secondLookMs = 1000

export function openListener(connection: Redis): Listener {
  const channels = new Map<string, Channel>()
  connection.on('message', (channel: string, message: string) => {
    for (const wake of channels.get(channel)?.wakers ?? []) wake(message)
  })
  const wakeAll = (): void => {
    for (const { wakers } of channels.values()) for (const wake of wakers) wake(null)
  }
  // ioredis subscribes again by itself (autoResubscribe) as soon as it is ready. Who looks at once looks by another connection,
  // perhaps before Redis has taken the subscription: what is said in between is found by looking once more.
  connection.on('ready', () => {
    wakeAll()
    setTimeout(wakeAll, secondLookMs).unref()
  })
  const stop = (name: string, wake: Wake): void => {
    const channel = channels.get(name)
    if (channel === undefined || !channel.wakers.delete(wake) || channel.wakers.size > 0) return
    channels.delete(name)
    connection.unsubscribe(name).catch(() => undefined)
  }
  const channelOf = (name: string): Channel => {
    const known = channels.get(name)
    if (known !== undefined) return known
    const channel = { wakers: new Set<Wake>(), subscribed: connection.subscribe(name) }
    channels.set(name, channel)
    channel.subscribed.catch(() => channels.delete(name))
    return channel
  }
  return {
    async listen(name, wake) {
      const channel = channelOf(name)
      channel.wakers.add(wake)
      await channel.subscribed
      return () => stop(name, wake)
    },
    close() {
      channels.clear()
      connection.disconnect()
    },
  }
}
