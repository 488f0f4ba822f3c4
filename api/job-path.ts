// The id of a job in a path. A text that cannot be an id is a job that is not there: 404, never 400.
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Refusal } from './problem.js'

const jobIdPattern = /^job_[0-9a-z]{26}$/

export const JobPath = Type.Object({
  id: Type.String({ pattern: jobIdPattern.source, description: 'The job’s id.' }),
})

/** @throws Refusal not-found */
export function jobIdOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string }
  if (!jobIdPattern.test(id)) throw new Refusal('not-found')
  request.jobId = id
  return id
}
