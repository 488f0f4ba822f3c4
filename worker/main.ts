// The worker's process: settings, local files, the queue, metrics, signals.
// Node cannot call prctl: that the process is not dumpable is its supervisor's doing (LimitCORE=0, a user of its own).
import { writeFileSync } from 'node:fs'
import { Worker } from 'bullmq'
import { openAuditLog } from '../queue/audit-log.js'
import { connectPatiently } from '../queue/connect.js'
import { keepCurrent } from '../queue/current-files.js'
import { refuseSmallHeap } from '../queue/heap.js'
import { bullPrefix, queueName } from '../queue/keys.js'
import { loadLocalFiles } from '../queue/local-files.js'
import { openLog } from '../queue/log.js'
import { watchRedis } from '../queue/redis-health.js'
import { openSealer } from '../queue/seal.js'
import { loadSettings, releaseDirectory } from '../queue/settings-file.js'
import { unrunOutcome } from '../queue/unrun.js'
import { openWorkerJobStore } from '../queue/worker-store.js'
import { openConsumer } from './consume.js'
import { openLanes } from './lanes.js'
import { openLauncherGate } from './launcher-gate.js'
import { openPayloadBudget, payloadBudgetBytes } from './payload-budget.js'
import { placeOf } from './place.js'
import { reportProfiles } from './profile-report.js'
import { openReceiptSigner } from './receipt-key.js'
import { openSessionRegistry } from './session-registry.js'
import { listenForSessions } from './session-socket.js'
import { openTelemetry } from './telemetry.js'

const settings = loadSettings(process.env)
refuseSmallHeap(settings)
const log = openLog(settings, 'worker')
const budget = openPayloadBudget(payloadBudgetBytes(settings.bodyBytesMax))
const telemetry = openTelemetry(budget)
const seccompFolders = {
  profilesFolder: settings.profileDirectory,
  ownFolder: settings.seccompDirectory,
}
reportProfiles(seccompFolders, log)
const files = keepCurrent(settings, log, await loadLocalFiles(settings), telemetry.grantsRead)
const signer = openReceiptSigner(settings.receiptKeyFile)
const metricsServer = await telemetry.listen(settings.workerMetricsAddress)
const store = openWorkerJobStore(settings, log)
const audit = await openAuditLog({
  ...{ directory: settings.auditDirectory, process: 'worker', log },
  sealer: openSealer(settings.sealKeyFile),
  onLine: telemetry.audited,
  onFailure: telemetry.auditFailed,
})
const endWatch = watchRedis(store.redis, telemetry.redis)
const sessions = openSessionRegistry()
const sessionServer = await listenForSessions(settings.sessionSocket, sessions, log)
const consumer = openConsumer({
  sessions,
  store,
  telemetry,
  budget,
  lanes: openLanes(settings.slots),
  log,
  launcherSocket: settings.launcherSocket,
  seccompFolders,
  files: files.current,
  signer,
  audit,
  place: placeOf(releaseDirectory),
  onLauncherAway: () => gate.close(),
})

await store.attend({
  running: consumer.running,
  cancelled: consumer.cancel,
  expired(jobs) {
    for (const job of jobs) audit.tell(unrunOutcome(job, 'expired'))
  },
  lost(jobId) {
    log.warn({ jobId }, 'another attempt has taken over; this one is ended')
    consumer.lose(jobId)
  },
})

function reportSlots(): void {
  telemetry.slots(consumer.busy, Math.max(0, settings.slots - consumer.busy))
}

async function consume(jobId: string): Promise<void> {
  const done = consumer.consume(jobId).finally(reportSlots)
  reportSlots()
  if ((await done) === 'ended') return
  store.feed().catch(() => undefined) // What a death here leaves is fed by the next turn.
}

const worker = new Worker(
  queueName,
  async (job) => {
    if (job.id !== undefined) await consume(job.id)
  },
  {
    connection: connectPatiently(settings, 'worker'),
    prefix: bullPrefix,
    concurrency: settings.slots,
    lockDuration: settings.lockMs,
    stalledInterval: Math.ceil(settings.lockMs / 2),
    // Our own count of deaths decides (queue/start.ts), never BullMQ's.
    maxStalledCount: 1_000_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    skipVersionCheck: true,
  },
)
worker.on('error', (error) => log.debug({ error: error.message }, 'queue'))
worker.on('failed', (job, error) =>
  log.error({ jobId: job?.id, error: error.stack }, 'an attempt failed unexpectedly'),
)
const gate = openLauncherGate(settings.launcherSocket, {
  onClosed() {
    log.warn('the launcher is away: no new work until it is back')
    worker.pause(true).catch((error: unknown) => log.error({ err: error }, 'pausing failed'))
  },
  onOpened() {
    log.info('the launcher is back')
    worker.resume()
  },
})
reportSlots()
if (settings.workerReadyFile !== '') writeFileSync(settings.workerReadyFile, `${process.pid}\n`)
log.info({ slots: settings.slots, receiptKey: signer.keyId }, 'worker is ready')

let stopping = false
/** Takes no more, lets what runs end until `drainMs`, then gives the rest back; nothing is lost and nothing counts as a loss. */
async function stop(signal: string): Promise<void> {
  if (stopping) return
  stopping = true
  log.info({ signal, busy: consumer.busy }, 'draining')
  gate.stop()
  const timer = setTimeout(() => consumer.drain(), settings.drainMs)
  await worker.close()
  clearTimeout(timer)
  endWatch()
  await store.close()
  files.close()
  metricsServer?.close()
  sessionServer.close()
  await audit.close()
  log.info('worker has ended')
  process.exit(0)
}
process.on('SIGTERM', () => void stop('SIGTERM'))
process.on('SIGINT', () => void stop('SIGINT'))
process.on('SIGHUP', () => {
  void files.reload()
  void audit.reopen()
  try {
    signer.reload()
    log.info({ receiptKey: signer.keyId }, 'the key of receipts is loaded')
  } catch (error) {
    log.error({ err: error }, 'the key of receipts does not load; the old one signs')
  }
})
