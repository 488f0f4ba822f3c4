// Who asks: a Bearer key → tenant, grant and scopes. Before any byte of the body is read, on every route, from every address.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type KeyRecord, keyPattern, type Scope } from '../contract/key.js'
import type { KeyStore } from './key-store.js'
import { Refusal } from './problem.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where no key was needed. */
    caller: KeyRecord | null
  }
  interface FastifyContextConfig {
    /** What a key must hold for this route. Absent: no route under /v1 may be so. */
    scope?: Scope
  }
}

const refuse = (detail: string): Refusal =>
  new Refusal('unauthenticated', detail, {
    headers: { 'www-authenticate': 'Bearer realm="stockade"' },
  })

function keyOf(request: FastifyRequest): string {
  const header = request.headers.authorization
  if (header === undefined) throw refuse('There is no Authorization header.')
  const [, key] = /^Bearer +(\S+)$/i.exec(header) ?? []
  if (key === undefined || !keyPattern.test(key))
    throw refuse('The Authorization header has no key of ours.')
  return key
}

/** The key of the request. Only for routes behind `requireKeys`. */
export function callerOf(request: FastifyRequest): KeyRecord {
  if (request.caller === null)
    throw new Error('a route that needs a caller is not behind requireKeys')
  return request.caller
}

/** Every route registered on `app` afterwards needs a key with the scope that it names. */
export function requireKeys(app: FastifyInstance, keys: KeyStore): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.scope === undefined) throw new Error(`the route ${route.url} names no scope`)
  })
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config
    const record = await keys.verify(keyOf(request))
    if (record === null) throw refuse('The key is unknown, expired or revoked.')
    request.caller = record
    if (scope === undefined || !record.scopes.includes(scope)) {
      throw new Refusal('scope-missing', `This needs the scope ${scope ?? 'admin'}.`)
    }
  })
}
