// Who asks: a Bearer key → tenant, grant, quotas and scopes. Before any byte of the body is read, on every route, from every address.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { keyPattern, type Scope } from '../contract/key.js'
import type { QuotaOverrides } from '../contract/quota.js'
import type { KeyRate } from './key-rate.js'
import type { KeyStore, VerifiedKey } from './key-store.js'
import { Refusal } from './problem.js'

export type Caller = {
  readonly keyId: string
  readonly tenant: string
  readonly scopes: readonly Scope[]
  /** By which its jobs are judged: the key’s own, or its tenant’s. */
  readonly grant: string
  /** From which its quotas come, with what its record says otherwise. */
  readonly tenantGrant: string
  readonly quotas: QuotaOverrides
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where no key was needed. */
    caller: Caller | null
  }
  interface FastifyContextConfig {
    /** What a key must hold for this route. Absent: no route under /v1 may be so. */
    scope?: Scope
    /** Another scope that will do. */
    orScope?: Scope
    /** Counted by quotas of the tenant, and so not by the key. */
    isCounted?: true
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
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null)
    throw new Error('a route that needs a caller is not behind requireKeys')
  return request.caller
}

function callerWith({ record, tenant }: VerifiedKey): Caller {
  return {
    keyId: record.id,
    tenant: record.tenant,
    scopes: record.scopes,
    grant: record.grant ?? tenant.grant,
    tenantGrant: tenant.grant,
    quotas: tenant.quotas,
  }
}

/** @throws Refusal too-many-requests */
function refuseTooMany(rate: KeyRate, keyId: string): void {
  const seconds = rate.take(keyId)
  if (seconds === null) return
  throw new Refusal('too-many-requests', undefined, { headers: { 'retry-after': String(seconds) } })
}

/** Every route registered on `app` afterwards needs a key with the scope that it names. */
export function requireKeys(app: FastifyInstance, keys: KeyStore, rate: KeyRate): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.scope === undefined) throw new Error(`the route ${route.url} names no scope`)
  })
  app.addHook('onRequest', async (request) => {
    const { scope, orScope, isCounted } = request.routeOptions.config
    const verified = await keys.verify(keyOf(request))
    if (verified === null) throw refuse('The key is unknown, expired or revoked.')
    const caller = callerWith(verified)
    request.caller = caller
    if (isCounted !== true) refuseTooMany(rate, caller.keyId)
    if (verified.tenant.disabled) throw new Refusal('tenant-disabled')
    const will = [scope, orScope].filter((one) => one !== undefined)
    if (!will.some((one) => caller.scopes.includes(one)))
      throw new Refusal('scope-missing', `This needs the scope ${scope ?? 'admin'}.`)
  })
}
