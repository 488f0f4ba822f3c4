// Real worker processes on a Redis of the test's own, for killing; local files with one image that the fake launcher never opens.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Payload } from '../../contract/payload.js'
import type { KeptJob } from '../../contract/result.js'
import { StoreUnavailable } from '../../queue/connect.js'
import type { ApiJobStore } from '../../queue/job-store.js'
import { admissionOf, type LiveQueue, payloadOf } from '../queue/live-queue.js'
import { whenReady } from '../queue/live-redis.js'

const main = join(fileURLToPath(import.meta.url), '..', '..', '..', 'worker', 'main.js')
export const imageDigest = 'ab'.repeat(32)

export function writeImages(live: LiveQueue): void {
  const images = [{ name: 'base', digest: imageDigest, languages: {}, bytes: 1 }]
  writeFileSync(join(live.directory, 'images', 'index.json'), JSON.stringify({ images }))
}

export type LiveWorker = {
  readonly child: ChildProcess
  readonly lines: Record<string, unknown>[]
  /** Resolves at the first log line with this message. */
  says(message: string): Promise<Record<string, unknown>>
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGHUP'): void
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** Each has an audit log and a socket of its own, as it has on a machine. */
let started = 0

/** A test that fails leaves nothing running. */
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts a worker process and waits until it is ready. */
export async function startWorker(
  live: LiveQueue,
  other: Record<string, string> = {},
): Promise<LiveWorker> {
  const settings = live.settings('worker')
  const number = String(started++)
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: '/usr/bin:/bin',
      STOCKADE_REDIS_SOCKET: settings.redisSocket,
      STOCKADE_REDIS_PASSWORD_FILE: settings.redisPasswordFile,
      STOCKADE_SEAL_KEY_FILE: settings.sealKeyFile,
      STOCKADE_RECEIPT_KEY_FILE: settings.receiptKeyFile,
      STOCKADE_BLOB_DIRECTORY: settings.blobDirectory,
      STOCKADE_OUTPUT_DIRECTORY: settings.outputDirectory,
      STOCKADE_GRANT_DIRECTORY: settings.grantDirectory,
      STOCKADE_IMAGE_DIRECTORY: settings.imageDirectory,
      STOCKADE_AUDIT_DIRECTORY: join(settings.auditDirectory, number),
      STOCKADE_PROFILE_DIRECTORY: settings.profileDirectory,
      STOCKADE_LAUNCHER_SOCKET: settings.launcherSocket,
      STOCKADE_SESSION_SOCKET: join(dirname(settings.auditDirectory), `session-${number}.sock`),
      STOCKADE_WORKER_METRICS_ADDRESS: '',
      STOCKADE_LOCK_MS: '1000',
      STOCKADE_SLOTS: '2',
      ...other,
    },
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const lines: Record<string, unknown>[] = []
  const waiting: (() => void)[] = []
  let held = ''
  child.stdout?.on('data', (piece: Buffer) => {
    held += piece.toString('utf8')
    const texts = held.split('\n')
    held = texts.pop() ?? ''
    for (const text of texts) lines.push(JSON.parse(text) as Record<string, unknown>)
    for (const wake of waiting.splice(0)) wake()
  })
  const says = async (message: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const line = lines.find(({ msg }) => msg === message)
      if (line !== undefined) return line
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  await Promise.race([
    says('worker is ready'),
    ended.then((how) => Promise.reject(new Error(`the worker ended: ${how}`))),
  ])
  return { child, lines, says, ended, kill: (signal) => child.kill(signal) }
}

export function commandPayload(tenant: string, command: readonly string[]): Payload {
  return { ...payloadOf(tenant), spec: { image: 'base', command: [...command] } }
}

export type Submitted = { readonly id: string; readonly finished: Promise<KeptJob> }

/** The record, as soon as Redis is there to tell it. */
async function readWhenThere(
  api: ApiJobStore,
  { tenant, jobId }: Pick<Payload, 'tenant' | 'jobId'>,
): Promise<KeptJob> {
  try {
    const job = await api.read(tenant, jobId)
    if (job === null) throw new Error('the job is gone')
    return job
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    await whenReady(api.redis)
    return await readWhenThere(api, { tenant, jobId })
  }
}

/** Admits a job; `finished` is the job at its end. */
export async function submit(
  api: ApiJobStore,
  payload: Payload,
  other: Parameters<typeof admissionOf>[1] = {},
): Promise<Submitted> {
  const waiter = api.whenFinished(payload.jobId)
  const admitted = await api.admit(
    admissionOf(payload, { language: null, image: 'base', ...other }),
  )
  if (admitted.kind !== 'accepted') throw new Error(`the job is ${admitted.kind}`)
  const finished = waiter.promise.then(() => readWhenThere(api, payload))
  return { id: payload.jobId, finished }
}
