// What every api process does once a second, all of it atomic and bounded: room is made first, so that the rest can be written;
// then hand-over of what a death left, deadlines, and the files that nobody needs.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { BlobStore } from './blob-store.js'
import { byteLimits } from './byte-limits.js'
import { tellDependents } from './dependents.js'
import { expire } from './expire.js'
import { feed, feedingOf } from './feed.js'
import type { MemoryWatch } from './memory-watch.js'
import { openBlobSweep } from './orphan-blobs.js'
import type { Refusals } from './refusals.js'
import { retire, sweepLitter } from './retire.js'
import { shed } from './shed.js'
import type { Unrun } from './unrun.js'

/** Jobs that are no longer kept, by why. */
export type Retired = { readonly age: number; readonly share: number; readonly memory: number }

export type HousekeepingParts = {
  readonly redis: Redis
  readonly blobs: BlobStore
  readonly watch: MemoryWatch
  readonly diskBytes: number
  readonly settings: Settings
  readonly log: Logger
  readonly refusals: Refusals
  onRetired(retired: Retired): void
  onExpired(jobs: readonly Unrun[]): void
  /** Cancelled, since a job that they were to run after did not end well. */
  onCascaded(jobs: readonly Unrun[]): void
}

const turnMs = 1000
/** Rounds of early retirement in one turn, at most. */
const roundsMax = 20

async function makeRoom(parts: HousekeepingParts): Promise<void> {
  const { redis, watch, settings, diskBytes, onRetired } = parts
  const retention = {
    keepMs: settings.finishedKeepSeconds * 1000,
    keepJobs: settings.finishedKeepJobs,
    quarantineKeepMs: settings.quarantineKeepSeconds * 1000,
  }
  const age = await retire(redis, retention)
  if (age > 0) onRetired({ age, share: 0, memory: 0 })
  for (let round = 0; round < roundsMax; round++) {
    const { maximumBytes } = await watch.look()
    const limits = byteLimits(settings, { memoryBytes: maximumBytes, diskBytes })
    const gone = await shed(redis, limits, watch.isNearlyFull)
    if (gone.shares + gone.memory > 0)
      onRetired({ age: 0, share: gone.shares, memory: gone.memory })
    if (gone.shares + gone.memory + gone.events === 0) return
  }
}

export function startHousekeeping(parts: HousekeepingParts): NodeJS.Timeout {
  const { redis, blobs, settings } = parts
  const sweepOrphans = openBlobSweep(redis, settings.blobDirectory, blobs)
  const works: readonly (() => Promise<unknown>)[] = [
    () => makeRoom(parts),
    () => tellDependents(redis).then(parts.onCascaded),
    () => feed(redis, feedingOf(settings)),
    () => expire(redis).then(parts.onExpired),
    () => sweepLitter(redis, blobs),
    sweepOrphans,
    () => parts.refusals.flush(redis),
  ]
  let isBusy = false
  const turn = async (): Promise<void> => {
    if (isBusy) return
    isBusy = true
    for (const work of works) {
      // One that fails does not keep the others from their turn: room is made also when nothing can be handed over.
      await work().catch((error: unknown) =>
        parts.log.debug({ error }, 'housekeeping is left to the next turn'),
      )
    }
    isBusy = false
  }
  return setInterval(() => void turn(), turnMs).unref()
}
