// Connections to Redis: the embedded one by its socket and ACL user, or an external one by its address.
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Settings } from '../contract/config.js'

/** What we set of ioredis's many options. */
type ConnectionOptions = {
  path?: string
  host?: string
  port?: number
  username?: string
  password?: string
  tls?: object
  retryStrategy: (attempt: number) => number
  enableReadyCheck: boolean
}

export type ProcessKind = 'api' | 'worker'

/** Redis cannot be reached or does not take writes. Nothing was accepted. */
export class StoreUnavailable extends Error {
  constructor(reason: string) {
    super(`the store is unavailable: ${reason}`)
  }
}

function passwordOf(settings: Settings, kind: ProcessKind): string | undefined {
  const derived = `/var/lib/${settings.instance}/secrets/redis-${kind}.password`
  const file = settings.redisPasswordFile === '' ? derived : settings.redisPasswordFile
  if (settings.redisUrl !== '' && settings.redisPasswordFile === '') return undefined
  return readFileSync(file, 'utf8').trim()
}

/** Tries again for ever, at most a second apart: an embedded Redis is back within one. */
const retryStrategy = (attempt: number): number => Math.min(50 * attempt, 1000)

function connectionOptions(settings: Settings, kind: ProcessKind): ConnectionOptions {
  const password = passwordOf(settings, kind)
  const common = { retryStrategy, enableReadyCheck: true }
  const identity = password === undefined ? {} : { username: kind, password }
  if (settings.redisUrl === '') return { ...common, ...identity, path: settings.redisSocket }
  return { ...common, ...identity, ...optionsOfUrl(settings.redisUrl) }
}

function optionsOfUrl(text: string): Partial<ConnectionOptions> {
  const url = new URL(text)
  const user = url.username === '' ? {} : { username: decodeURIComponent(url.username) }
  const password = url.password === '' ? {} : { password: decodeURIComponent(url.password) }
  return {
    host: url.hostname,
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    ...user,
    ...password,
  }
}

/** For requests of people: fails at once when Redis is away, never queues. */
export function connectFailingFast(settings: Settings, kind: ProcessKind): Redis {
  return new Redis({
    ...connectionOptions(settings, kind),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // A Redis that is there and does not answer (stopped, swapping) must not hold requests for ever.
    commandTimeout: 5000,
  })
}

/** For BullMQ and subscriptions: waits for Redis to come back. */
export function connectPatiently(settings: Settings, kind: ProcessKind): Redis {
  return new Redis({ ...connectionOptions(settings, kind), maxRetriesPerRequest: null })
}
