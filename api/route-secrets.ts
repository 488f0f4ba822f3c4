// Stored secrets of the caller’s tenant: put, listed by name, removed. No answer ever holds a value.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import {
  SecretList,
  SecretValue,
  secretBytesMax,
  secretBytesMin,
  secretBytesOf,
  secretNamePattern,
  storedSecretsMax,
} from '../contract/secret.js'
import { isBase64 } from '../policy/job-form.js'
import { requireAudit, tellAdmin } from './audit-acts.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { bodyOf, forgetBody, releaseBody } from './request-body.js'
import { deleteSecret, listSecrets, putSecret } from './secret-store.js'
import type { Service } from './service.js'

const checkValue = checker(SecretValue, 'invalid-request')
const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

const SecretPath = Type.Object({ name: Type.String({ pattern: secretNamePattern }) })
const described = { tags: ['secrets'], querystring: NoQuery } as const

/** @throws Refusal not-found */
function nameOf(request: FastifyRequest): string {
  const { name } = request.params as { name: string }
  if (!new RegExp(secretNamePattern).test(name)) throw new Refusal('not-found')
  return name
}

function refuse(pointer: string, message: string): never {
  throw new Refusal('invalid-request', undefined, {
    violations: [{ rule: 'schema', pointer, message }],
  })
}

/** @throws Refusal invalid-request, which says nothing of the value */
function valueIn(body: unknown): Buffer {
  const secret = checkValue(body)
  if ((secret.value === undefined) === (secret.valueBase64 === undefined))
    refuse('', 'A secret has exactly one of `value` and `valueBase64`.')
  if (secret.valueBase64 !== undefined && !isBase64(secret.valueBase64))
    refuse('/valueBase64', 'Is not base64 (RFC 4648 section 4, with padding, no line breaks).')
  const bytes = secretBytesOf(secret) ?? Buffer.alloc(0)
  const within = bytes.toString('latin1').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').length
  if (within < secretBytesMin || bytes.length > secretBytesMax)
    refuse('', `A secret has ${secretBytesMin} to ${secretBytesMax} bytes.`)
  return bytes
}

/** Storing is for whoever may use it. @throws Refusal policy-denied */
function requireGrant(service: Service, request: FastifyRequest): void {
  const { grant: name } = callerOf(request)
  const grant = service.files().grants.get(name)?.grant
  if (grant !== undefined && grant.secrets > 0) return
  const message = `The grant ${name} gives no secrets.`
  throw new Refusal('policy-denied', undefined, {
    violations: [{ rule: 'secret-grant', pointer: '', message }],
  })
}

async function put(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const name = nameOf(request)
  checkNoQuery(request.query)
  const { tenant } = callerOf(request)
  requireGrant(service, request)
  const value = valueIn(bodyOf(request))
  forgetBody(request)
  requireAudit(service)
  const put = await putSecret(service.store, tenant, name, value)
  releaseBody(request, service.budget)
  if (put === 'full')
    throw new Refusal('conflict', `A tenant stores at most ${storedSecretsMax} secrets.`)
  tellAdmin(service, request, { what: 'secret-store', tenant, change: { name } })
  return reply.code(204).send()
}

export function routeSecrets(app: FastifyInstance, service: Service): void {
  app.get('/v1/secrets', {
    config: { scope: 'read' },
    schema: {
      ...described,
      operationId: 'listSecrets',
      summary: 'List stored secrets',
      description: 'Names and times alone.',
      response: { 200: SecretList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.send({ secrets: await listSecrets(service.store, callerOf(request).tenant) })
    },
  })
  app.put('/v1/secrets/:name', {
    config: { scope: 'submit' },
    schema: {
      ...described,
      operationId: 'storeSecret',
      summary: 'Store a secret',
      description:
        'Or replaces it. It is sealed at once and never told again; a job gets it by naming it in `secrets`. Jobs that wait keep what they were sent with.',
      params: SecretPath,
      body: SecretValue,
      response: { 204: Type.Null(), default: Problem },
    },
    handler: (request, reply) => put(service, request, reply),
  })
  app.delete('/v1/secrets/:name', {
    config: { scope: 'submit' },
    schema: {
      ...described,
      operationId: 'deleteSecret',
      summary: 'Remove a stored secret',
      description: 'Jobs that wait keep what they were sent with.',
      params: SecretPath,
      response: { 204: Type.Null(), default: Problem },
    },
    handler: async (request, reply) => {
      const name = nameOf(request)
      checkNoQuery(request.query)
      const { tenant } = callerOf(request)
      if (!(await deleteSecret(service.store, tenant, name))) throw new Refusal('not-found')
      tellAdmin(service, request, { what: 'secret-delete', tenant, change: { name } })
      return reply.code(204).send()
    },
  })
}
