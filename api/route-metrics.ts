// The metrics of this process as Prometheus reads them. They name grants, rules and routes, never a job or key, and tenants only on
// an address of their own (api/tenant-metrics.ts).
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Service } from './service.js'

export function routeMetrics(app: FastifyInstance, service: Service): void {
  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      tags: ['service'],
      summary: 'Metrics',
      security: [],
      response: {
        200: {
          description: 'Prometheus exposition format.',
          content: { 'text/plain': { schema: Type.String() } },
        },
      },
    },
    handler: async (_request, reply) => {
      const text = await service.telemetry.scrape()
      return reply.type(service.telemetry.contentType).send(text)
    },
  })
}
