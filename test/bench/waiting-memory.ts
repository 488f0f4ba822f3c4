// What waiting slots hold: the instance is started again with many, and what it holds more is divided. A thousand are reckoned from that,
// or really started (STOCKADE_BENCH_WAITING=1000).
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { poolFull } from '../sandbox/conversation.js'
import { memoryOfSandboxes } from './memory.js'

export type WaitingMemory = {
  /** Slots that were really started for it. */
  readonly slots: number
  /** Supervisor, init and job process: proportional set size, page tables, kernel stacks. */
  readonly processBytes: number
  /** The kernel's own for namespaces, mounts and control groups: slab, per-processor areas and tmpfs. */
  readonly kernelBytes: number
  readonly thousandBytes: number
}

/** Unused names and inodes away first, so that what is left in the slabs is held by somebody. */
function kernelBytes(): number {
  writeFileSync('/proc/sys/vm/drop_caches', '2') // Documentation/admin-guide/sysctl/vm.rst: slab objects only
  const text = readFileSync('/proc/meminfo', 'utf8')
  return ['Slab', 'Percpu', 'Shmem']
    .map((name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]) * 1024)
    .reduce((sum, bytes) => sum + bytes, 0)
}

async function startWith(instance: string, slots: number): Promise<void> {
  const words = ['up', '--detach', '--instance', instance, '--slots', String(slots)]
  execFileSync('./stockade', words, { stdio: ['ignore', 'ignore', 'inherit'] })
  await poolFull(slots)
}

/** Leaves the instance as it was, with `usual` slots. */
export async function waitingMemory(
  instance: string,
  usual: number,
  slots: number,
): Promise<WaitingMemory> {
  const launcher = Number(execFileSync('id', ['-u', `${instance}-launcher`], { encoding: 'utf8' }))
  try {
    await startWith(instance, usual)
    const few = kernelBytes()
    await startWith(instance, usual + slots)
    const perSlot = {
      processBytes: Math.round(memoryOfSandboxes(launcher) / (usual + slots)),
      kernelBytes: Math.round((kernelBytes() - few) / slots),
    }
    return { slots, ...perSlot, thousandBytes: 1000 * (perSlot.processBytes + perSlot.kernelBytes) }
  } finally {
    await startWith(instance, usual)
  }
}
