// How many bytes of each kind may be kept, in all and for one tenant (queue/fragment.ts says what the kinds are): the settings, and
// what follows from the memory that Redis may take where they say nothing.
import { statfs } from 'node:fs/promises'
import type { Settings } from '../contract/config.js'

export type Limit = { readonly all: number; readonly tenant: number }
export type ByteLimits = Readonly<
  Record<'queued' | 'blob' | 'finished' | 'output' | 'event', Limit>
>

/** What is taken for `maxmemory` when Redis has none: not all of the machine. Bytes. */
const memoryWithoutMaximum = 1_073_741_824

/**
 * Parts of Redis's memory. Together 65 of 100: our sums know nothing of its own overhead, of indexes and of BullMQ, and must be
 * reached before `storeFullPercent` is, which is felt by everybody.
 */
const parts = { queued: 0.2, finished: 0.3, event: 0.15 } as const

const orElse = (setting: number, otherwise: number): number =>
  setting === 0 ? Math.floor(otherwise) : setting

/** Most that output, and that blobs, take of a disk of which nothing is said: Redis's log lies on it too. Bytes. */
const diskPartMax = 8 * 1_073_741_824

/** Size of the file system that a directory lies on; 0 when it is not there. Bytes. */
export async function diskBytesOf(directory: string): Promise<number> {
  const { blocks, bsize } = await statfs(directory).catch(() => ({ blocks: 0, bsize: 0 }))
  return blocks * bsize
}

/** What the machine has: Redis's `maxmemory` (0: none set), and the disk (0: unknown). Bytes. */
export type Room = { readonly memoryBytes: number; readonly diskBytes: number }

export function byteLimits(settings: Settings, { memoryBytes, diskBytes }: Room): ByteLimits {
  const memory = memoryBytes === 0 ? memoryWithoutMaximum : memoryBytes
  const diskPart = diskBytes === 0 ? diskPartMax : Math.min(diskPartMax, diskBytes / 10)
  const blob = orElse(settings.queuedBlobBytesMax, diskPart)
  const output = orElse(settings.outputKeepBytes, diskPart)
  const queued = orElse(settings.queuedBytesMax, memory * parts.queued)
  const finished = orElse(settings.finishedKeepBytes, memory * parts.finished)
  const event = Math.floor(memory * parts.event)
  return {
    queued: { all: queued, tenant: orElse(settings.queuedTenantBytesMax, queued / 2) },
    blob: { all: blob, tenant: orElse(settings.queuedTenantBlobBytesMax, blob / 2) },
    finished: { all: finished, tenant: orElse(settings.finishedKeepTenantBytes, finished / 2) },
    output: { all: output, tenant: orElse(settings.outputKeepTenantBytes, output / 2) },
    event: { all: event, tenant: Math.floor(event / 2) },
  }
}
