// Bytes of large payloads that a worker holds at one time: many together must not end the process, and every job on it with it.
// First come, first served: a large one is not passed by for ever.

export type Share = {
  /** Gives back all but so many bytes. Never takes more. */
  shrink(bytes: number): void
}

export type PayloadBudget = {
  /** Waits until there is room. What is larger than all there is takes all there is. */
  take(bytes: number): Promise<Share>
  readonly takenBytes: number
  readonly waitingBytes: number
}

/** What opening takes of the heap for each byte of a payload: its text and its values, both in two bytes a character. */
export const openingFactor = 4

/** One payload of the largest size can always be opened; what else is opened then waits. Half of the heap of 512 MiB by default. */
export const payloadBudgetBytes = (bodyBytesMax: number): number => openingFactor * bodyBytesMax

export function openPayloadBudget(budgetBytes: number): PayloadBudget {
  let taken = 0
  const queue: { readonly bytes: number; grant(): void }[] = []
  const admitWaiting = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (taken + next.bytes > budgetBytes) return
      queue.shift()
      taken += next.bytes
      next.grant()
    }
  }
  const shareOf = (bytes: number): Share => {
    let held = bytes
    return {
      shrink(left) {
        const kept = Math.min(held, left)
        taken -= held - kept
        held = kept
        admitWaiting()
      },
    }
  }
  return {
    take(wanted) {
      const bytes = Math.min(wanted, budgetBytes)
      // Small payloads lie in the record already: they wait behind nobody.
      if (bytes === 0) return Promise.resolve(shareOf(0))
      return new Promise((resolve) => {
        queue.push({ bytes, grant: () => resolve(shareOf(bytes)) })
        admitWaiting()
      })
    },
    get takenBytes() {
      return taken
    },
    get waitingBytes() {
      return queue.reduce((sum, { bytes }) => sum + bytes, 0)
    },
  }
}
