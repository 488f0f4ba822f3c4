// What the service holds at one moment, seen from the host: memory and descriptors of each process, mounts, control groups, processes.
import { readdirSync, readFileSync } from 'node:fs'
import { asRoot, type ServiceName, servicePid } from '../stack.js'

export const serviceNames = ['api', 'worker', 'launcher', 'redis'] as const

export type Holdings = {
  readonly residentBytes: Readonly<Record<ServiceName, number>>
  /** Things of which there must be as many after as before. */
  readonly counts: Readonly<Record<string, number>>
}

const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

const linesOf = (script: string): number =>
  asRoot(['sh', '-c', script]).split('\n').filter(Boolean).length

export function holdings(instance: string): Holdings {
  const pids = serviceNames.map((name) => [name, servicePid(name)] as const)
  const descriptors = pids.map(([name, pid]) => [
    `descriptors of ${name}`,
    readdirSync(`/proc/${pid}/fd`).length,
  ])
  return {
    residentBytes: Object.fromEntries(
      pids.map(([name, pid]) => [name, residentOf(pid)]),
    ) as Holdings['residentBytes'],
    counts: {
      ...Object.fromEntries(descriptors),
      mounts: linesOf(`grep -F /${instance}/ /proc/self/mountinfo || true`),
      'control groups': linesOf(
        `find /sys/fs/cgroup -type d -path '*/${instance}/*' 2> /dev/null || true`,
      ),
      "processes of the launcher's user": linesOf(`ps -o pid= -u ${instance}-launcher`),
      'files below /run': linesOf(`find /run/${instance} -maxdepth 3`),
    },
  }
}
