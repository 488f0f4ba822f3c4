// A whole api on a real Redis child: what the tests of this folder talk to. Nothing in it is a stand-in.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { type Logger, pino } from 'pino'
import { buildAdminServer, listenOnSocket } from '../../api/admin-server.js'
import { openKeyStore } from '../../api/key-store.js'
import { bodyBudget } from '../../api/request-body.js'
import { redaction } from '../../api/request-log.js'
import { buildServer } from '../../api/server.js'
import type { Service } from '../../api/service.js'
import { openTelemetry } from '../../api/telemetry.js'
import { readSettings, type Settings } from '../../contract/config.js'
import type { Scope } from '../../contract/key.js'
import { openApiJobStore } from '../../queue/job-store.js'
import { type LocalFiles, loadLocalFiles } from '../../queue/local-files.js'
import { releaseDirectory } from '../../queue/settings-file.js'
import { openWorkerJobStore, type WorkerJobStore } from '../../queue/worker-store.js'

export type LiveRedis = {
  readonly directory: string
  /** For looking at what is stored; a connection of its own. */
  readonly look: Redis
  start(): Promise<void>
  stop(): Promise<void>
  /** There, but silent. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

const password = 'a-password-of-the-tests'

/** A Redis of the test's own: UNIX socket, no port, AOF, as set-up configures it. */
export async function openLiveRedis(): Promise<LiveRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-api-test-'))
  const socket = join(directory, 'redis.sock')
  writeFileSync(
    join(directory, 'redis.conf'),
    [
      'port 0',
      `unixsocket ${socket}`,
      `dir ${directory}`,
      'appendonly yes',
      'save ""',
      // It replays the log as this user: without rights a restart would forget everything.
      'user default off resetpass ~* &* +@all',
      ...['api', 'worker', 'test'].map((user) => `user ${user} on >${password} ~* &* +@all`),
    ].join('\n'),
  )
  writeFileSync(join(directory, 'redis.password'), password)
  let child: ChildProcess | null = null
  // A test that fails outright must not leave a server behind.
  process.once('exit', () => child?.kill('SIGKILL'))
  process.once('SIGTERM', () => process.exit(1))
  const start = async (): Promise<void> => {
    child = spawn('redis-server', [join(directory, 'redis.conf')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await saysReady(child)
  }
  const stop = async (): Promise<void> => {
    if (child === null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    child = null
  }
  await start()
  const look = new Redis({ path: socket, username: 'test', password })
  look.on('error', () => undefined)
  return {
    directory,
    look,
    start,
    stop,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      look.disconnect()
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Resolves when Redis says that it takes connections. */
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

const imageDigest = createHash('sha256').update('image').digest('hex')

function writeLocalFiles(directory: string): void {
  for (const name of ['images', 'grants', 'blobs', 'outputs']) {
    mkdirSync(join(directory, name), { recursive: true })
  }
  const languages = Object.fromEntries(
    ['python', 'bash', 'c', 'cpp'].map((name) => [name, { version: '1' }]),
  )
  const images = [{ name: 'base', digest: imageDigest, languages, bytes: 1 }]
  writeFileSync(join(directory, 'images', 'index.json'), JSON.stringify({ images }))
  writeFileSync(join(directory, 'seal.key'), randomBytes(32))
}

export type LiveApi = {
  readonly service: Service
  readonly app: FastifyInstance
  readonly origin: string
  readonly port: number
  readonly adminSocket: string
  /** Lines of the log, as JSON texts. */
  readonly lines: string[]
  readonly settings: Settings
  key(tenant: string, scopes?: readonly Scope[], grant?: string): Promise<string>
  /** The worker's side of the queue, for real transitions. */
  openWorker(): Promise<WorkerJobStore>
  /** Tells the process to end, as SIGTERM does. */
  stop(): void
  close(): Promise<void>
}

export type ApiOptions = {
  readonly settings?: Readonly<Record<string, string | number>>
  readonly grants?: Readonly<Record<string, string>>
  readonly files?: (files: LocalFiles) => LocalFiles
}

export function settingsIn(
  directory: string,
  more: Readonly<Record<string, string | number>>,
): Settings {
  return readSettings(
    {
      instance: 'stockade-test',
      address: '127.0.0.1:0',
      redisSocket: join(directory, 'redis.sock'),
      redisPasswordFile: join(directory, 'redis.password'),
      sealKeyFile: join(directory, 'seal.key'),
      attestationDirectory: join(directory, 'attestation'),
      imageDirectory: join(directory, 'images'),
      blobDirectory: join(directory, 'blobs'),
      outputDirectory: join(directory, 'outputs'),
      grantDirectory: join(directory, 'grants'),
      profileDirectory: join(releaseDirectory, 'profiles'),
      adminSocket: join(directory, 'admin.sock'),
      ...more,
    },
    {},
  )
}

function listLines(): { lines: string[]; log: Logger } {
  const lines: string[] = []
  const log = pino(
    { level: 'debug', redact: redaction },
    { write: (line: string) => void lines.push(line) },
  )
  return { lines, log }
}

export async function openLiveApi(redis: LiveRedis, options: ApiOptions = {}): Promise<LiveApi> {
  writeLocalFiles(redis.directory)
  for (const [name, text] of Object.entries(options.grants ?? {})) {
    writeFileSync(join(redis.directory, 'grants', name), text)
  }
  const settings = settingsIn(redis.directory, options.settings ?? {})
  const { lines, log } = listLines()
  const store = await openApiJobStore(settings, log)
  if (!store.healthy()) await once(store.redis, 'ready')
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const loaded = await loadLocalFiles(settings)
  const files = options.files?.(loaded) ?? loaded
  const service: Service = {
    settings,
    store,
    keys: openKeyStore(store.redis, store.sealer),
    files: () => files,
    telemetry: openTelemetry(store),
    budget: bodyBudget(settings.bodyBytesMax),
    log,
    stopping: stopping.signal,
  }
  const app = await buildServer(service)
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const admin = await buildAdminServer(service)
  await listenOnSocket(admin, settings.adminSocket)
  const workers: WorkerJobStore[] = []
  return {
    service,
    app,
    origin,
    port: Number(new URL(origin).port),
    adminSocket: settings.adminSocket,
    lines,
    settings,
    async key(tenant, scopes = ['submit', 'read'], grant = 'untrusted') {
      return (await service.keys.create({ tenant, grant, scopes, expiresInSeconds: 3600 })).key
    },
    async openWorker() {
      const worker = openWorkerJobStore(settings, log)
      workers.push(worker)
      return worker
    },
    stop: () => stopping.abort(),
    async close() {
      stopping.abort()
      await Promise.all(workers.map((worker) => worker.close()))
      await app.close()
      admin.server.close()
      await admin.close()
      await store.close()
    },
  }
}
