// Our own reading of a sandbox’s files, between its steps (contract/collect.ts): what it runs under, and that it does.
import { collectorLimits } from '../contract/collect.js'
import type { Started } from '../contract/launch.js'
import type { ProgramPlan } from '../contract/plan.js'
import type { Programs } from '../native/launch-encode.js'
import type { SeccompFolders } from '../native/seccomp-load.js'
import { attest } from './attest.js'
import { compileFor } from './run-step.js'

/** Whatever the job’s own filter is: that may refuse a call which reading needs. */
export const collectorPrograms = (folders: SeccompFolders): Programs => ({
  filter: compileFor(folders, 'default').program,
  audit: null,
})

/**
 * As of a step (worker/attest.ts). It makes no exec, with which an AppArmor profile would come (docs/launcher-protocol.md).
 * @throws LaunchError
 */
export function attestCollector(started: Started, plan: ProgramPlan, memoryBytes: number): void {
  attest(started, { ...plan, apparmor: started.apparmor }, { ...collectorLimits, memoryBytes })
}
