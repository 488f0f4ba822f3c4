// The OpenAPI 3.1 document, made from the routes' own schemas, and the page to try it at /docs (works offline).
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { type ErrorCode, errorCodes, errors } from '../contract/error.js'
import { Refusal } from './problem.js'

type Json = { [name: string]: unknown }

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const nameField = 'x-schema-name'

/** Names are carried past the library, which drops `$id`. */
function carryNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(carryNames)
  if (!isObject(value)) return value
  const carried: Json = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === '$id') carried[nameField] = member
    else carried[name] = carryNames(member)
  }
  return carried
}

/** The rest of a path, which the router calls `*`, is called `path` where OpenAPI needs a name. */
function restAsPath(schema: Json, url: string): { schema: Json; url: string } {
  if (!url.endsWith('/*') || !isObject(schema.params)) return { schema, url }
  const { properties, required, ...params } = schema.params
  const renamed = Object.entries(isObject(properties) ? properties : {}).map(([name, one]) => [
    name === '*' ? 'path' : name,
    one,
  ])
  const names = renamed.map(([name]) => name)
  const named = { ...params, properties: Object.fromEntries(renamed), required: names }
  return { schema: { ...schema, params: named }, url: url.replace(/\*$/, ':path') }
}

/** Schemas that have a name are moved to `components` and referred to. */
function hoist(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((member) => hoist(member, schemas))
  if (!isObject(value)) return value
  const hoisted: Json = {}
  for (const [name, member] of Object.entries(value)) {
    if (name !== nameField) hoisted[name] = hoist(member, schemas)
  }
  const schemaName = value[nameField]
  if (typeof schemaName !== 'string') return hoisted
  schemas[schemaName] = hoisted
  return { $ref: `#/components/schemas/${schemaName}` }
}

/** Problems have a media type of their own. */
function problemsAsProblems(paths: Json): void {
  for (const operations of Object.values(paths).filter(isObject)) {
    for (const operation of Object.values(operations).filter(isObject)) {
      const answer = isObject(operation.responses) ? operation.responses.default : undefined
      if (!isObject(answer) || !isObject(answer.content)) continue
      answer.description = 'Any error, as RFC 9457 problem details.'
      const [content] = Object.values(answer.content)
      answer.content = { 'application/problem+json': content }
    }
  }
}

function finishDocument(document: Json): Json {
  const schemas: Json = {}
  const paths = hoist(document.paths, schemas) as Json
  problemsAsProblems(paths)
  const components = isObject(document.components) ? document.components : {}
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...document, paths, components: { ...components, schemas: sorted } }
}

/** Scripts and styles only of our own; swagger-ui sets style attributes. Nothing is loaded from elsewhere. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Before the routes: it watches them. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Stockade',
        version: '1',
        description:
          'Untrusted code in by HTTP: judged, queued, run in a rootless sandbox, answered.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'jobs', description: 'Sending, following and reading jobs.' },
        { name: 'sessions', description: 'Sandboxes with a long life.' },
        { name: 'policy', description: 'What is allowed, and why not.' },
        { name: 'catalogue', description: 'What this machine can run.' },
        { name: 'secrets', description: 'Values that jobs need and nobody is told.' },
        { name: 'usage', description: 'What a tenant has used.' },
        { name: 'admin', description: 'Tenants and keys, for the operator.' },
        { name: 'service', description: 'Health and metrics.' },
      ],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', bearerFormat: 'sk_<id>_<secret>' },
        },
      },
      security: [{ key: [] }],
    },
    transform: ({ schema, url }) => restAsPath(carryNames(schema) as Json, url) as never,
    transformObject: (input) =>
      finishDocument(('openapiObject' in input ? input.openapiObject : {}) as Json) as never,
  })
}

export async function serveDocument(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    uiConfig: { validatorUrl: null, persistAuthorization: false, tryItOutEnabled: true },
  })
  let text: string | null = null
  app.get('/openapi.json', {
    schema: { hide: true },
    handler: async (_request, reply) => {
      text ??= JSON.stringify(app.swagger())
      return reply.type('application/json').send(text)
    },
  })
  // Where the `type` of a problem points.
  app.get('/docs/errors/:code', {
    schema: { hide: true },
    handler: async (request, reply) => {
      const { code } = request.params as { code: string }
      const known = errorCodes.find((candidate: ErrorCode) => candidate === code)
      if (known === undefined) throw new Refusal('not-found')
      const { status, title, meaning } = errors[known]
      return reply
        .type('text/plain; charset=utf-8')
        .send(`${known} (${status})\n\n${title}.\n${meaning}\n`)
    },
  })
}
