// A whole api on a real Redis child: what the tests of this folder talk to. Nothing in it is a stand-in.
import { createHash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { buildAdminServer, listenOnSocket } from '../../api/admin-server.js'
import { openAdmissionLines } from '../../api/admission-lines.js'
import { type BoundAudit, openApiAudit } from '../../api/audit-bound.js'
import { openKeyStore } from '../../api/key-store.js'
import { openPlaces } from '../../api/places.js'
import { bodyBudget } from '../../api/request-body.js'
import { buildServer } from '../../api/server.js'
import type { Service } from '../../api/service.js'
import { openTelemetry } from '../../api/telemetry.js'
import { tenantsNamed } from '../../api/tenant-metrics.js'
import { openWebhookSecrets } from '../../api/webhook-secret.js'
import { openServiceSender } from '../../api/webhook-sender.js'
import type { Settings } from '../../contract/config.js'
import type { Scope } from '../../contract/key.js'
import { openApiJobStore } from '../../queue/job-store.js'
import { type LocalFiles, loadLocalFiles } from '../../queue/local-files.js'
import { openLog } from '../../queue/log.js'
import { watchRedis } from '../../queue/redis-health.js'
import { openWorkerJobStore, type WorkerJobStore } from '../../queue/worker-store.js'
import { type LiveRedis, whenReady } from '../queue/live-redis.js'

const imageDigest = createHash('sha256').update('image').digest('hex')

function writeLocalFiles(directory: string): void {
  const languages = Object.fromEntries(
    ['python', 'bash', 'c', 'cpp'].map((name) => [name, { version: '1' }]),
  )
  const images = [{ name: 'base', digest: imageDigest, languages, bytes: 1 }]
  writeFileSync(join(directory, 'images', 'index.json'), JSON.stringify({ images }))
}

export type LiveApi = {
  readonly service: Service
  readonly audit: BoundAudit
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
  readonly settings?: Partial<Settings>
  readonly grants?: Readonly<Record<string, string>>
  readonly files?: (files: LocalFiles) => LocalFiles
}

function listLines(): { lines: string[]; log: Logger } {
  const lines: string[] = []
  const log = openLog({ logLevel: 'debug', instance: 'stockade-test' }, 'api', {
    write: (line: string) => void lines.push(line),
  })
  return { lines, log }
}

async function filesOf(settings: Settings, options: ApiOptions): Promise<LocalFiles> {
  const loaded = await loadLocalFiles(settings)
  return options.files?.(loaded) ?? loaded
}

function writeFiles(directory: string, { grants = {} }: ApiOptions): void {
  writeLocalFiles(directory)
  for (const [name, text] of Object.entries(grants))
    writeFileSync(join(directory, 'grants', name), text)
}

export async function openLiveApi(redis: LiveRedis, options: ApiOptions = {}): Promise<LiveApi> {
  writeFiles(redis.directory, options)
  const settings = redis.settings('api', options.settings)
  const { lines, log } = listLines()
  const store = await openApiJobStore(settings, log)
  await whenReady(store.redis)
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const files = await filesOf(settings, options)
  const telemetry = openTelemetry(store, tenantsNamed(settings))
  const audit = await openApiAudit(settings, store, log, telemetry)
  const admissionLines = openAdmissionLines({ ...store, audit, log })
  const service: Service = {
    settings,
    store,
    keys: openKeyStore(store.redis, store.sealer),
    webhookSecrets: openWebhookSecrets(store.redis, store.sealer),
    files: () => files,
    telemetry,
    audit,
    admissionLines,
    budget: bodyBudget(settings.bodyBytesMax),
    waits: openPlaces(settings.tenantWaitsMax),
    log,
    stopping: stopping.signal,
  }
  const sender = openServiceSender(service)
  const endWatch = watchRedis(store.redis, service.telemetry.redis)
  const app = await buildServer(service)
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const admin = await buildAdminServer(service)
  await listenOnSocket(admin, settings.adminSocket)
  const workers: WorkerJobStore[] = []
  return {
    ...{ service, audit, app, origin, lines, settings },
    port: Number(new URL(origin).port),
    adminSocket: settings.adminSocket,
    async key(tenant, scopes = ['submit', 'read'], grant = 'untrusted') {
      return (await service.keys.create({ tenant, grant, scopes, expiresInSeconds: 3600 })).key
    },
    async openWorker() {
      const worker = openWorkerJobStore(redis.settings('worker'), log)
      workers.push(worker)
      return worker
    },
    stop: () => stopping.abort(),
    async close() {
      stopping.abort()
      endWatch()
      await sender.close()
      await Promise.all(workers.map((worker) => worker.close()))
      await app.close()
      admin.server.close()
      await admin.close()
      admissionLines.close()
      await store.close()
      await audit.close()
    },
  }
}
