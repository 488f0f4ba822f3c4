// Compares what the kernel said is in force with what the plan demands: the second pair of eyes. The first is the launcher's
// (native/launcher/attest.c), which compares all of it before the program's first instruction; when this one looks, the program runs.
import type { Started } from '../contract/launch.js'
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import { LaunchError } from '../native/launch-client.js'

const noCapabilities = '0000000000000000'
const seccompModeFilter = 2

/** What of a step is read back. A collector has it too (contract/collect.ts). */
export type StepLimits = Pick<
  PlanStep,
  'memoryBytes' | 'processes' | 'openFiles' | 'fileBytes' | 'stackBytes'
>

/** @throws LaunchError (stage isolation-mismatch) naming every difference. The sandbox is abandoned then, and no result is told. */
export function attest(started: Started, plan: ProgramPlan, step: StepLimits): void {
  const faults: string[] = []
  const expect = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what)
  }
  for (const [set, mask] of Object.entries(started.capabilities))
    expect(mask === noCapabilities, `${set} capabilities ${mask}`)
  expect(started.noNewPrivileges, 'no_new_privs is off')
  expect(started.seccompMode === seccompModeFilter, `seccomp mode ${started.seccompMode}`)
  expect(started.uid === plan.uid && started.gid === plan.gid, `ids ${started.uid}:${started.gid}`)
  expect(
    started.sharedWithHost.length === 0,
    `shared namespaces ${started.sharedWithHost.join(' ')}`,
  )
  expect(started.memoryLimitBytes <= step.memoryBytes, `memory limit ${started.memoryLimitBytes}`)
  expect(started.swapLimitBytes === 0, `swap limit ${started.swapLimitBytes}`)
  expect(started.processLimit === step.processes, `process limit ${started.processLimit}`)
  expect(started.landlockAbi >= plan.landlockAbiMinimum, `Landlock ABI ${started.landlockAbi}`)
  expect(
    started.apparmor === plan.apparmor || started.apparmor.startsWith(`${plan.apparmor} `),
    `AppArmor ${started.apparmor}`,
  )
  expect(
    started.resourceLimits.openFiles === step.openFiles &&
      started.resourceLimits.fileBytes === step.fileBytes &&
      started.resourceLimits.stackBytes === step.stackBytes &&
      started.resourceLimits.coreBytes === 0,
    `resource limits ${JSON.stringify(started.resourceLimits)}`,
  )
  expect(started.diskLimit.inodes === plan.diskInodes, `disk inodes ${started.diskLimit.inodes}`)
  expect(networkOf(started) === plan.network, `network ${JSON.stringify(started.network)}`)
  expect(
    hostStart(started.uidMap) > 0 && hostStart(started.gidMap) > 0,
    `id maps ${started.uidMap}; ${started.gidMap}`,
  )
  if (faults.length > 0) throw new LaunchError('isolation-mismatch', faults.join('; '))
}

/** The network that a job has, by what was read back. `other` is none that any plan names. */
export function networkOf({ network }: Started): ProgramPlan['network'] | 'other' {
  if (!network.ipv4 && !network.ipv6) return 'none'
  return network.devices.length === 1 && network.devices[0] === 'lo' ? 'loopback' : 'other'
}

function hostStart(map: string): number {
  return Number(map.split(' ')[1])
}
