// The least a limit can be: below it our own set-up would fail inside the sandbox, and the fault would look like ours.
import type { LimitName } from './ask.js'

const minima: Partial<Readonly<Record<LimitName, number>>> = {
  memoryBytes: 4 * 1024 * 1024,
  diskBytes: 64 * 1024,
  openFiles: 8,
  // The kernel’s least quota is 1 ms in a period of 100 ms (Documentation/scheduler/sched-bwc.rst).
  cpuMillis: 10,
}

/** 1 where nothing else is said: zero and negative never mean unlimited. */
export function minimumOf(name: LimitName): number {
  return minima[name] ?? 1
}
