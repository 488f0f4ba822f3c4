// A tenant's jobs, newest first, a page at a time. The cursor is a place in the order, so that new jobs do not shift the pages.
import type { Redis } from 'ioredis'
import type { Outcome } from '../contract/outcome.js'
import type { Job, JobState } from '../contract/result.js'
import { jobKey, listKey } from './keys.js'
import { listedJobOf, listFields } from './record.js'

export type JobQuery = {
  readonly state?: JobState
  readonly outcome?: Outcome
  readonly label?: readonly [string, string]
  readonly cursor?: string
  /** 1 to 100. */
  readonly limit: number
}
export type JobPage = { jobs: Job[]; next: string | null }

export class CursorError extends Error {}

/** Jobs looked at for one page at most: a filter that matches nothing must not read a million records in one request. */
const lookedAtMax = 2000
const chunk = 100

type Place = { readonly score: number; readonly id: string }

function placeOf(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null
  const match = /^(\d{1,15})\.(job_[0-9a-z]{26})$/.exec(
    Buffer.from(cursor, 'base64url').toString('latin1'),
  )
  if (match?.[1] === undefined || match[2] === undefined) throw new CursorError('not a cursor')
  return { score: Number(match[1]), id: match[2] }
}

const cursorOf = (place: Place): string =>
  Buffer.from(`${place.score}.${place.id}`, 'latin1').toString('base64url')

function matches(job: Job, query: JobQuery): boolean {
  if (query.state !== undefined && job.state !== query.state) return false
  if (query.outcome !== undefined && job.outcome !== query.outcome) return false
  return query.label === undefined || job.labels[query.label[0]] === query.label[1]
}

async function readChunk(redis: Redis, tenant: string, after: Place | null): Promise<Place[]> {
  const from = after === null ? '+inf' : String(after.score)
  const found = await redis.zrevrangebyscore(
    listKey(tenant),
    from,
    '-inf',
    'WITHSCORES',
    'LIMIT',
    0,
    chunk + 100,
  )
  const places: Place[] = []
  for (let at = 0; at + 1 < found.length; at += 2)
    places.push({ id: found[at] ?? '', score: Number(found[at + 1]) })
  // Redis orders equal scores by member, descending here; those at the cursor's own place have been seen.
  return places
    .filter((place) => after === null || place.score < after.score || place.id < after.id)
    .slice(0, chunk)
}

/** As they stand in a list; null for one that is no longer kept. */
export async function readListed(redis: Redis, ids: readonly string[]): Promise<(Job | null)[]> {
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hmget(jobKey(id), ...listFields)
  const answers = (await pipeline.exec()) ?? []
  return answers.map(([error, value], index) => {
    if (error !== null) throw error
    const values = value as (string | null)[]
    const id = ids[index]
    if (id === undefined || values[0] === null) return null
    const fields = new Map<string, string>()
    listFields.forEach((name, position) => {
      const text = values[position]
      if (text !== null && text !== undefined) fields.set(name, text)
    })
    return listedJobOf(id, fields)
  })
}

/** @throws CursorError */
export async function listJobs(redis: Redis, tenant: string, query: JobQuery): Promise<JobPage> {
  let place = placeOf(query.cursor)
  const jobs: Job[] = []
  for (let lookedAt = 0; lookedAt < lookedAtMax; ) {
    const places = await readChunk(redis, tenant, place)
    const found = await readListed(
      redis,
      places.map(({ id }) => id),
    )
    for (const [index, at] of places.entries()) {
      place = at
      lookedAt++
      const job = found[index]
      if (job === null || job === undefined || !matches(job, query)) continue
      jobs.push(job)
      if (jobs.length === query.limit) return { jobs, next: cursorOf(at) }
    }
    if (places.length < chunk) return { jobs, next: null }
  }
  return { jobs, next: place === null ? null : cursorOf(place) }
}
