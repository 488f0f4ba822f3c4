// API keys, for the operator: made, listed, replaced and revoked, on the admin socket and over HTTP with a key that has the scope
// `admin`. So a key with that scope comes only from the socket, or from whoever holds one.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import {
  adminKeySecondsDefault,
  KeyCreated,
  KeyCreation,
  type KeyEntry,
  KeyList,
  type KeyRecord,
  KeyRotation,
  keySecondsDefault,
  overlapSecondsDefault,
} from '../contract/key.js'
import { requireAudit, tellAdmin } from './audit-acts.js'
import { checker } from './check.js'
import { DeletedTenant, type NewKey } from './key-store.js'
import { Refusal } from './problem.js'
import { bodyOf } from './request-body.js'
import { refuseReserved, refuseUnknownGrant } from './route-tenants.js'
import type { Service } from './service.js'

const checkCreation = checker(KeyCreation, 'invalid-request')
const checkRotation = checker(KeyRotation, 'invalid-request')
const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

const keyIdPattern = /^[0-9a-z]{16}$/
const KeyPath = Type.Object({ id: Type.String({ pattern: keyIdPattern.source }) })
const described = { tags: ['admin'], querystring: NoQuery } as const

/** @throws Refusal not-found */
function keyIdOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string }
  if (!keyIdPattern.test(id)) throw new Refusal('not-found')
  return id
}

function entryOf(record: KeyRecord, tenantGrant: string, usedAtMs: number | null): KeyEntry {
  const { id, tenant, grant = tenantGrant, scopes, createdAtMs, expiresAtMs, rotatedTo } = record
  return {
    ...{ id, tenant, grant, scopes },
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    lastUsedAt: usedAtMs === null ? null : new Date(usedAtMs).toISOString(),
    rotatedTo: rotatedTo ?? null,
  }
}

async function createdOf(service: Service, { key, record }: NewKey): Promise<KeyCreated> {
  const tenant = await service.keys.tenants.trusted(record.tenant)
  return { key, ...entryOf(record, tenant?.grant ?? '', null) }
}

async function create(service: Service, request: FastifyRequest): Promise<KeyCreated> {
  const wish = checkCreation(bodyOf(request))
  refuseReserved(wish.tenant, '/tenant')
  refuseUnknownGrant(service, wish.grant)
  const { tenant, grant, scopes = ['submit', 'read'] } = wish
  const usual = scopes.includes('admin') ? adminKeySecondsDefault : keySecondsDefault
  const expiresInSeconds = wish.expiresInSeconds ?? usual
  requireAudit(service)
  const made = await service.keys
    .create({ tenant, scopes, expiresInSeconds, ...(grant === undefined ? {} : { grant }) })
    .catch((error: unknown) => {
      if (!(error instanceof DeletedTenant)) throw error
      throw new Refusal('conflict', 'The tenant was deleted; its name is not given out again.')
    })
  const { newTenant } = made
  if (newTenant !== null)
    tellAdmin(service, request, { what: 'tenant-create', tenant, grant: newTenant.grant })
  tellAdmin(service, request, {
    ...{ what: 'key-create', tenant, key: made.record.id, scopes },
    ...(grant === undefined ? {} : { grant }),
    change: { expiresAtMs: made.record.expiresAtMs },
  })
  return createdOf(service, made)
}

async function rotate(service: Service, request: FastifyRequest): Promise<KeyCreated> {
  const id = keyIdOf(request)
  const { overlapSeconds = overlapSecondsDefault } = checkRotation(bodyOf(request))
  requireAudit(service)
  const made = await service.keys.rotate(id, overlapSeconds)
  if (made === null) throw new Refusal('not-found')
  if (made === 'rotated') throw new Refusal('conflict', 'The key has been replaced before.')
  const { id: keyId, tenant, scopes } = made.record
  tellAdmin(service, request, {
    ...{ what: 'key-rotate', tenant, key: keyId, scopes },
    change: { replaces: id, overlapSeconds },
  })
  return createdOf(service, made)
}

function routeCollection(app: FastifyInstance, service: Service): void {
  app.post('/v1/admin/keys', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'createKey',
      summary: 'Make a key',
      description: 'The answer is the only place where the key ever stands.',
      body: KeyCreation,
      response: { 201: KeyCreated, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.code(201).send(await create(service, request))
    },
  })
  app.get('/v1/admin/keys', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'listKeys',
      summary: 'List the keys',
      description: 'Those that have not expired, oldest first, without their secrets.',
      response: { 200: KeyList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const [keys, tenants] = [await service.keys.list(), await service.keys.tenants.list()]
      const grants = new Map(tenants.map(({ name, grant }) => [name, grant]))
      const entries = keys.map(({ record, usedAtMs }) =>
        entryOf(record, grants.get(record.tenant) ?? '', usedAtMs),
      )
      return reply.send({ keys: entries })
    },
  })
}

export function routeKeys(app: FastifyInstance, service: Service): void {
  routeCollection(app, service)
  app.post('/v1/admin/keys/:id/rotate', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'rotateKey',
      summary: 'Replace a key',
      description:
        'The new key has the rights and the lifetime of the old one, which goes on working for `overlapSeconds`. A key is replaced once: 409.',
      params: KeyPath,
      body: KeyRotation,
      response: { 201: KeyCreated, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.code(201).send(await rotate(service, request))
    },
  })
  app.delete('/v1/admin/keys/:id', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'revokeKey',
      summary: 'Revoke a key',
      description: 'At once here, and within five seconds in other api processes.',
      params: KeyPath,
      response: { 204: Type.Null(), default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const id = keyIdOf(request)
      if (!(await service.keys.revoke(id))) throw new Refusal('not-found')
      tellAdmin(service, request, { what: 'key-revoke', key: id })
      return reply.code(204).send()
    },
  })
}
