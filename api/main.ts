// The api process: reads settings, listens, and ends gracefully when told to.
import { setMaxListeners } from 'node:events'
import { SettingsError } from '../contract/config.js'
import { keepCurrent } from '../queue/current-files.js'
import { refuseSmallHeap } from '../queue/heap.js'
import { openApiJobStore } from '../queue/job-store.js'
import { loadLocalFiles } from '../queue/local-files.js'
import { openLog } from '../queue/log.js'
import { watchRedis } from '../queue/redis-health.js'
import { loadSettings } from '../queue/settings-file.js'
import { unrunOutcome } from '../queue/unrun.js'
import { buildAdminServer, listenOnSocket } from './admin-server.js'
import { openAdmissionLines } from './admission-lines.js'
import { openApiAudit } from './audit-bound.js'
import { openKeyStore } from './key-store.js'
import { openPlaces } from './places.js'
import { bodyBudget } from './request-body.js'
import { buildMetricsServer, buildServer } from './server.js'
import type { Service } from './service.js'
import { countRetired, openTelemetry } from './telemetry.js'
import { tenantsNamed } from './tenant-metrics.js'
import { openWebhookSecrets } from './webhook-secret.js'
import { openServiceSender } from './webhook-sender.js'

function settingsOrExit(): ReturnType<typeof loadSettings> {
  try {
    const settings = loadSettings(process.env)
    refuseSmallHeap(settings)
    return settings
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`stockade api: ${error.message}\n`)
    process.exit(2)
  }
}

/** `host:port`, where the host may be an IPv6 address in brackets. */
function addressOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  return {
    host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(text.slice(colon + 1)),
  }
}

const settings = settingsOrExit()
const log = openLog(settings, 'api')
const files = keepCurrent(settings, log, await loadLocalFiles(settings), (isTaken) =>
  telemetry.grantsRead(isTaken),
)
const store = await openApiJobStore(
  settings,
  log,
  (retired) => countRetired(telemetry, retired),
  (jobs) => {
    for (const job of jobs) audit.tell(unrunOutcome(job, 'expired'))
  },
  (jobs) => {
    for (const job of jobs) audit.tell(unrunOutcome(job, 'cancelled'))
  },
)
const telemetry = openTelemetry(store, tenantsNamed(settings))
const audit = await openApiAudit(settings, store, log, telemetry)
const admissionLines = openAdmissionLines({ ...store, audit, log })
const stopping = new AbortController()
// Every waiting request and every stream listens.
setMaxListeners(0, stopping.signal)

const service: Service = {
  settings,
  store,
  keys: openKeyStore(store.redis, store.sealer),
  webhookSecrets: openWebhookSecrets(store.redis, store.sealer),
  files: files.current,
  telemetry,
  budget: bodyBudget(settings.bodyBytesMax),
  waits: openPlaces(settings.tenantWaitsMax),
  log,
  audit,
  admissionLines,
  stopping: stopping.signal,
}

const sender = openServiceSender(service)
const endWatch = watchRedis(store.redis, service.telemetry.redis)
const app = await buildServer(service)
const admin = await buildAdminServer(service)
const metrics = settings.metricsAddress === '' ? null : await buildMetricsServer(service)

await listenOnSocket(admin, settings.adminSocket)
if (metrics !== null) await metrics.listen(addressOf(settings.metricsAddress))
await app.listen(addressOf(settings.address))
log.info({ address: settings.address }, 'listening')

/** Waiting requests answer 202, streams end, new requests are refused; what is being answered is finished. */
async function stop(signal: string): Promise<void> {
  if (stopping.signal.aborted) return
  log.info({ signal }, 'stopping')
  stopping.abort()
  // Should a peer keep its connection busy for ever, we end all the same.
  setTimeout(() => process.exit(0), 10_000).unref()
  await Promise.allSettled([app.close(), metrics?.close()])
  admin.server.close()
  await admin.close()
  files.close()
  endWatch()
  await sender.close()
  admissionLines.close()
  await store.close()
  await audit.close()
  log.info('stopped')
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
process.on('SIGHUP', () => {
  void files.reload()
  void audit.reopen()
})
process.on('unhandledRejection', (reason) => {
  log.fatal(
    { error: reason instanceof Error ? reason.stack : String(reason) },
    'unhandled rejection',
  )
  process.exit(1)
})
