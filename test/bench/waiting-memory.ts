// What waiting slots hold: the instance is started again with many, and what it holds more is divided. A thousand are reckoned from that,
// or really started (STOCKADE_BENCH_WAITING=1000).
import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { Settings } from '../../contract/config.js'
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

/** As many wait by themselves. */
const { default: kept = 0 } = Settings.properties.waitingSlots as { default?: number }

/** With a sandbox that waits in each slot, however many there are. */
async function startWith(instance: string, slots: number): Promise<void> {
  const settings = `/etc/${instance}/stockade.yaml`
  execFileSync('sed', ['-i', '/^waitingSlots:/d', settings])
  if (slots > kept) appendFileSync(settings, `waitingSlots: ${slots}\n`)
  const words = ['up', '--detach', '--instance', instance, '--slots', String(slots)]
  execFileSync('./stockade', words, { stdio: ['ignore', 'ignore', 'inherit'] })
  await poolFull(slots)
}

/**
 * Leaves the instance as it was, with `usual` slots. The kernel's figure is of the whole machine, so it is taken before and after too and
 * the larger difference counts; one that is not above zero is noise and no figure: NaN, which passes nothing.
 */
export async function waitingMemory(
  instance: string,
  usual: number,
  slots: number,
): Promise<WaitingMemory> {
  const launcher = Number(execFileSync('id', ['-u', `${instance}-launcher`], { encoding: 'utf8' }))
  let processBytes = Number.NaN
  let many = Number.NaN
  await startWith(instance, usual)
  const before = kernelBytes()
  try {
    await startWith(instance, usual + slots)
    processBytes = Math.round(memoryOfSandboxes(launcher) / (usual + slots))
    many = kernelBytes()
  } finally {
    await startWith(instance, usual)
  }
  const more = Math.round((many - Math.min(before, kernelBytes())) / slots)
  const ofKernel = more > 0 ? more : Number.NaN
  return {
    ...{ slots, processBytes, kernelBytes: ofKernel },
    thousandBytes: 1000 * (processBytes + ofKernel),
  }
}
