// Keeps what jobs asked for, of each kind once, for a day: sealed, bounded in number and size, written every few seconds and never on the
// way of a job. It is a help for operators (`./stockade policy diff`): what is lost with a process, or has no room, is only counted.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import {
  type AskedKind,
  askedBytesMax,
  askedKeepMs,
  askedKindsMax,
  askedTenantsMax,
} from '../contract/asked.js'
import type { JobSpec } from '../contract/job.js'
import { askOfJob } from '../policy/job-ask.js'
import { askToKeep } from '../policy/kept-ask.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'
import type { Binding, Sealer } from './seal.js'

type Judged = {
  readonly tenant: string
  readonly grant: string
  readonly verdict: 'allow' | 'deny'
  readonly spec: JobSpec
}

type Pending = { readonly kind: string; readonly grant: string; count: number }

export type AskedJobs = {
  note(judged: Judged): void
  /** Writes what was noted. Happens by itself every few seconds. Never throws. */
  flush(): Promise<void>
  /** @throws StoreUnavailable */
  read(): Promise<AskedKind[]>
  close(): Promise<void>
}

const flushMs = 5000

// In: prefix, tenant, now, kept ms, kinds at most, tenants at most, then digest, count and sealed kind in turn.
// asked:<t> hash digest → kind; asked-counts:<t> hash digest → jobs; asked-seen:<t> zset digests by when they were seen last;
// asked-tenants zset tenants by the same.
const keepScript = script(
  'keep-asked',
  `local P, tenant, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local function keys(t) return P .. 'asked:' .. t, P .. 'asked-counts:' .. t, P .. 'asked-seen:' .. t end
local kinds, counts, seen = keys(tenant)
for at = 7, #ARGV, 3 do
  redis.call('HSET', kinds, ARGV[at], ARGV[at + 2])
  redis.call('HINCRBY', counts, ARGV[at], ARGV[at + 1])
  redis.call('ZADD', seen, now, ARGV[at])
end
local gone = redis.call('ZRANGEBYSCORE', seen, '-inf', now - ARGV[4])
for _, digest in ipairs(redis.call('ZRANGE', seen, #gone, -1 - ARGV[5])) do gone[#gone + 1] = digest end
for _, digest in ipairs(gone) do
  redis.call('HDEL', kinds, digest)
  redis.call('HDEL', counts, digest)
  redis.call('ZREM', seen, digest)
end
for _, key in ipairs({kinds, counts, seen}) do redis.call('PEXPIRE', key, ARGV[4]) end
redis.call('ZADD', P .. 'asked-tenants', now, tenant)
redis.call('ZREMRANGEBYSCORE', P .. 'asked-tenants', '-inf', now - ARGV[4])
for _, other in ipairs(redis.call('ZRANGE', P .. 'asked-tenants', 0, -1 - ARGV[6])) do
  redis.call('DEL', keys(other))
  redis.call('ZREM', P .. 'asked-tenants', other)
end
return #gone`,
)

const bindingOf = (tenant: string, digest: string): Binding => ({
  jobId: `asked ${digest}`,
  tenant,
  grant: '',
  expiresAtMs: 0,
})

type Kept = Pick<AskedKind, 'grant' | 'verdict' | 'ask'>

async function readTenant(redis: Redis, sealer: Sealer, tenant: string): Promise<AskedKind[]> {
  const [kinds, counts, seen] = await Promise.all([
    redis.hgetall(`${keyPrefix}asked:${tenant}`),
    redis.hgetall(`${keyPrefix}asked-counts:${tenant}`),
    redis.zrange(`${keyPrefix}asked-seen:${tenant}`, '0', '-1', 'WITHSCORES'),
  ])
  const lastAt = new Map<string, number>()
  for (let at = 0; at < seen.length; at += 2) lastAt.set(seen[at] ?? '', Number(seen[at + 1]))
  return Object.entries(kinds).flatMap(([digest, sealed]) => {
    try {
      const plain = sealer.open(Buffer.from(sealed, 'base64'), bindingOf(tenant, digest))
      const kept = JSON.parse(plain.toString('utf8')) as Kept
      return {
        ...{ tenant, ...kept },
        count: Math.max(1, Number(counts[digest] ?? 1)),
        lastAtMs: lastAt.get(digest) ?? 0,
      }
    } catch {
      // Not sealed by us, or with another key: nothing to go by.
      return []
    }
  })
}

export function openAskedJobs(redis: Redis, sealer: Sealer, log: Logger): AskedJobs {
  let pending = new Map<string, Map<string, Pending>>()
  let leftOut = 0

  const noteKind = (tenant: string, grant: string, kind: string): void => {
    const digest = sealer.digest(kind).slice(0, 32)
    let kinds = pending.get(tenant)
    if (kinds === undefined && pending.size < askedTenantsMax) {
      kinds = new Map()
      pending.set(tenant, kinds)
    }
    const known = kinds?.get(digest)
    if (known !== undefined) known.count += 1
    else if (kinds !== undefined && kinds.size < askedKindsMax)
      kinds.set(digest, { kind, grant, count: 1 })
    else leftOut += 1
  }
  const keep = async (tenant: string, kinds: ReadonlyMap<string, Pending>): Promise<void> => {
    const values = [...kinds].flatMap(([digest, { kind, count }]) => [
      digest,
      count,
      sealer.seal(Buffer.from(kind), bindingOf(tenant, digest)).toString('base64'),
    ])
    await run(redis, keepScript, [
      ...[keyPrefix, tenant, Date.now(), askedKeepMs, askedKindsMax, askedTenantsMax],
      ...values,
    ])
  }
  const flush = async (): Promise<void> => {
    const noted = pending
    pending = new Map()
    try {
      for (const [tenant, kinds] of noted) await keep(tenant, kinds)
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'what jobs asked was not kept')
    }
    if (leftOut > 0) log.debug({ jobs: leftOut }, 'no room to keep what these jobs asked')
    leftOut = 0
  }
  const timer = setInterval(() => void flush(), flushMs).unref()
  return {
    note({ tenant, grant, verdict, spec }) {
      const kind = JSON.stringify({ grant, verdict, ask: askToKeep(askOfJob(spec)) })
      if (kind.length > askedBytesMax) leftOut += 1
      else noteKind(tenant, grant, kind)
    },
    flush,
    async read() {
      const since = Date.now() - askedKeepMs
      const tenants = await redis.zrangebyscore(`${keyPrefix}asked-tenants`, since, '+inf')
      const all: AskedKind[] = []
      for (const tenant of tenants) all.push(...(await readTenant(redis, sealer, tenant)))
      return all.filter(({ lastAtMs }) => lastAtMs >= since)
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
