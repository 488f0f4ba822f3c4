// Tenants, for the operator: on the admin socket, and over HTTP with a key that has the scope `admin`.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import {
  otherTenants,
  Tenant,
  TenantChange,
  TenantCreation,
  TenantList,
  type TenantRecord,
  tenantNamePattern,
} from '../contract/tenant.js'
import { requireAudit, tellAdmin } from './audit-acts.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { quotasInForce } from './quotas-in-force.js'
import { bodyOf } from './request-body.js'
import { tagRevision, wantedRevision } from './revision.js'
import type { Service } from './service.js'
import type { Changed } from './tenant-store.js'

const checkCreation = checker(TenantCreation, 'invalid-request')
const checkChange = checker(TenantChange, 'invalid-request')
const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')
const namePattern = new RegExp(tenantNamePattern)

const TenantPath = Type.Object({ name: Type.String({ pattern: tenantNamePattern }) })
const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'The `ETag` of what was read, or `*`. Without it: 428.' }),
  ),
})

const described = { tags: ['admin'], querystring: NoQuery } as const

function tenantOf(service: Service, record: TenantRecord): Tenant {
  const { name, grant, description, labels, disabled, quotas, revision } = record
  return {
    ...{ name, grant, description, labels, disabled, quotas },
    quotasInForce: quotasInForce(service, grant, quotas),
    revision,
    createdAt: new Date(record.createdAtMs).toISOString(),
    changedAt: new Date(record.changedAtMs).toISOString(),
  }
}

/** @throws Refusal not-found: a text that cannot be a name is a tenant that is not there. */
export function tenantNameOf(request: FastifyRequest): string {
  const { name } = request.params as { name: string }
  if (!namePattern.test(name)) throw new Refusal('not-found')
  return name
}

export function refuseUnknownGrant(service: Service, grant: string | undefined): void {
  if (grant === undefined || service.files().grants.has(grant)) return
  const violations = [
    { rule: 'schema', pointer: '/grant', message: 'is not a grant of this instance' },
  ]
  throw new Refusal('invalid-request', undefined, { violations })
}

/** Metrics have this name for all the others. */
export function refuseReserved(name: string, pointer: string): void {
  if (name !== otherTenants) return
  const violations = [{ rule: 'schema', pointer, message: 'is reserved' }]
  throw new Refusal('invalid-request', undefined, { violations })
}

/** Whoever locks their own key out could not open again; the admin socket can. */
function refuseOwnEnd(request: FastifyRequest, name: string): void {
  if (request.caller?.tenant === name)
    throw new Refusal('conflict', 'Your own key belongs to this tenant; use the admin socket.')
}

function settled(changed: Changed): TenantRecord {
  if (changed.kind === 'unknown') throw new Refusal('not-found')
  if (changed.kind === 'mismatch') throw new Refusal('revision-mismatch')
  return changed.tenant
}

function answer(service: Service, reply: FastifyReply, record: TenantRecord): FastifyReply {
  return tagRevision(reply, record.revision).send(tenantOf(service, record))
}

function routeCollection(app: FastifyInstance, service: Service): void {
  app.get('/v1/admin/tenants', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'listTenants',
      summary: 'List the tenants',
      response: { 200: TenantList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const records = await service.keys.tenants.list()
      return reply.send({ tenants: records.map((record) => tenantOf(service, record)) })
    },
  })
  app.post('/v1/admin/tenants', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'createTenant',
      summary: 'Make a tenant',
      description: '409 when the name is taken, or was: a name is never given out twice.',
      body: TenantCreation,
      response: { 201: Tenant, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const wish = checkCreation(bodyOf(request))
      refuseReserved(wish.name, '/name')
      refuseUnknownGrant(service, wish.grant)
      requireAudit(service)
      const record = await service.keys.tenants.create(wish)
      if (record === null) throw new Refusal('conflict', 'The name is taken, or was.')
      tellAdmin(service, request, {
        ...{ what: 'tenant-create', tenant: record.name, grant: record.grant },
        change: wish,
      })
      reply.code(201).header('location', `/v1/admin/tenants/${record.name}`)
      return answer(service, reply, record)
    },
  })
}

/** The change is made: if this fails, its next job brings the new caps. */
async function changeCaps(service: Service, { name, grant, quotas }: TenantRecord): Promise<void> {
  const inForce = quotasInForce(service, grant, quotas)
  if (inForce === null) return
  await service.store
    .changeCaps(name, inForce)
    .catch((error: unknown) => service.log.warn({ error, tenant: name }, 'caps wait for a job'))
}

async function change(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  checkNoQuery(request.query)
  const name = tenantNameOf(request)
  const wanted = wantedRevision(request)
  const wish = checkChange(bodyOf(request))
  refuseUnknownGrant(service, wish.grant)
  if (wish.disabled === true) refuseOwnEnd(request, name)
  // Whoever fills the log must be stopped all the same.
  else requireAudit(service)
  const record = settled(await service.keys.tenants.change(name, wanted, wish))
  tellAdmin(service, request, { what: 'tenant-change', tenant: name, change: wish })
  await changeCaps(service, record)
  return answer(service, reply, record)
}

function routeChanges(app: FastifyInstance, service: Service): void {
  app.patch('/v1/admin/tenants/:name', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'changeTenant',
      summary: 'Change a tenant',
      description:
        'Its grant, notes, quotas, or whether it is disabled. Holds at once here, and within five seconds in other api processes. What it ' +
        'has running goes on, what waits keeps its place.',
      params: TenantPath,
      headers: IfMatch,
      body: TenantChange,
      response: { 200: Tenant, default: Problem },
    },
    handler: (request, reply) => change(service, request, reply),
  })
  app.delete('/v1/admin/tenants/:name', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'deleteTenant',
      summary: 'Delete a tenant',
      description:
        'With all its keys, for good. Jobs that were accepted run to their end and are in its usage; nobody can read them any more.',
      params: TenantPath,
      headers: IfMatch,
      response: { 204: Type.Null(), default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const name = tenantNameOf(request)
      const wanted = wantedRevision(request)
      refuseOwnEnd(request, name)
      settled(await service.keys.tenants.remove(name, wanted))
      await service.webhookSecrets.revoke(name)
      tellAdmin(service, request, { what: 'tenant-delete', tenant: name })
      return reply.code(204).send()
    },
  })
}

export function routeTenants(app: FastifyInstance, service: Service): void {
  routeCollection(app, service)
  app.get('/v1/admin/tenants/:name', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'readTenant',
      summary: 'Read a tenant',
      params: TenantPath,
      response: { 200: Tenant, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const record = await service.keys.tenants.read(tenantNameOf(request))
      if (record === null) throw new Refusal('not-found')
      return answer(service, reply, record)
    },
  })
  routeChanges(app, service)
}
