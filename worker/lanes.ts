// The slots of this worker, as far as a job may use more than its own: idle ones are lent for its tests, and taken back the moment that
// another job comes. So nobody waits for what was lent, and it is charged to nobody as slot time.

export type Lanes = {
  /** A job has begun, in a slot of its own. Call the answer at its end. */
  own(): () => void
  /** An idle slot, or null. `onRecall`: it is needed; what runs in it is to end at once. Call the answer when it is free again. */
  borrow(onRecall: () => void): (() => void) | null
}

export function openLanes(slots: number): Lanes {
  let jobs = 0
  /** In the order in which they were lent. */
  const lent = new Set<() => void>()
  return {
    own() {
      jobs += 1
      const youngest = [...lent].at(-1)
      if (youngest !== undefined && jobs + lent.size > slots) {
        lent.delete(youngest)
        youngest()
      }
      return () => {
        jobs -= 1
      }
    },
    borrow(onRecall) {
      if (jobs + lent.size >= slots) return null
      // A function of its own, since two loans may share one.
      const recall = (): void => onRecall()
      lent.add(recall)
      return () => lent.delete(recall)
    },
  }
}
