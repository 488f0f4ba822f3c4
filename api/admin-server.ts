// The admin interface: keys are made, listed, replaced and revoked here, and nowhere else. It listens on a UNIX socket in a
// directory of ours, so that the file system decides who may (root and the service's own user).
import { unlinkSync } from 'node:fs'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  type KeyCreated,
  KeyCreation,
  type KeyEntry,
  keySecondsDefault,
  NoQuery,
} from '../contract/http.js'
import type { KeyRecord } from '../contract/key.js'
import { checker } from './check.js'
import { openFrame } from './http-frame.js'
import { Refusal } from './problem.js'
import { routeAsked } from './route-asked.js'
import type { Service } from './service.js'

const checkCreation = checker(KeyCreation, 'invalid-request')
const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

function entryOf(record: KeyRecord): KeyEntry {
  const { id, tenant, grant, scopes, createdAtMs, expiresAtMs } = record
  const [createdAt, expiresAt] = [createdAtMs, expiresAtMs].map((ms) => new Date(ms).toISOString())
  return { id, tenant, grant, scopes, createdAt: createdAt ?? '', expiresAt: expiresAt ?? '' }
}

async function createKey(service: Service, request: FastifyRequest): Promise<KeyCreated> {
  if (request.bodyBytes === null) throw new Refusal('malformed-json', 'the body is empty')
  const wish = checkCreation(request.body)
  const grant = wish.grant ?? 'untrusted'
  if (!service.files().grants.has(grant)) {
    const violations = [
      { rule: 'schema', pointer: '/grant', message: 'is not a grant of this instance' },
    ]
    throw new Refusal('invalid-request', undefined, { violations })
  }
  const { key, record } = await service.keys.create({
    tenant: wish.tenant,
    grant,
    scopes: wish.scopes ?? ['submit', 'read'],
    expiresInSeconds: wish.expiresInSeconds ?? keySecondsDefault,
  })
  service.log.info({ keyId: record.id, tenant: record.tenant, grant }, 'key created')
  return { key, ...entryOf(record) }
}

function routeKeys(app: FastifyInstance, service: Service): void {
  app.post('/v1/admin/keys', async (request, reply) => {
    checkNoQuery(request.query)
    return reply.code(201).send(await createKey(service, request))
  })
  app.get('/v1/admin/keys', async (request) => {
    checkNoQuery(request.query)
    const records = await service.keys.list()
    return { keys: records.map(entryOf) }
  })
  app.delete('/v1/admin/keys/:id', async (request, reply) => {
    checkNoQuery(request.query)
    const { id } = request.params as { id: string }
    const isRevoked = /^[0-9a-z]{16}$/.test(id) && (await service.keys.revoke(id))
    if (!isRevoked) throw new Refusal('not-found')
    service.log.info({ keyId: id }, 'key revoked')
    return reply.code(204).send()
  })
}

export async function buildAdminServer(service: Service): Promise<FastifyInstance> {
  const app = openFrame(service)
  routeKeys(app, service)
  routeAsked(app, service)
  await app.ready()
  return app
}

/** Listens with mode 0600 from the first moment: bind takes the mode from the umask, and is synchronous here. */
export function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return new Promise((resolve, reject) => {
    app.server.once('error', reject)
    const before = process.umask(0o177)
    try {
      app.server.listen(path, () => {
        app.server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
}
