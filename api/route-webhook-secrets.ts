// The secret by which a tenant’s webhooks are signed: made and replaced by the operator, shown once.
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import { tenantNamePattern } from '../contract/tenant.js'
import {
  secretOverlapSecondsDefault,
  WebhookSecret,
  type WebhookSecretRecord,
  WebhookSecretRotation,
} from '../contract/webhook.js'
import { requireAudit, tellAdmin } from './audit-acts.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { bodyOf } from './request-body.js'
import { tenantNameOf } from './route-tenants.js'
import type { Service } from './service.js'

const checkRotation = checker(WebhookSecretRotation, 'invalid-request')
const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')
const TenantPath = Type.Object({ name: Type.String({ pattern: tenantNamePattern }) })
const described = { tags: ['admin'], querystring: NoQuery, params: TenantPath } as const

function answerOf({ tenant, secret, createdAtMs, previous }: WebhookSecretRecord): WebhookSecret {
  return {
    ...{ tenant, secret: `whsec_${secret}`, createdAt: new Date(createdAtMs).toISOString() },
    previousUntil: previous === null ? null : new Date(previous.untilMs).toISOString(),
  }
}

export function routeWebhookSecrets(app: FastifyInstance, service: Service): void {
  app.post('/v1/admin/tenants/:name/webhook-secret', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'rotateWebhookSecret',
      summary: 'Make the secret of a tenant’s webhooks, or replace it',
      description:
        'The answer is the only place where it ever stands. One that was there signs as well for `overlapSeconds`.',
      body: WebhookSecretRotation,
      response: { 201: WebhookSecret, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const name = tenantNameOf(request)
      const { overlapSeconds = secretOverlapSecondsDefault } = checkRotation(bodyOf(request))
      if ((await service.keys.tenants.read(name)) === null) throw new Refusal('not-found')
      requireAudit(service)
      const made = await service.webhookSecrets.rotate(name, overlapSeconds)
      tellAdmin(service, request, { what: 'webhook-secret-rotate', tenant: name })
      return reply.code(201).send(answerOf(made))
    },
  })
  app.delete('/v1/admin/tenants/:name/webhook-secret', {
    config: { scope: 'admin' },
    schema: {
      ...described,
      operationId: 'revokeWebhookSecret',
      summary: 'Take the secret of a tenant’s webhooks away',
      description:
        'At once here, and within five seconds in other api processes. Webhooks that wait end as `refused`; new jobs with a callback are answered 409.',
      response: { 204: Type.Null(), default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const name = tenantNameOf(request)
      if (!(await service.webhookSecrets.revoke(name))) throw new Refusal('not-found')
      tellAdmin(service, request, { what: 'webhook-secret-revoke', tenant: name })
      return reply.code(204).send()
    },
  })
}
