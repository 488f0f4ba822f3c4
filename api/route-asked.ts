// What the jobs of the last day asked for, for `./stockade policy diff`: on the admin interface alone, since it shows every tenant's.
import type { FastifyInstance } from 'fastify'
import type { AskedList } from '../contract/asked.js'
import { NoQuery } from '../contract/http.js'
import { checker } from './check.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

export function routeAsked(app: FastifyInstance, service: Service): void {
  app.get('/v1/admin/asked', async (request): Promise<AskedList> => {
    checkNoQuery(request.query)
    // What was noted just now is asked for as well.
    await service.store.asked.flush()
    return { asked: await service.store.asked.read() }
  })
}
