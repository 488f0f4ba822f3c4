// What can be left behind on the host, counted from the host's side: before and after, while no job is there.
import { readdirSync } from 'node:fs'
import { asRoot, instance, persist, type ServiceName, servicePid } from './stack.js'

const count = (script: string): number => Number(asRoot(['sh', '-c', script]).trim())

/** A service that is started again in between has lost what it held: its pid of before is then no more, and the count fails. */
const pids = new Map<ServiceName, number>()
function pidOf(service: ServiceName): number {
  const pid = pids.get(service) ?? servicePid(service)
  pids.set(service, pid)
  return pid
}

/** Processes under any subordinate id of the launcher: inits and jobs. */
const jobProcesses = (): number =>
  count(
    `ps -e -o uid= | awk -v range="$(awk -F: '/^${instance}-launcher:/ { print $2, $3; exit }' /etc/subuid)" 'BEGIN { split(range, r, " ") } $1 >= r[1] && $1 < r[1] + r[2]' | wc -l`,
  )

/** Slots of the instance. */
export const slotCount = (): number =>
  readdirSync(`/run/${instance}/slots`).filter((name) => /^\d+$/.test(name)).length

export type Left = Readonly<Record<string, number>>

/** Mounts, cgroups, processes, descriptors, files: all that could leak. */
export function left(): Left {
  const user = `$(id -u ${instance}-launcher)`
  return {
    // Not the slots of other instances on this machine, which come and go with them.
    mounts: count(
      `awk '$5 !~ "^/run/[^/]+/slots/" || $5 ~ "^/run/${instance}/"' /proc/self/mountinfo | wc -l`,
    ),
    cgroups: count(`find /sys/fs/cgroup -type d -path '*/${instance}/*' 2> /dev/null | wc -l`),
    processesOfLauncher: count(`ps -e -o uid= | awk -v user=${user} '$1 == user' | wc -l`),
    processesOfJobs: jobProcesses(),
    descriptorsOfLauncher: count(`ls /proc/${pidOf('launcher')}/fd | wc -l`),
    descriptorsOfWorker: count(`ls /proc/${pidOf('worker')}/fd | wc -l`),
    slotFiles: count(`find /run/${instance} -maxdepth 3 | wc -l`),
    temporaryFiles: count(
      `find /tmp /var/tmp /dev/shm -xdev -user ${instance}-launcher -o -xdev -user ${instance}-worker 2> /dev/null | wc -l`,
    ),
  }
}

/** Until a sandbox waits in each slot, an init and a job process each: only then do two counts compare. */
export async function poolWaits(): Promise<void> {
  const wanted = 2 * slotCount()
  await persist(async () => {
    const processesOfJobs = jobProcesses()
    if (processesOfJobs !== wanted)
      throw new Error(`${processesOfJobs} processes wait, ${wanted} wanted`)
  })
}

/** Until nothing is more than it was. A sandbox is torn down just after its result is told, so the last may still be on their way. */
export async function settled(before: Left): Promise<Left> {
  return await persist(async () => {
    const now = left()
    for (const [name, number] of Object.entries(now)) {
      if (number > (before[name] ?? 0))
        throw new Error(`${name}: ${before[name]} before, ${number} now`)
    }
    return now
  })
}
