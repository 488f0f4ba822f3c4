// What the idle service holds: proportional set size of each process, so that shared pages count once.
import { readdirSync, readFileSync } from 'node:fs'

type Process = {
  readonly pid: number
  readonly parent: number
  readonly uid: number
  /** Proportional set size. */
  readonly sharedBytes: number
  /** Page tables, and 16 KiB of kernel stack for each thread. */
  readonly kernelBytes: number
}

const kernelStackBytes = 16_384

function readProcess(pid: string): Process | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const number = (text: string, name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
    return {
      pid: Number(pid),
      parent: number(status, 'PPid'),
      uid: number(status, 'Uid'),
      sharedBytes: number(rollup, 'Pss') * 1024,
      kernelBytes: number(status, 'VmPTE') * 1024 + number(status, 'Threads') * kernelStackBytes,
    }
  } catch {
    return null // It ended while we looked, or is the kernel's own.
  }
}

const processes = (): Process[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => readProcess(entry) ?? [])

/** Proportional set size of all processes of one user, bytes. Root alone may read it. */
export const memoryOfUser = (uid: number): number =>
  processes()
    .filter((process) => process.uid === uid)
    .reduce((sum, process) => sum + process.sharedBytes, 0)

/** @throws Error when it does not run. Root alone may read it. */
export function memoryOfProcess(pid: number): number {
  const found = readProcess(String(pid))
  if (found === null) throw new Error(`the process ${pid} does not run`)
  return found.sharedBytes
}

/** What the waiting sandboxes of a launcher's user hold, page tables and kernel stacks included, bytes. */
export function memoryOfSandboxes(uid: number): number {
  const all = processes()
  const childrenOf = (parents: readonly Process[]): Process[] =>
    all.filter((process) => parents.some((parent) => parent.pid === process.parent))
  const own = all.filter((process) => process.uid === uid)
  // Front → inner → supervisor: those whose parent and parent's parent are the same user's.
  const supervisors = childrenOf(childrenOf(own)).filter((process) => process.uid === uid)
  const inits = childrenOf(supervisors)
  return [...supervisors, ...inits, ...childrenOf(inits)].reduce(
    (sum, process) => sum + process.sharedBytes + process.kernelBytes,
    0,
  )
}
