// One atomic state change is one Lua script in a file of its own; this is how it is sent (EVALSHA, EVAL once when unknown).
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { StoreUnavailable } from './connect.js'
import { keyPrefix } from './keys.js'

/** Declared by every script, so that a cluster sends it to the slot where all its other keys lie too. */
const anchorKey = `${keyPrefix}anchor`

export type Script = { readonly name: string; readonly text: string; readonly sha: string }

export function script(name: string, text: string): Script {
  return { name, text, sha: createHash('sha1').update(text).digest('hex') }
}

const isUnknown = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('NOSCRIPT')

/** Whether an error says that Redis is away or cannot write, and not that we asked wrongly. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true
  if (!(error instanceof Error)) return false
  return /ECONN|ENOENT|EPIPE|Connection is closed|Stream isn't writeable|enableOfflineQueue|max retries|LOADING|MISCONF|READONLY|OOM command|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|Command timed out/i.test(
    error.message,
  )
}

/** Whether Redis itself answered that it does not write: the script has changed nothing. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Error &&
  /\b(OOM command|MISCONF|READONLY|LOADING|CLUSTERDOWN|MASTERDOWN)\b/.test(error.message)

export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && /\bOOM command\b/.test(error.message)

async function send(
  redis: Redis,
  one: Script,
  values: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(one.sha, 1, anchorKey, ...values)
  } catch (error) {
    if (!isUnknown(error)) throw error
    return await redis.eval(one.text, 1, anchorKey, ...values)
  }
}

/** @throws StoreUnavailable when Redis is away; the script may or may not have run then, so callers must be repeatable. */
export async function run(
  redis: Redis,
  one: Script,
  values: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await send(redis, one, values)
  } catch (error) {
    if (isUnavailable(error)) throw new StoreUnavailable((error as Error).message)
    throw error
  }
}

/** Turns a failure of the connection into StoreUnavailable, and leaves all else as it is. */
export async function reaching<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (isUnavailable(error) && !(error instanceof StoreUnavailable))
      throw new StoreUnavailable((error as Error).message)
    throw error
  }
}
