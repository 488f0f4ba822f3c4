// The webhooks of one job: what was told, what waits, and why what failed did.
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import { DeliveryList } from '../contract/webhook.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import { BatchPath, batchIdOf } from './route-batches.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

export function routeDeliveries(app: FastifyInstance, service: Service): void {
  app.get('/v1/jobs/:id/deliveries', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listDeliveries',
      tags: ['jobs'],
      summary: 'List the webhooks of a job',
      description: 'One for each state that its `callback` is told of. Empty without a callback.',
      params: JobPath,
      querystring: NoQuery,
      response: { 200: DeliveryList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const { tenant } = callerOf(request)
      const jobId = jobIdOf(request)
      if ((await service.store.read(tenant, jobId)) === null) throw new Refusal('not-found')
      return reply.send(await service.store.deliveries.list(jobId))
    },
  })
  app.get('/v1/batches/:id/deliveries', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listBatchDeliveries',
      tags: ['jobs'],
      summary: 'List the webhooks of a batch',
      description: 'One, when all its jobs have ended and it has a `callback`.',
      params: BatchPath,
      querystring: NoQuery,
      response: { 200: DeliveryList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const { tenant } = callerOf(request)
      const id = batchIdOf(request)
      const page = { from: 0, limit: 0 }
      if ((await service.store.batches.read(tenant, id, page)) === null)
        throw new Refusal('not-found')
      return reply.send(await service.store.deliveries.list(id))
    },
  })
}
