// A tenant's jobs, newest first, a page at a time, filtered by state, outcome and label.
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract/error.js'
import { JobListQuery, JobPage, pageJobsDefault } from '../contract/http.js'
import type { JobQuery } from '../queue/job-store.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import type { Service } from './service.js'

const checkQuery = checker(JobListQuery, 'invalid-header', '/query')

function labelOf(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function jobQueryOf(query: JobListQuery): JobQuery {
  const { state, outcome, label, cursor, limit } = query
  return {
    limit: limit === undefined ? pageJobsDefault : Number(limit),
    ...(state === undefined ? {} : { state }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(label === undefined ? {} : { label: labelOf(label) }),
    ...(cursor === undefined ? {} : { cursor }),
  }
}

export function routeJobList(app: FastifyInstance, service: Service): void {
  app.get('/v1/jobs', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listJobs',
      tags: ['jobs'],
      summary: 'List jobs',
      description:
        'Newest first. A page may be short, or empty, and still have a `next`: a filter looks at many jobs.',
      querystring: JobListQuery,
      response: { 200: JobPage, default: Problem },
    },
    handler: async (request, reply) => {
      const query = jobQueryOf(checkQuery(request.query))
      const page: JobPage = await service.store.list(callerOf(request).tenant, query)
      return reply.send(page)
    },
  })
}
