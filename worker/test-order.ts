// Which test is run next, and which of them count: in the order in which they were sent, whatever ends first. So a job that stops at a
// failure has the same result side by side as one after the other.
import type { PlanJudging } from '../contract/plan.js'
import type { TestVerdict } from '../contract/test-result.js'

export type TestOrder = {
  /** The next index; null when none is left, for now. */
  next(): number | null
  /** It could not be finished: it is run again. */
  giveBack(index: number): void
  tell(index: number, verdict: TestVerdict): void
  /** Whether a test waits that is to be run. */
  readonly isOpen: boolean
  /** Whether it counts, once all are told. */
  isSkipped(index: number): boolean
}

export function openTestOrder({ tests, stop }: PlanJudging): TestOrder {
  const waiting = tests.map((_, index) => index)
  /** The first failure of all, or of a group. */
  const failures = new Map<string | null, number>()
  const keyOf = (index: number): string | null =>
    stop === 'group-failure' ? (tests[index]?.group ?? `\0${index}`) : null
  const isSkipped = (index: number): boolean => {
    if (stop === 'never') return false
    const failure = failures.get(keyOf(index))
    return failure !== undefined && index > failure
  }
  return {
    next() {
      for (let index = waiting.shift(); index !== undefined; index = waiting.shift())
        if (!isSkipped(index)) return index
      return null
    },
    get isOpen() {
      return waiting.some((index) => !isSkipped(index))
    },
    giveBack(index) {
      waiting.unshift(index)
    },
    tell(index, verdict) {
      if (verdict === 'accepted') return
      const before = failures.get(keyOf(index))
      if (before === undefined || index < before) failures.set(keyOf(index), index)
    },
    isSkipped,
  }
}
