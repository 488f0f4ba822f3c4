// The worker's process: settings, local files, the queue, metrics, signals.
import { Worker } from 'bullmq'
import { pino } from 'pino'
import { connectPatiently } from '../queue/connect.js'
import { bullPrefix, queueName } from '../queue/keys.js'
import { keepCurrent, loadLocalFiles } from '../queue/local-files.js'
import { loadSettings } from '../queue/settings-file.js'
import { openWorkerJobStore } from '../queue/worker-store.js'
import { type Consumer, openConsumer } from './consume.js'
import { openTelemetry } from './telemetry.js'

const settings = loadSettings(process.env)
const log = pino({
  level: settings.logLevel,
  base: { service: 'worker', instance: settings.instance },
})
const telemetry = openTelemetry()
const files = keepCurrent(settings, log, await loadLocalFiles(settings))
const store = await openWorkerJobStore(settings, log, (jobId) => consumer.cancel(jobId))
const consumer: Consumer = openConsumer({
  store,
  telemetry,
  log,
  launcherSocket: settings.launcherSocket,
  profileDirectory: settings.profileDirectory,
  files: files.current,
})

const worker = new Worker(
  queueName,
  async (job) => {
    if (job.id === undefined) return
    telemetry.slots(consumer.busy + 1, Math.max(0, settings.slots - consumer.busy - 1))
    await consumer.consume(job.id)
    store.feed().catch(() => undefined) // What a death here leaves is fed by the next turn.
  },
  {
    connection: connectPatiently(settings, 'worker'),
    prefix: bullPrefix,
    concurrency: settings.slots,
    lockDuration: settings.lockMs,
    stalledInterval: settings.lockMs,
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
const metricsServer = await telemetry.listen(settings.workerMetricsAddress)
telemetry.slots(0, settings.slots)
log.info({ slots: settings.slots }, 'worker is ready')

let stopping = false
async function stop(signal: string): Promise<void> {
  if (stopping) return
  stopping = true
  log.info({ signal, busy: consumer.busy }, 'draining')
  const timer = setTimeout(() => consumer.drain(), settings.drainMs)
  await worker.close()
  clearTimeout(timer)
  await store.close()
  files.close()
  metricsServer?.close()
  log.info('worker has ended')
  process.exit(0)
}
process.on('SIGTERM', () => void stop('SIGTERM'))
process.on('SIGINT', () => void stop('SIGINT'))
process.on('SIGHUP', () => void files.reload())
