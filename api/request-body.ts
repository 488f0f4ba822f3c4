// Bytes of a body → one value: counted while they come, against the request's limit and against all requests' budget.
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { JsonFault, parseStrictJson } from '../contract/strict-json.js'
import { Refusal } from './problem.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, for digests. Null without one, and after `releaseBody`. */
    bodyBytes: Buffer | null
    /** What this request holds of the budget. Bytes. */
    heldBytes: number
  }
}

/** Bodies held at one time, bytes. A process must not die of many large requests that come together. */
export type BodyBudget = { take(bytes: number): boolean; give(bytes: number): void }

/** One body of the largest size always fits, and some small ones beside it. */
export function bodyBudget(bodyBytesMax: number): BodyBudget {
  let left = bodyBytesMax + 16 * 1024 * 1024
  return {
    take(bytes) {
      if (bytes > left) return false
      left -= bytes
      return true
    },
    give(bytes) {
      left += bytes
    },
  }
}

const tooLarge = (limit: number): Refusal =>
  new Refusal('payload-too-large', `The limit is ${limit} bytes.`, {
    headers: { connection: 'close' },
  })

const tooManyBodies = (): Refusal =>
  new Refusal('queue-full', 'Too many large bodies are being received.', {
    headers: { 'retry-after': '1', connection: 'close' },
  })

const notWhole = (): Refusal => new Refusal('invalid-header', 'The body did not arrive whole.')

/** What has come of one body. `take` gives why no more of it is wanted, or null. */
function openPieces(
  request: FastifyRequest,
  limit: number,
  budget: BodyBudget,
): { take(piece: Buffer): Refusal | null; whole(): Buffer | Refusal } {
  const pieces: Buffer[] = []
  let total = 0
  return {
    take(piece) {
      total += piece.length
      if (total > 2 * limit) return tooLarge(limit)
      if (total > limit) {
        pieces.length = 0
        return null
      }
      if (!budget.take(piece.length)) return tooManyBodies()
      request.heldBytes += piece.length
      pieces.push(piece)
      return null
    },
    whole() {
      if (total > limit) return tooLarge(limit)
      const [only] = pieces
      return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
    },
  }
}

/**
 * A body that is a little too large is read to its end and thrown away, so that the client gets to read our answer; one that
 * says it is twice the limit, or turns out so, is cut off. By events and not by an iterator: most bodies come in one piece, for which
 * the iterator was a tenth of what the api did for a job.
 */
function readBody(
  request: FastifyRequest,
  stream: IncomingMessage,
  limit: number,
  budget: BodyBudget,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > 2 * limit) return reject(tooLarge(limit))
    const body = openPieces(request, limit, budget)
    let isRefused = false
    stream.on('data', (piece: Buffer) => {
      // What comes after a refusal is thrown away until the answer has gone and the connection with it.
      const refusal = isRefused ? null : body.take(piece)
      if (refusal === null) return
      isRefused = true
      reject(refusal)
    })
    stream.once('end', () => {
      const whole = body.whole()
      if (Buffer.isBuffer(whole)) resolve(whole)
      else reject(whole)
    })
    // A client that goes away in the middle is no fault of ours. After an end these change nothing.
    stream.once('error', () => reject(notWhole()))
    stream.once('close', () => reject(notWhole()))
  })
}

function parse(bytes: Buffer): unknown {
  try {
    return parseStrictJson(bytes)
  } catch (error) {
    if (error instanceof JsonFault) throw new Refusal('malformed-json', error.message)
    throw error
  }
}

/** What was sent. @throws Refusal malformed-json when nothing was. */
export function bodyOf(request: FastifyRequest): unknown {
  if (request.bodyBytes === null) throw new Refusal('malformed-json', 'the body is empty')
  return request.body
}

/** Lets go of the body; what it took of the budget stays taken. */
export function forgetBody(request: FastifyRequest): void {
  request.bodyBytes = null
  request.body = null
}

/** Forgets the body and gives back what it took, so that a request which waits for its job holds no source. */
export function releaseBody(request: FastifyRequest, budget: BodyBudget): void {
  budget.give(request.heldBytes)
  request.heldBytes = 0
  forgetBody(request)
}

/** The only content type is application/json; its parser is ours. */
export function takeJsonBodies(app: FastifyInstance, limit: number, budget: BodyBudget): void {
  app.decorateRequest('bodyBytes', null)
  app.decorateRequest('heldBytes', 0)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    async (request: FastifyRequest, stream: IncomingMessage) => {
      const bytes = await readBody(request, stream, limit, budget)
      request.bodyBytes = bytes
      return parse(bytes)
    },
  )
  app.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => releaseBody(request, budget))
  })
}
