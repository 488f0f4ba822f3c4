// How full the queue is: jobs in each state, the oldest that waits, and the sums of bytes.
import type { Redis } from 'ioredis'
import * as keys from './keys.js'

export type Depth = {
  waiting: number
  handedOver: number
  running: number
  /** Given back for a while (queue/rest.ts). */
  resting: number
  quarantined: number
  oldestMs: number
  /** The same by grant, of those that have a waiting job. */
  oldestMsByGrant: ReadonlyMap<string, number>
  /** Of what jobs asked for, kept for operators. */
  askedBytes: number
  /** By kind (queue/fragment.ts). */
  bytes: Readonly<Record<ByteKind, number>>
}

export const byteKinds = ['queued', 'blob', 'finished', 'event', 'output'] as const
export type ByteKind = (typeof byteKinds)[number]

async function valuesOf(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (error !== null) throw error
    return value
  })
}

async function readAges(redis: Redis): Promise<ReadonlyMap<string, number>> {
  const grants = await redis.smembers(keys.ageGrantsKey)
  const pipeline = redis.pipeline()
  for (const grant of grants) pipeline.zrange(keys.agesKey(grant), '0', '0', 'WITHSCORES')
  const oldest = grants.length === 0 ? [] : await valuesOf(pipeline)
  const age = (at: number): number =>
    Math.max(0, Date.now() - Number((oldest[at] as string[])[1] ?? Number.POSITIVE_INFINITY))
  return new Map(grants.map((grant, at) => [grant, age(at)]))
}

/** @throws StoreUnavailable */
export async function readDepth(redis: Redis): Promise<Depth> {
  const pipeline = redis.pipeline()
  pipeline
    .get(keys.waitingCountKey)
    .zcard(keys.handoverKey)
    .zcard(keys.runningKey)
    .zcard(keys.quarantineKey)
    .zcard(keys.restingKey)
    .get(keys.bytesKey('asked'))
  for (const kind of byteKinds) pipeline.get(keys.bytesKey(kind))
  const values = await valuesOf(pipeline)
  const oldestMsByGrant = await readAges(redis)
  return {
    waiting: Number(values[0] ?? 0),
    handedOver: Number(values[1]),
    running: Number(values[2]),
    quarantined: Number(values[3]),
    resting: Number(values[4]),
    askedBytes: Number(values[5] ?? 0),
    oldestMs: Math.max(0, ...oldestMsByGrant.values()),
    oldestMsByGrant,
    bytes: Object.fromEntries(
      byteKinds.map((kind, at) => [kind, Number(values[6 + at] ?? 0)]),
    ) as Record<ByteKind, number>,
  }
}
