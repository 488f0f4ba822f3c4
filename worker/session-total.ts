// What the programs of a session have used, all together.
import type { Finished } from '../contract/launch.js'

export type Total = Pick<
  Finished,
  'cpuUs' | 'userUs' | 'systemUs' | 'memoryPeakBytes' | 'processPeak' | 'outputBytes'
>

/** Time and output add up; peaks are those of the largest. */
export const addUsage = (total: Total, finished: Finished): Total => ({
  cpuUs: total.cpuUs + finished.cpuUs,
  userUs: total.userUs + finished.userUs,
  systemUs: total.systemUs + finished.systemUs,
  memoryPeakBytes: Math.max(total.memoryPeakBytes, finished.memoryPeakBytes),
  processPeak: Math.max(total.processPeak, finished.processPeak),
  outputBytes: total.outputBytes + finished.outputBytes,
})
