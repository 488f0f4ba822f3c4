// What a worker sees of the queue: starting, giving back, committing, telling events, hearing of cancels.
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { Payload } from '../contract/payload.js'
import type { RunResult } from '../contract/result.js'
import { openBlobStore } from './blob-store.js'
import { commit } from './commit.js'
import { connectPatiently } from './connect.js'
import { appendEvents, type NewEvent } from './events.js'
import { expire } from './expire.js'
import { depthFor, feed } from './feed.js'
import * as keys from './keys.js'
import { openListener } from './listener.js'
import { openPayload } from './payload-seal.js'
import { type Release, type Released, release } from './release.js'
import { openSealer } from './seal.js'
import { type Start, start } from './start.js'

export { DamagedPayload, MissingBlob } from './payload-seal.js'
export type { NewEvent, Release, Released, Start }

export type WorkerJobStore = {
  start(jobId: string): Promise<Start>
  /** @throws DamagedPayload, MissingBlob */
  open(jobId: string, fields: ReadonlyMap<string, string>): Promise<Payload>
  commit(
    jobId: string,
    attempt: number,
    result: RunResult,
    events?: readonly NewEvent[],
  ): Promise<boolean>
  release(jobId: string, attempt: number, release: Release): Promise<Released>
  /** False when the attempt has lost the job. */
  tell(jobId: string, events: readonly NewEvent[], attempt?: number): Promise<boolean>
  /** Those of these running jobs that a caller has cancelled. */
  cancelledOf(jobIds: readonly string[]): Promise<string[]>
  feed(): Promise<void>
  close(): Promise<void>
  /** For BullMQ's own worker. */
  readonly redis: Redis
}

const housekeepingMs = 1000

/**
 * `onCancel` hears the id of each job that a caller cancelled while it ran anywhere; null when such a message may have been
 * missed, and `cancelledOf` must be asked.
 */
export async function openWorkerJobStore(
  settings: Settings,
  log: Logger,
  onCancel: (jobId: string | null) => void,
): Promise<WorkerJobStore> {
  const redis = connectPatiently(settings, 'worker')
  const subscriber = connectPatiently(settings, 'worker')
  for (const connection of [redis, subscriber])
    connection.on('error', (error: Error) =>
      log.debug({ error: error.message }, 'redis connection'),
    )
  const listener = openListener(subscriber)
  const sealer = openSealer(settings.sealKeyFile)
  const blobs = openBlobStore(settings.blobDirectory)
  const queue = new Queue(keys.queueName, {
    connection: redis,
    prefix: keys.bullPrefix,
    skipVersionCheck: true,
    skipMetasUpdate: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  })
  queue.on('error', (error) => log.debug({ error: error.message }, 'queue connection'))
  // Before this function returns, nobody runs anything that could be cancelled.
  let isOpen = false
  await listener.listen(keys.controlChannel, (jobId) => {
    if (isOpen) onCancel(jobId)
  })
  const depth = depthFor(settings.slots)
  const turn = async (): Promise<void> => {
    await feed(redis, queue, depth)
    await expire(redis)
  }
  const housekeeping = setInterval(() => {
    turn().catch((error: unknown) => log.debug({ error }, 'housekeeping is left to the next turn'))
  }, housekeepingMs).unref()
  isOpen = true
  return {
    redis,
    start: (jobId) => start(redis, jobId),
    open: (jobId, fields) => openPayload(sealer, blobs, jobId, fields),
    commit: (jobId, attempt, result, events) => commit(redis, jobId, attempt, result, events),
    release: (jobId, attempt, how) => release(redis, jobId, attempt, how),
    tell: (jobId, events, attempt) => appendEvents(redis, jobId, events, attempt ?? null),
    async cancelledOf(jobIds) {
      const marks = await Promise.all(jobIds.map((id) => redis.hexists(keys.jobKey(id), 'cancel')))
      return jobIds.filter((_, at) => marks[at] === 1)
    },
    feed: async () => {
      await feed(redis, queue, depth)
    },
    async close() {
      clearInterval(housekeeping)
      listener.close()
      await queue.close().catch(() => undefined)
      redis.disconnect()
    },
  }
}
