// Keeps what jobs asked for, of each kind once, for a day: sealed, bounded in number and size, written every few seconds and never on the
// way of a job. It is a help for operators (`./stockade policy diff`): what is lost with a process, or has no room, is only counted.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import {
  type AskedKind,
  askedAllBytesMax,
  askedBytesMax,
  askedKeepMs,
  askedKindsMax,
  askedTenantsMax,
} from '../contract/asked.js'
import type { JobSpec } from '../contract/job.js'
import { askOfJob } from '../policy/job-ask.js'
import { askToKeep } from '../policy/kept-ask.js'
import { names } from './fragment.js'
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

const hourMs = 3_600_000
const hoursKept = askedKeepMs / hourMs

// In: prefix, tenant, now, kept ms, kinds at most, tenants at most, bytes at most, then digest, count and sealed kind in turn.
// asked:<t> hash digest → kind; asked-counts:<t>:<hour> hash digest → jobs in that hour; asked-seen:<t> zset digests by when they were
// seen last; asked-tenants zset tenants by the same; asked-bytes and asked-bytes-by as of other kinds of bytes (queue/fragment.ts).
const keepScript = script(
  'keep-asked',
  `${names}
local tenant, now, keep = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local hour = math.floor(now / ${hourMs})
local kinds, seen = P .. 'asked:' .. tenant, P .. 'asked-seen:' .. tenant
local function counts(t, back) return P .. 'asked-counts:' .. t .. ':' .. string.format('%.0f', hour - back) end
local bytes = 0
local function was(t) return tonumber(redis.call('ZSCORE', P .. 'asked-bytes-by', t) or '0') end
if redis.call('EXISTS', kinds) == 0 then count('asked', tenant, -was(tenant)) end
for at = 8, #ARGV, 3 do
  bytes = bytes + #ARGV[at + 2] - redis.call('HSTRLEN', kinds, ARGV[at])
  redis.call('HSET', kinds, ARGV[at], ARGV[at + 2])
  redis.call('HINCRBY', counts(tenant, 0), ARGV[at], ARGV[at + 1])
  redis.call('ZADD', seen, now, ARGV[at])
end
local gone = redis.call('ZRANGEBYSCORE', seen, '-inf', now - keep)
for _, digest in ipairs(redis.call('ZRANGE', seen, #gone, -1 - ARGV[5])) do gone[#gone + 1] = digest end
if #gone > 0 then
  for _, digest in ipairs(gone) do bytes = bytes - redis.call('HSTRLEN', kinds, digest) end
  redis.call('HDEL', kinds, unpack(gone))
  redis.call('ZREM', seen, unpack(gone))
  for back = 0, ${hoursKept} do redis.call('HDEL', counts(tenant, back), unpack(gone)) end
end
count('asked', tenant, bytes)
for _, key in ipairs({kinds, seen}) do redis.call('PEXPIRE', key, keep) end
redis.call('PEXPIRE', counts(tenant, 0), keep + ${hourMs})
local tenants = P .. 'asked-tenants'
redis.call('ZADD', tenants, now, tenant)
local function forget(other)
  count('asked', other, -was(other))
  redis.call('DEL', P .. 'asked:' .. other, P .. 'asked-seen:' .. other)
  for back = 0, ${hoursKept} do redis.call('DEL', counts(other, back)) end
  redis.call('ZREM', tenants, other)
end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', tenants, '-inf', now - keep)) do forget(other) end
for _, other in ipairs(redis.call('ZRANGE', tenants, 0, -1 - ARGV[6])) do forget(other) end
while tonumber(redis.call('GET', P .. 'asked-bytes') or '0') > tonumber(ARGV[7]) do
  local other = redis.call('ZRANGE', tenants, 0, 0)[1]
  if not other then break end
  forget(other)
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

/** Jobs of each kind in the hours that began within the last day. */
async function readCounts(redis: Redis, tenant: string): Promise<ReadonlyMap<string, number>> {
  const hour = Math.floor(Date.now() / hourMs)
  const rows = await Promise.all(
    Array.from({ length: hoursKept }, (_, back) =>
      redis.hgetall(`${keyPrefix}asked-counts:${tenant}:${hour - back}`),
    ),
  )
  const counts = new Map<string, number>()
  for (const [digest, count] of rows.flatMap((row) => Object.entries(row)))
    counts.set(digest, (counts.get(digest) ?? 0) + Number(count))
  return counts
}

async function readTenant(redis: Redis, sealer: Sealer, tenant: string): Promise<AskedKind[]> {
  const [kinds, counts, seen] = await Promise.all([
    redis.hgetall(`${keyPrefix}asked:${tenant}`),
    readCounts(redis, tenant),
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
        count: Math.max(1, counts.get(digest) ?? 1),
        lastAtMs: lastAt.get(digest) ?? 0,
      }
    } catch {
      // Not sealed by us, or with another key: nothing to go by.
      return []
    }
  })
}

/** @throws StoreUnavailable */
async function keep(
  redis: Redis,
  sealer: Sealer,
  tenant: string,
  kinds: ReadonlyMap<string, Pending>,
): Promise<void> {
  const values = [...kinds].flatMap(([digest, { kind, count }]) => [
    digest,
    count,
    sealer.seal(Buffer.from(kind), bindingOf(tenant, digest)).toString('base64'),
  ])
  await run(redis, keepScript, [
    ...[keyPrefix, tenant, Date.now(), askedKeepMs, askedKindsMax, askedTenantsMax],
    askedAllBytesMax,
    ...values,
  ])
}

/** No file, variable, label or argument takes less of an ask. Bytes. */
const partBytesMin = 20

/**
 * Whether an ask could be short enough, without making it: this happens on the way of a job. Made, one with 1000 files takes 0.4 ms;
 * one that can be kept a few microseconds, and at most 50.
 */
function mayFit({
  files = [],
  env = {},
  labels = {},
  command = [],
  arguments: more = [],
}: JobSpec) {
  const named = Object.keys(env).length + Object.keys(labels).length
  const parts = files.length + command.length + more.length + named
  return parts * partBytesMin <= askedBytesMax
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
  const flush = async (): Promise<void> => {
    const noted = pending
    pending = new Map()
    try {
      for (const [tenant, kinds] of noted) await keep(redis, sealer, tenant, kinds)
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'what jobs asked was not kept')
    }
    if (leftOut > 0) log.debug({ jobs: leftOut }, 'no room to keep what these jobs asked')
    leftOut = 0
  }
  const timer = setInterval(() => void flush(), flushMs).unref()
  return {
    note({ tenant, grant, verdict, spec }) {
      const kind = mayFit(spec)
        ? JSON.stringify({ grant, verdict, ask: askToKeep(askOfJob(spec)) })
        : null
      if (kind === null || kind.length > askedBytesMax) leftOut += 1
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
