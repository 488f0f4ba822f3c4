// Compare-and-set over HTTP (RFC 9110, 13.1.1): what was read carries its revision as ETag, a change says as If-Match which one it means.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from './problem.js'
import type { Wanted } from './tenant-store.js'

export const tagRevision = (reply: FastifyReply, revision: number): FastifyReply =>
  reply.header('etag', `"${revision}"`)

/** @throws Refusal revision-required, invalid-header */
export function wantedRevision(request: FastifyRequest): Wanted {
  const header = request.headers['if-match']
  if (header === undefined) throw new Refusal('revision-required')
  if (header === '*') return 'any'
  const [, revision] = /^"(\d{1,15})"$/.exec(header) ?? []
  if (revision === undefined)
    throw new Refusal('invalid-header', 'If-Match is one ETag of ours, such as "3", or *.')
  return Number(revision)
}
