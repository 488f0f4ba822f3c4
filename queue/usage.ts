// What jobs have used, by tenant and day: figures of one result, and the rows as they stand in Redis (queue/usage-fragment.ts).
import type { Redis } from 'ioredis'
import { faultOf, faults, type Outcome, outcomes } from '../contract/outcome.js'
import { quotaNames } from '../contract/quota.js'
import type { RunResult } from '../contract/result.js'
import type { UsageRow } from '../contract/usage.js'
import * as keys from './keys.js'
import { reaching } from './script.js'
import { keepDaysDefault } from './usage-fragment.js'

export type Used = {
  readonly cpuMs: number
  readonly wallMs: number
  readonly memoryMebibyteMs: number
}

const mebibyte = 1_048_576
const dayMs = 86_400_000

/** All steps together, and what tests used beside them, in whole units. What fails by our fault costs its tenant nothing. */
export function usedBy(result: RunResult): Used {
  const nothing = { cpuMs: 0, wallMs: 0, memoryMebibyteMs: 0 }
  if (faultOf(result.outcome) === 'service') return nothing
  const sum = result.steps.reduce(
    (before, { usage: { cpuMs, wallMs, memoryPeakBytes } }) => ({
      cpuMs: before.cpuMs + cpuMs,
      wallMs: before.wallMs + wallMs,
      memoryMebibyteMs: before.memoryMebibyteMs + (memoryPeakBytes / mebibyte) * wallMs,
    }),
    { ...nothing, ...result.judging?.usage },
  )
  return {
    cpuMs: Math.ceil(sum.cpuMs),
    wallMs: Math.ceil(sum.wallMs),
    memoryMebibyteMs: Math.ceil(sum.memoryMebibyteMs),
  }
}

/** Days since 1970-01-01, as in the names of keys. */
export const dayNumberOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / dayMs
const dayOf = (number: number): string => new Date(number * dayMs).toISOString().slice(0, 10)

async function today(redis: Redis): Promise<string> {
  const [seconds] = await redis.time()
  return dayOf(Math.floor(Number(seconds) / 86_400))
}

/** The setting, told to the scripts of workers as well: they make rows too. */
export async function tellKeepDays(redis: Redis, days: number): Promise<void> {
  if (days === keepDaysDefault) await redis.del(keys.usageKeepDaysKey)
  else await redis.set(keys.usageKeepDaysKey, days)
}

type Fields = Readonly<Record<string, string>>

function jobsOf(fields: Fields): UsageRow['jobs'] {
  const jobs = Object.fromEntries(faults.map((fault) => [fault, 0])) as UsageRow['jobs']
  for (const outcome of outcomes)
    jobs[faultOf(outcome as Outcome)] += Number(fields[`outcome:${outcome}`] ?? 0)
  return jobs
}

function refusedOf(fields: Fields): UsageRow['refused'] {
  const known = quotaNames.filter((name) => fields[`refused:${name}`] !== undefined)
  return Object.fromEntries(known.map((name) => [name, Number(fields[`refused:${name}`])]))
}

function rowOf(day: string, tenant: string, fields: Fields): UsageRow {
  const figure = (name: string): number => Number(fields[name] ?? 0)
  return {
    day,
    tenant,
    submits: figure('submits'),
    jobs: jobsOf(fields),
    cpuMs: figure('cpuMs'),
    wallMs: figure('wallMs'),
    memoryMebibyteMs: figure('memoryMebibyteMs'),
    storedBytes: figure('storedBytes'),
    refused: refusedOf(fields),
  }
}

async function readRows(
  redis: Redis,
  wanted: readonly { readonly day: string; readonly tenant: string }[],
): Promise<UsageRow[]> {
  const pipeline = redis.pipeline()
  for (const { day, tenant } of wanted) pipeline.hgetall(keys.usageKey(tenant, dayNumberOf(day)))
  const answers = (await pipeline.exec()) ?? []
  return answers.flatMap(([error, fields], at) => {
    if (error !== null) throw error
    const { day = '', tenant = '' } = wanted[at] ?? {}
    const row = fields as Fields
    return Object.keys(row).length === 0 ? [] : [rowOf(day, tenant, row)]
  })
}

async function readUsage(
  redis: Redis,
  tenant: string,
  from: string,
  to: string,
): Promise<UsageRow[]> {
  const days: { day: string; tenant: string }[] = []
  for (let day = dayNumberOf(from); day <= dayNumberOf(to); day++)
    days.push({ day: dayOf(day), tenant })
  return readRows(redis, days)
}

async function readDay(redis: Redis, day: string): Promise<UsageRow[]> {
  const tenants = await redis.zrange(keys.usageByKey(dayNumberOf(day)), '0', '-1')
  return readRows(
    redis,
    tenants.sort().map((tenant) => ({ day, tenant })),
  )
}

export type Busy = { readonly row: UsageRow; readonly waiting: number; readonly inFlight: number }

async function readBusiest(
  redis: Redis,
  count: number,
): Promise<{ busiest: Busy[]; all: UsageRow }> {
  const day = await today(redis)
  const number = dayNumberOf(day)
  const busiest = count === 0 ? [] : await redis.zrevrange(keys.usageByKey(number), 0, count - 1)
  const rows = await readRows(
    redis,
    busiest.map((tenant) => ({ day, tenant })),
  )
  const pipeline = redis.pipeline()
  for (const { tenant } of rows)
    pipeline.zcard(keys.waitingKey(tenant)).scard(keys.inflightKey(tenant))
  const counts = ((await pipeline.exec()) ?? []).map(([error, count]) => {
    if (error !== null) throw error
    return Number(count)
  })
  return {
    busiest: rows.map((row, at) => ({
      row,
      waiting: counts[2 * at] ?? 0,
      inFlight: counts[2 * at + 1] ?? 0,
    })),
    all: rowOf(day, '', await redis.hgetall(keys.usageAllKey(number))),
  }
}

export type UsageReader = {
  /** The day it is by Redis’s clock. */
  today(): Promise<string>
  /** The rows of one tenant, by day. */
  of(tenant: string, from: string, to: string): Promise<UsageRow[]>
  /** The rows of every tenant that had something on a day, by name. */
  on(day: string): Promise<UsageRow[]>
  /** The busiest tenants of today, and all together (submits, jobs, cpuMs and refusals of these; the rest is 0). */
  busiest(count: number): Promise<{ readonly busiest: readonly Busy[]; readonly all: UsageRow }>
}

/** Calls reject with StoreUnavailable when Redis is away. */
export function openUsageReader(redis: Redis): UsageReader {
  return {
    today: () => reaching(() => today(redis)),
    of: (tenant, from, to) => reaching(() => readUsage(redis, tenant, from, to)),
    on: (day) => reaching(() => readDay(redis, day)),
    busiest: (count) => reaching(() => readBusiest(redis, count)),
  }
}
