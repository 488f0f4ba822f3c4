// Whether the process lives (/healthz) and whether it can serve jobs (/readyz). No key: they say nothing of any tenant.
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract/error.js'
import { Health } from '../contract/http.js'
import { checkWrites } from '../queue/redis-health.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

const ok: Health = { status: 'ok' }
/** Which file and where is for the operator’s log: this answer needs no key. */
const okButStale: Health = {
  status: 'ok',
  warnings: [
    'The grant files on the disk have a fault, and the ones before stay in force. The log of the api says where.',
  ],
}

/** @throws Refusal not-ready, StoreUnavailable */
async function refuseUnlessReady(service: Service): Promise<void> {
  const { catalogue } = service.files()
  if (catalogue.images.length === 0)
    throw new Refusal('not-ready', 'There is no image: ./stockade up builds one.')
  if (catalogue.languages.length === 0)
    throw new Refusal('not-ready', 'There is no language profile.')
  await service.store.depth()
  await checkWrites(service.store.redis)
  if (!service.store.healthy())
    throw new Refusal('store-unavailable', undefined, { headers: { 'retry-after': '1' } })
}

export function routeHealth(app: FastifyInstance, service: Service): void {
  app.get('/healthz', {
    schema: {
      operationId: 'health',
      tags: ['service'],
      summary: 'Whether the process lives',
      security: [],
      response: { 200: Health },
    },
    handler: async () => ok,
  })
  const ready = async (): Promise<Health> => {
    await refuseUnlessReady(service)
    return service.files().fault === undefined ? ok : okButStale
  }
  app.get('/readyz', {
    schema: {
      operationId: 'ready',
      tags: ['service'],
      summary: 'Whether it can take jobs',
      description: 'Redis answers and takes writes, and languages and images are loaded.',
      security: [],
      response: { 200: Health, default: Problem },
    },
    handler: ready,
  })
  // Load balancers ask by HEAD.
  app.head('/healthz', { schema: { hide: true }, handler: async () => ok })
  app.head('/readyz', { schema: { hide: true }, handler: ready })
}
