// How many bytes of each kind may be kept, in all and for one tenant (queue/fragment.ts says what the kinds are): the settings, and
// what follows from the memory that Redis may take where they say nothing.
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

export function byteLimits(settings: Settings, maximumMemory: number): ByteLimits {
  const memory = maximumMemory === 0 ? memoryWithoutMaximum : maximumMemory
  const queued = orElse(settings.queuedBytesMax, memory * parts.queued)
  const finished = orElse(settings.finishedKeepBytes, memory * parts.finished)
  const event = Math.floor(memory * parts.event)
  return {
    queued: { all: queued, tenant: orElse(settings.queuedTenantBytesMax, queued / 2) },
    blob: { all: settings.queuedBlobBytesMax, tenant: settings.queuedTenantBlobBytesMax },
    finished: { all: finished, tenant: orElse(settings.finishedKeepTenantBytes, finished / 2) },
    output: { all: settings.outputKeepBytes, tenant: settings.outputKeepTenantBytes },
    event: { all: event, tenant: Math.floor(event / 2) },
  }
}
