// An out-of-memory kill that is not the job's: the kernel counts in a group each kill of its processes "by any kind of OOM killer"
// (Documentation/admin-guide/cgroup-v2.rst, memory.events), also when a group above it or the whole machine had no memory left.
import type { Finished } from '../contract/launch.js'
import type { PlanStep } from '../contract/plan.js'
import { LaunchError } from '../native/launch-client.js'

/** A group's own kill comes at its limit, within the few pages of one allocation. Less than so much of it is no matter of pages. */
const leastShare = 0.9

/** The job was within its limit: that it was ended is our fault, and it is run again. @throws LaunchError */
export function refuseKillByHost(finished: Finished, step: PlanStep): void {
  if (finished.memoryOomKills === 0) return
  if (finished.memoryPeakBytes >= step.memoryBytes * leastShare) return
  throw new LaunchError(
    'host-memory',
    `The machine had no memory left: its kernel ended a process of the job, which had ${finished.memoryPeakBytes} of the ${step.memoryBytes} bytes it may have.`,
  )
}
