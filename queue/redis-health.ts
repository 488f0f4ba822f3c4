// Whether Redis takes writes, and how long a round trip to it is: asked when somebody wants to know, and once a second.
import type { Redis } from 'ioredis'
import { StoreUnavailable } from './connect.js'
import { keyPrefix } from './keys.js'

/** Never there. */
const probeKey = `${keyPrefix}probe`

/**
 * Refused as every write is while Redis is full (OOM), cannot write its log (MISCONF) or is a replica (READONLY). It sets only
 * a key that is there (XX), so it changes nothing and costs no wait for the disk.
 * @throws StoreUnavailable
 */
export async function checkWrites(redis: Redis): Promise<void> {
  try {
    await redis.set(probeKey, '', 'XX')
  } catch (error) {
    throw new StoreUnavailable((error as Error).message)
  }
}

/** Told each second: seconds of one round trip, or null when Redis takes no writes or has not answered for a second. */
export type RedisLook = (seconds: number | null) => void

const lookMs = 1000

/** Begins to look once a second; returns how to end. At most one question is under way. */
export function watchRedis(redis: Redis, tell: RedisLook): () => void {
  let isAsking = false
  const look = async (): Promise<void> => {
    isAsking = true
    const before = performance.now()
    try {
      await checkWrites(redis)
      tell((performance.now() - before) / 1000)
    } catch {
      tell(null)
    } finally {
      isAsking = false
    }
  }
  // A patient connection keeps a command until Redis is back: not asked then.
  const timer = setInterval(() => {
    if (isAsking || redis.status !== 'ready') tell(null)
    else void look()
  }, lookMs).unref()
  return () => clearInterval(timer)
}
