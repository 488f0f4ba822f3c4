// What the service holds at one moment, seen from the host: memory and descriptors of each process, mounts, control groups, processes.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
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

/** Looks at the descriptors of a process, and the milliseconds between two. */
const looks = 10
const lookMs = 50

/** The least of several looks: what a service reads now and then is open for a moment, what it has lost stays open. */
async function descriptorsOf(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let look = 0; look < looks; look++) {
    least = Math.min(least, readdirSync(`/proc/${pid}/fd`).length)
    await setTimeout(lookMs)
  }
  return least
}

export function residentBytes(): Holdings['residentBytes'] {
  const all = serviceNames.map((name) => [name, residentOf(servicePid(name))])
  return Object.fromEntries(all) as Holdings['residentBytes']
}

export async function holdings(instance: string): Promise<Holdings> {
  const descriptors = await Promise.all(
    serviceNames.map(
      async (name) => [`descriptors of ${name}`, await descriptorsOf(servicePid(name))] as const,
    ),
  )
  return {
    residentBytes: residentBytes(),
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
