// A Redis of the test's own, with the access lists of a real instance, and both sides of the queue on it.
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { readSettings, type Settings } from '../../contract/config.js'
import type { Payload } from '../../contract/payload.js'
import { newJobId } from '../../queue/job-id.js'
import { type Admission, type ApiJobStore, openApiJobStore } from '../../queue/job-store.js'
import { releaseDirectory } from '../../queue/settings-file.js'
import { type Hears, openWorkerJobStore, type WorkerJobStore } from '../../queue/worker-store.js'

export const log = pino({ level: 'silent' })
const deaf: Hears = { running: () => [], cancelled: () => undefined, lost: () => undefined }
export const prefix = 'stockade:{default}:'

export type LiveQueue = {
  readonly directory: string
  /** Sees and may do everything. */
  readonly look: Redis
  settings(kind: 'api' | 'worker', other?: Partial<Settings>): Settings
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

/** As ops/redis.sh writes them, but for the passwords. */
const common = 'resetchannels &stockade:* +@all -@admin -@dangerous +info +role'
const users = [
  // Redis 7.0 replays transactions of its log as the default user: without rights it would drop them in silence.
  'user default off resetpass ~* &* +@all',
  `user api on >api-password resetkeys ~stockade:* ${common} +client|setname +client|id`,
  `user worker on >worker-password resetkeys ~stockade:{* ${common} +client|setname +client|id`,
  'user test on >test-password ~* &* +@all',
]

function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString('latin1')
      if (/ready to accept connections/i.test(said)) resolve()
    })
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)))
  })
}

function writeDirectory(directory: string): void {
  const lines = [
    'port 0',
    `unixsocket ${join(directory, 'redis.sock')}`,
    `dir ${directory}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    ...users,
  ]
  writeFileSync(join(directory, 'redis.conf'), `${lines.join('\n')}\n`)
  for (const kind of ['api', 'worker'])
    writeFileSync(join(directory, `${kind}.password`), `${kind}-password\n`)
  writeFileSync(join(directory, 'seal.key'), randomBytes(32))
  const { privateKey } = generateKeyPairSync('ed25519')
  const receiptKey = privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(directory, 'receipt.key'), receiptKey)
  for (const name of ['blobs', 'outputs', 'grants', 'images']) mkdirSync(join(directory, name))
  chmodSync(directory, 0o755)
}

function settingsIn(directory: string, kind: 'api' | 'worker', other: Partial<Settings>): Settings {
  return readSettings(
    {
      redisSocket: join(directory, 'redis.sock'),
      redisPasswordFile: join(directory, `${kind}.password`),
      sealKeyFile: join(directory, 'seal.key'),
      receiptKeyFile: join(directory, 'receipt.key'),
      blobDirectory: join(directory, 'blobs'),
      outputDirectory: join(directory, 'outputs'),
      grantDirectory: join(directory, 'grants'),
      imageDirectory: join(directory, 'images'),
      profileDirectory: join(releaseDirectory, 'profiles'),
      launcherSocket: join(directory, 'launcher.sock'),
      workerMetricsAddress: '',
      ...other,
    },
    {},
  )
}

export async function openLiveQueue(): Promise<LiveQueue> {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-queue-test-'))
  writeDirectory(directory)
  let child: ChildProcess | null = null
  const closers: (() => Promise<unknown>)[] = []
  const startRedis = async (): Promise<void> => {
    child = spawn('redis-server', [join(directory, 'redis.conf')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const mine = child
    process.once('exit', () => mine.kill('SIGKILL'))
    await saysReady(child)
  }
  const killRedis = async (): Promise<void> => {
    if (child === null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    child = null
  }
  await startRedis()
  const path = join(directory, 'redis.sock')
  const look = new Redis({ path, username: 'test', password: 'test-password' })
  look.on('error', () => undefined)
  const settings = (kind: 'api' | 'worker', other: Partial<Settings> = {}): Settings =>
    settingsIn(directory, kind, other)
  return {
    directory,
    look,
    settings,
    startRedis,
    killRedis,
    async makeHeard(forMs) {
      const now = Date.now()
      await look.hset(`${prefix}pulse`, { last: now, since: now - forMs })
    },
    async openApi(other) {
      const store = await openApiJobStore(settings('api', other), log)
      closers.push(() => store.close())
      if (!store.healthy()) await once(store.redis, 'ready')
      return store
    },
    async openWorker(hears, other) {
      const store = openWorkerJobStore(settings('worker', other), log)
      closers.push(() => store.close())
      if (hears !== undefined) await store.attend({ ...deaf, ...hears })
      return store
    },
    async close() {
      for (const close of closers.reverse()) await close()
      look.disconnect()
      await killRedis()
      rmSync(directory, { recursive: true, force: true })
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
  other: Partial<Admission> & { queuedJobs?: number; runningJobs?: number } = {},
): Admission {
  const { queuedJobs = 1000, runningJobs = 1000, ...rest } = other
  return {
    payload,
    language: 'bash',
    image: null,
    labels: {},
    priority: 5,
    attemptsMax: 3,
    grant: { name: payload.grant, revision: payload.grantRevision, queuedJobs, runningJobs },
    idempotency: null,
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
