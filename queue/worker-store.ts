// What a worker sees of the queue: starting, giving back, committing, telling events, being heard, hearing what is not wanted any more.
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { Payload } from '../contract/payload.js'
import type { RunResult } from '../contract/result.js'
import { openBlobStore } from './blob-store.js'
import { commit, type Signed } from './commit.js'
import { connectPatiently, StoreUnavailable } from './connect.js'
import { appendEvents, type NewEvent } from './events.js'
import { expire } from './expire.js'
import { feed, feedingOf } from './feed.js'
import { beat, type Running } from './heartbeat.js'
import * as keys from './keys.js'
import { type Listener, openListener } from './listener.js'
import { openOutputSweep } from './orphan-outputs.js'
import { type OutputStore, openOutputStore } from './output-store.js'
import { blobBytes, openPayload } from './payload-seal.js'
import { type Release, type Released, release } from './release.js'
import { sweepOutputLitter } from './retire.js'
import { openSealer } from './seal.js'
import { type Start, start } from './start.js'
import type { Unrun } from './unrun.js'

export { DamagedPayload, MissingBlob } from './payload-seal.js'
export type { NewEvent, Release, Released, Running, Start }

export type WorkerJobStore = {
  start(jobId: string): Promise<Start>
  /** Size of the blob that `open` would open; 0 for a payload that lies in the record. */
  blobBytes(fields: ReadonlyMap<string, string>): Promise<number>
  /** @throws DamagedPayload, MissingBlob */
  open(jobId: string, fields: ReadonlyMap<string, string>): Promise<Payload>
  /** Waits for a Redis that is away or takes no writes: a result is not given up for that. */
  commit(
    jobId: string,
    attempt: number,
    result: RunResult,
    events?: readonly NewEvent[],
    signed?: Signed,
  ): Promise<boolean>
  /** Waits, as commit. */
  release(jobId: string, attempt: number, release: Release): Promise<Released>
  /** False when the attempt has lost the job. */
  tell(jobId: string, events: readonly NewEvent[], attempt?: number): Promise<boolean>
  /** From now on this worker is heard by the others, and hears what is not wanted any more. */
  attend(hears: Hears): Promise<void>
  /** Whose a job is that has ended without a run; null when it is no longer kept. */
  unrun(jobId: string): Promise<Unrun | null>
  feed(): Promise<void>
  close(): Promise<void>
  readonly outputs: OutputStore
  /** For BullMQ's own worker. */
  readonly redis: Redis
}

/** What the store asks and tells the worker that it belongs to. */
export type Hears = {
  running(): readonly Running[]
  cancelled(jobId: string): void
  /** Another attempt has taken this one over: what it does is for nothing. */
  lost(jobId: string): void
  /** What waited too long, and this worker’s turn has ended. */
  expired(jobs: readonly Unrun[]): void
}

const housekeepingMs = 1000
/** Heartbeats in the time after which a worker counts as silent: some may be late or fail. */
const beatsInSilence = 5
const retryFirstMs = 100
const retryLastMs = 2000

type Parts = {
  readonly redis: Redis
  readonly outputs: OutputStore
  readonly settings: Settings
  readonly log: Logger
  /** Names this process, and no other one ever. */
  readonly worker: string
  readonly closed: AbortSignal
}

/** Redis may answer that it is full, or that its disk is: that passes, and what has run must not run again for it. */
async function untilTaken<Value>(
  { log, closed }: Parts,
  what: string,
  work: () => Promise<Value>,
): Promise<Value> {
  for (let waitMs = retryFirstMs; ; waitMs = Math.min(2 * waitMs, retryLastMs)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || closed.aborted) throw error
      log.warn({ what, error: error.message }, 'the store takes nothing; trying again')
      await setTimeout(waitMs)
    }
  }
}

async function beatAndHear({ redis, worker, settings }: Parts, hears: Hears): Promise<void> {
  const { lockMs, slots } = settings
  const unwanted = await beat(redis, worker, { silentMs: lockMs, slots }, hears.running())
  for (const { jobId, why } of unwanted)
    if (why === 'cancelled') hears.cancelled(jobId)
    else hears.lost(jobId)
}

/** What fails is left to the next turn. */
function repeat({ log, closed }: Parts, everyMs: number, work: () => Promise<unknown>): void {
  const timer = setInterval(() => {
    work().catch((error: unknown) => log.debug({ error }, 'left to the next turn'))
  }, everyMs).unref()
  closed.addEventListener('abort', () => clearInterval(timer))
}

function startHousekeeping(parts: Parts, onExpired: Hears['expired']): void {
  const { redis, settings, outputs } = parts
  const sweepOrphans = openOutputSweep(redis, settings.outputDirectory, outputs)
  repeat(parts, housekeepingMs, async () => {
    await feed(redis, feedingOf(settings))
    onExpired(await expire(redis))
    await sweepOutputLitter(redis, outputs)
    await sweepOrphans()
  })
}

async function attend(parts: Parts, listener: Listener, hears: Hears): Promise<void> {
  // After a reconnect a word may have been missed: the next heartbeat brings it.
  await listener.listen(keys.controlChannel, (jobId) => {
    if (jobId !== null) hears.cancelled(jobId)
  })
  await beatAndHear(parts, hears)
  const everyMs = Math.min(housekeepingMs, parts.settings.lockMs / beatsInSilence)
  repeat(parts, everyMs, () => beatAndHear(parts, hears))
}

export function openWorkerJobStore(settings: Settings, log: Logger): WorkerJobStore {
  const redis = connectPatiently(settings, 'worker')
  const subscriber = connectPatiently(settings, 'worker')
  for (const connection of [redis, subscriber])
    connection.on('error', (error: Error) =>
      log.debug({ error: error.message }, 'redis connection'),
    )
  const closing = new AbortController()
  const worker = randomBytes(9).toString('base64url')
  const outputs = openOutputStore(settings.outputDirectory)
  const parts: Parts = { redis, outputs, settings, log, worker, closed: closing.signal }
  const sealer = openSealer(settings.sealKeyFile)
  const blobs = openBlobStore(settings.blobDirectory)
  const listener = openListener(subscriber)
  let takings = 0
  let hears: Hears | null = null
  startHousekeeping(parts, (jobs) => hears?.expired(jobs))
  return {
    redis,
    outputs,
    blobBytes: (fields) => blobBytes(blobs, fields),
    // The connection may send a call again; another call is another taking.
    start: (jobId) =>
      start(redis, jobId, { worker, delivery: String(++takings), silentMs: settings.lockMs }),
    open: (jobId, fields) => openPayload(sealer, blobs, jobId, fields),
    commit: (jobId, attempt, result, events, signed) =>
      untilTaken(parts, 'commit', () =>
        commit(redis, jobId, attempt, result, settings.slots, events, signed),
      ),
    release: (jobId, attempt, how) =>
      untilTaken(parts, 'release', () => release(redis, jobId, attempt, how, settings.slots)),
    tell: (jobId, events, attempt) => appendEvents(redis, jobId, events, attempt ?? null),
    attend(all) {
      hears = all
      return attend(parts, listener, all)
    },
    async unrun(jobId) {
      const [tenant, name, revision] = await redis.hmget(
        keys.jobKey(jobId),
        ...['tenant', 'grant', 'grantRevision'],
      )
      if (!tenant) return null
      return { jobId, tenant, grant: { name: name ?? '', revision: revision ?? '' } }
    },
    feed: async () => {
      await feed(redis, feedingOf(settings))
    },
    async close() {
      closing.abort()
      listener.close()
      redis.disconnect()
    },
  }
}
