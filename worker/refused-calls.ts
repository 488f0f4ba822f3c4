// What the launcher wrote down of a step's system calls → what a result says of them.
import type { Calls } from '../contract/launch.js'
import { type RefusedCall, type RefusedCalls, refusedCallsMax } from '../contract/result.js'
import { answerText, describeCall, type SeenCall } from '../native/seccomp-call.js'

function refusedCall(seen: SeenCall): RefusedCall {
  return {
    ...describeCall(seen),
    answer: answerText(seen),
    count: seen.count,
    firstMs: seen.firstUs / 1000,
  }
}

/** The first in time are listed, one that ended a process before all others; the rest is counted. */
export function refusedCalls({ calls, notListed }: Calls): RefusedCalls {
  const inOrder = [...calls].sort(
    (a, b) => Number(b.answer === 'kill') - Number(a.answer === 'kill') || a.firstUs - b.firstUs,
  )
  const rest = inOrder.slice(refusedCallsMax)
  return {
    calls: inOrder.slice(0, refusedCallsMax).map(refusedCall),
    notListed: rest.reduce((sum, { count }) => sum + count, notListed),
  }
}

/** The call that the filter ended a process for, the latest if there were several. */
export function deadlyCall(calls: Calls | null): SeenCall | null {
  if (calls === null || calls.observed) return null
  const deadly = calls.calls.filter(({ answer }) => answer === 'kill')
  return deadly.sort((a, b) => b.firstUs - a.firstUs)[0] ?? null
}
