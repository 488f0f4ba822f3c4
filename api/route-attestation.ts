// The public keys of receipts. No key of ours is asked for: who is shown a receipt need not be a tenant.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import { Attestation, ReceiptKey, receiptPayloadType, receiptType } from '../contract/receipt.js'
import { checker } from './check.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')
const check = Compile(ReceiptKey)

async function readKey(path: string, log: Logger): Promise<ReceiptKey[]> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (check.Check(value)) return [value]
    log.error({ path }, 'not a public key of receipts')
  } catch (error) {
    log.error({ path, error: (error as Error).message }, 'a public key cannot be read')
  }
  return []
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Read anew each time: a rotation is seen at once, and there are a few small files. */
async function readKeys(directory: string, log: Logger): Promise<ReceiptKey[]> {
  const names = (await namesIn(directory)).filter((name) => name.endsWith('.jwk')).sort()
  const keys = await Promise.all(names.map((name) => readKey(join(directory, name), log)))
  const rank = (key: ReceiptKey): string => `${key.retiredAt === null ? 0 : 1} ${key.createdAt}`
  return keys.flat().sort((one, other) => (rank(one) < rank(other) ? -1 : 1))
}

export function routeAttestation(app: FastifyInstance, service: Service): void {
  app.get('/v1/attestation', {
    schema: {
      operationId: 'attestation',
      tags: ['service'],
      summary: 'Public keys of receipts',
      description:
        'A JSON Web Key Set (RFC 7517) of the Ed25519 keys that sign, or have signed, the `receipt` of finished jobs.',
      security: [],
      querystring: NoQuery,
      response: { 200: Attestation, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const keys = await readKeys(service.settings.attestationDirectory, service.log)
      const answer: Attestation = {
        payloadType: receiptPayloadType,
        predicateType: receiptType,
        keys,
      }
      return reply.send(answer)
    },
  })
}
