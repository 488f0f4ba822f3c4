// One job: read it (also waiting for its end), cancel it. A stranger's job is not there.
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract/error.js'
import { NoQuery, WaitQuery } from '../contract/http.js'
import { Job } from '../contract/result.js'
import { tellCancel } from './audit-acts.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { sendJob } from './job-answer.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import { waitForJob } from './route-jobs.js'
import type { Service } from './service.js'
import { beginWait, waitSecondsOf } from './waiting.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

function routeRead(app: FastifyInstance, service: Service): void {
  app.get('/v1/jobs/:id', {
    config: { scope: 'read' },
    schema: {
      operationId: 'readJob',
      tags: ['jobs'],
      summary: 'Read a job',
      description: 'As it stands. With `wait`: 200 when it has ended, 202 when time is up.',
      params: JobPath,
      querystring: WaitQuery,
      response: { 200: Job, 202: Job, default: Problem },
    },
    handler: async (request, reply) => {
      const { tenant } = callerOf(request)
      const jobId = jobIdOf(request)
      const seconds = waitSecondsOf(request, reply, service.settings.waitSecondsMax)
      const job = await service.store.read(tenant, jobId)
      if (job === null) throw new Refusal('not-found')
      const leave = job.state === 'finished' ? null : beginWait(service, request, reply, seconds)
      if (leave === null) return sendJob(service, tenant, reply, job)
      return await waitForJob(service, tenant, jobId, reply, seconds).finally(leave)
    },
  })
}

function routeCancel(app: FastifyInstance, service: Service): void {
  app.delete('/v1/jobs/:id', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'cancelJob',
      tags: ['jobs'],
      summary: 'Cancel a job',
      description:
        '200 with the finished job when it had not started, or had ended before; 202 when its worker has been told to end it.',
      params: JobPath,
      querystring: NoQuery,
      response: { 200: Job, 202: Job, default: Problem },
    },
    handler: async (request, reply) => {
      const { tenant } = callerOf(request)
      const jobId = jobIdOf(request)
      checkNoQuery(request.query)
      const cancelled = await service.store.cancel(tenant, jobId)
      if (cancelled === 'cancelled' || cancelled === 'cancelling')
        tellCancel(service, request, jobId, cancelled)
      const job = cancelled === 'unknown' ? null : await service.store.read(tenant, jobId)
      if (job === null) throw new Refusal('not-found')
      return sendJob(service, tenant, reply.code(job.state === 'finished' ? 200 : 202), job)
    },
  })
}

export function routeJob(app: FastifyInstance, service: Service): void {
  routeRead(app, service)
  routeCancel(app, service)
}
