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

export function openLog(
  settings: Pick<Settings, 'logLevel' | 'instance'>,
  service: ProcessKind,
  destination?: DestinationStream,
): Logger {
  const options = {
    level: settings.logLevel,
    base: { service, instance: settings.instance },
    redact: redaction,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
