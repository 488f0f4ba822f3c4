// Both sides of the queue on a Redis of the test's own.
import { pino } from 'pino'
import type { Settings } from '../../contract/config.js'
import type { Payload } from '../../contract/payload.js'
import type { QuotaOverrides } from '../../contract/quota.js'
import { newJobId } from '../../queue/job-id.js'
import { type Admission, type ApiJobStore, openApiJobStore } from '../../queue/job-store.js'
import { type Hears, openWorkerJobStore, type WorkerJobStore } from '../../queue/worker-store.js'
import { type LiveRedis, openLiveRedis, whenReady } from './live-redis.js'

export const log = pino({ level: 'silent' })
const deaf: Hears = {
  running: () => [],
  cancelled: () => undefined,
  lost: () => undefined,
  expired: () => undefined,
}
export const prefix = 'stockade:{default}:'

export type LiveQueue = Pick<LiveRedis, 'directory' | 'look' | 'settings'> & {
  openApi(other?: Partial<Settings>): Promise<ApiJobStore>
  /** Without `hears` nobody hears of it: to the others it is silent. */
  openWorker(hears?: Partial<Hears>, other?: Partial<Settings>): Promise<WorkerJobStore>
  /** As if somebody had been heard for so long without a pause, milliseconds: who has not been heard is silent since. */
  makeHeard(forMs: number): Promise<void>
  startRedis(): Promise<void>
  /** Ends Redis without a word, as a loss of power does to a process. */
  killRedis(): Promise<void>
  close(): Promise<void>
}

export async function openLiveQueue(): Promise<LiveQueue> {
  const redis = await openLiveRedis()
  const closers: (() => Promise<unknown>)[] = []
  return {
    ...redis,
    startRedis: redis.start,
    killRedis: redis.kill,
    async makeHeard(forMs) {
      const now = Date.now()
      await redis.look.hset(`${prefix}pulse`, { last: now, since: now - forMs })
    },
    async openApi(other) {
      const store = await openApiJobStore(redis.settings('api', other), log)
      closers.push(() => store.close())
      await whenReady(store.redis)
      return store
    },
    async openWorker(hears, other) {
      const store = openWorkerJobStore(redis.settings('worker', other), log)
      closers.push(() => store.close())
      if (hears !== undefined) await store.attend({ ...deaf, ...hears })
      return store
    },
    async close() {
      for (const close of closers.reverse()) await close()
      await redis.close()
    },
  }
}

export function payloadOf(tenant: string, source = 'echo 42', lifeMs = 3_600_000): Payload {
  const acceptedAtMs = Date.now()
  return {
    jobId: newJobId(),
    tenant,
    grant: 'untrusted',
    grantRevision: 'r1',
    acceptedAtMs,
    expiresAtMs: acceptedAtMs + lifeMs,
    spec: { language: 'bash', source },
  }
}

export function admissionOf(
  payload: Payload,
  other: Partial<Admission> & QuotaOverrides & { weight?: number } = {},
): Admission {
  const { queuedJobs = 1000, runningJobs = 1000, weight = 100, ...more } = other
  const { submitsPerMinute = 0, cpuSecondsPerDay = 0, ...others } = more
  const { memoryMebibyteSecondsPerDay = 0, storedBytes = 0, ...rest } = others
  const daily = {
    sessions: 0,
    submitsPerMinute,
    cpuSecondsPerDay,
    memoryMebibyteSecondsPerDay,
    storedBytes,
  }
  return {
    payload,
    language: 'bash',
    image: null,
    labels: {},
    warnings: [],
    priority: 5,
    attemptsMax: 3,
    lifetimeMs: 60_000,
    grant: {
      ...{ name: payload.grant, revision: payload.grantRevision, weight },
      ...{ queuedJobs, runningJobs, ...daily },
    },
    ...{ idempotency: null, after: [], batch: null },
    auditLine: '',
    ...rest,
  }
}

/** Admits a job and gives its id. @throws Error unless it was accepted. */
export async function accept(
  api: ApiJobStore,
  tenant: string,
  other: Parameters<typeof admissionOf>[1] & { lifeMs?: number; source?: string } = {},
): Promise<string> {
  const { lifeMs, source, ...rest } = other
  const admitted = await api.admit(admissionOf(payloadOf(tenant, source, lifeMs), rest))
  if (admitted.kind !== 'accepted') throw new Error(`the job is ${admitted.kind}`)
  return admitted.jobId
}
