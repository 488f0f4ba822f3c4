// The slots of this worker, shared out in the order in which they were asked for. A job has one; one that runs two programs at a time waits
// for two, and holds none meanwhile, so that two such jobs cannot wait for each other. Idle ones are lent for tests, and taken back the
// moment that a job wants them: nobody waits for what was lent, and it is charged to nobody as slot time.

export type Lanes = {
  /** A slot for a job. Call the answer at its end. */
  own(): Promise<() => void>
  /** For a job that has one: two, once there are two. Call the answer to have one again. @throws Error where there are not two at all */
  pair(): Promise<() => void>
  /** An idle slot, or null. `onRecall`: it is needed; what runs in it is to end at once. Call the answer when it is free again. */
  borrow(onRecall: () => void): (() => void) | null
}

type Waiter = { readonly count: number; grant(): void }

export function openLanes(slots: number): Lanes {
  let used = 0
  /** In the order in which they were lent. */
  const lent = new Set<() => void>()
  const waiting: Waiter[] = []
  const recallFor = (count: number): void => {
    for (const recall of [...lent].reverse()) {
      if (used + lent.size + count <= slots) return
      lent.delete(recall)
      recall()
    }
  }
  const grantNext = (): void => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      recallFor(next.count)
      if (used + lent.size + next.count > slots) return
      waiting.shift()
      used += next.count
      next.grant()
    }
  }
  const take = (count: number): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ count, grant: resolve })
      grantNext()
    })
  const give = (count: number): void => {
    used -= count
    grantNext()
  }
  return {
    async own() {
      await take(1)
      return () => give(1)
    },
    async pair() {
      if (slots < 2) throw new Error('two programs at a time need a worker of two slots')
      give(1)
      await take(2)
      return () => give(1)
    },
    borrow(onRecall) {
      if (waiting.length > 0 || used + lent.size >= slots) return null
      // A function of its own, since two loans may share one.
      const recall = (): void => onRecall()
      lent.add(recall)
      return () => {
        if (lent.delete(recall)) grantNext()
      }
    },
  }
}
