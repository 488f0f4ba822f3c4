// The log of both processes: JSON lines, and what may never stand in any of them.
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Settings } from '../contract/config.js'
import type { ProcessKind } from './connect.js'

/**
 * Names under which a secret or a caller's text could come into a log line, wherever someone passes such an object. An error of
 * ioredis holds the command that failed, with all its values.
 */
const secretNames = [
  'authorization',
  'key',
  'secret',
  'secretHash',
  'password',
  'command',
  'payload',
  'source',
  'stdin',
  'env',
  'files',
  'content',
  'contentBase64',
  'stdout',
  'stderr',
]

const redaction = {
  paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  censor: '[redacted]',
}

/** Lines that come together are written together: a write a line wakes whoever keeps the log once a line. Bytes. */
const batchBytes = 4096
/** No line waits longer than this, milliseconds. */
const batchMs = 50
const urgentLevel = pino.levels.values.warn ?? 0

/**
 * Standard output in batches. A warning, and all before it, is written at once; so is the rest when the process ends by itself.
 * What a SIGKILL can take away is the last `batchMs` of what was no warning.
 */
function openBatches(): DestinationStream {
  // Not synchronous: who keeps the log may be slow, and must not hold up a job.
  const file = pino.destination({ fd: process.stdout.fd, sync: false, minLength: batchBytes })
  let timer: NodeJS.Timeout | null = null
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    file.flush()
  }
  return {
    // Asks pino to say the level of each line before it writes it.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string) {
      file.write(line)
      if (this.lastLevel >= urgentLevel) flush()
      else timer ??= setTimeout(flush, batchMs).unref()
    },
    flushSync: () => file.flushSync(),
  } as DestinationStream & { lastLevel: number }
}

export function openLog(
  settings: Pick<Settings, 'logLevel' | 'instance'>,
  service: ProcessKind | 'guard',
  destination: DestinationStream = openBatches(),
): Logger {
  const options = {
    level: settings.logLevel,
    base: { service, instance: settings.instance },
    redact: redaction,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return pino(options, destination)
}
