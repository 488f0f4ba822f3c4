// What a worker sees of the queue: starting, giving back, committing, telling events, hearing of cancels.
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { EventName } from '../contract/event.js'
import type { Payload } from '../contract/payload.js'
import type { RunResult } from '../contract/result.js'
import { openBlobStore } from './blob-store.js'
import { commit } from './commit.js'
import { connectPatiently } from './connect.js'
import { appendEvents } from './events.js'
import { expire } from './expire.js'
import { feed } from './feed.js'
import * as keys from './keys.js'
import { openListener } from './listener.js'
import { openPayload } from './payload-seal.js'
import { release } from './release.js'
import { openSealer } from './seal.js'
import { type Start, start } from './start.js'

export { DamagedPayload, MissingBlob } from './payload-seal.js'
export type { Start }

export type WorkerJobStore = {
  start(jobId: string): Promise<Start>
  /** @throws DamagedPayload, MissingBlob */
  open(jobId: string, fields: ReadonlyMap<string, string>): Promise<Payload>
  commit(jobId: string, attempt: number, result: RunResult, quarantine?: boolean): Promise<boolean>
  release(jobId: string, attempt: number, delayMs: number): Promise<boolean>
  tell(jobId: string, events: readonly { name: EventName; data: string }[]): Promise<void>
  feed(): Promise<void>
  close(): Promise<void>
  /** For BullMQ's own worker. */
  readonly redis: Redis
}

const housekeepingMs = 1000

/** `onCancel` hears the id of each job that a caller cancelled while it ran anywhere. */
export async function openWorkerJobStore(
  settings: Settings,
  log: Logger,
  onCancel: (jobId: string) => void,
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
  await listener.listen(keys.controlChannel, (message) => {
    if (message !== null) onCancel(message)
  })
  const turn = async (): Promise<void> => {
    await feed(redis, queue)
    await expire(redis)
  }
  const housekeeping = setInterval(() => {
    turn().catch((error: unknown) => log.debug({ error }, 'housekeeping is left to the next turn'))
  }, housekeepingMs).unref()
  return {
    redis,
    start: (jobId) => start(redis, jobId),
    open: (jobId, fields) => openPayload(sealer, blobs, jobId, fields),
    commit: (jobId, attempt, result, quarantine) =>
      commit(redis, jobId, attempt, result, quarantine),
    release: (jobId, attempt, delayMs) => release(redis, jobId, attempt, delayMs),
    tell: (jobId, events) => appendEvents(redis, jobId, events),
    feed: async () => {
      await feed(redis, queue)
    },
    async close() {
      clearInterval(housekeeping)
      listener.close()
      await queue.close().catch(() => undefined)
      redis.disconnect()
    },
  }
}
