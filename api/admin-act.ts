// The one place where an act of an admin is told of, after it was done: who did what to whom. Never a secret, never a free text.
import type { FastifyRequest } from 'fastify'
import type { Service } from './service.js'

export type AdminAct =
  | {
      readonly act: 'tenant-created' | 'tenant-changed' | 'tenant-deleted'
      readonly tenant: string
    }
  | {
      readonly act: 'key-created' | 'key-rotated'
      readonly tenant: string
      readonly keyId: string
      readonly scopes: readonly string[]
    }
  | { readonly act: 'key-revoked'; readonly keyId: string }

/** By which key; the admin socket has none, and lets in root and the service’s own user alone. */
export const actorOf = (request: FastifyRequest): string =>
  request.caller === null ? 'admin socket' : `key ${request.caller.keyId}`

export function tellAct(service: Service, request: FastifyRequest, act: AdminAct): void {
  service.log.info({ requestId: request.id, actor: actorOf(request), ...act }, act.act)
}
