// The frame of every listener of ours: strict HTTP, time and size limits, problems for all errors, one log line a request.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { escapeControls } from '../policy/wording.js'
import { watchMethods } from './allowed-methods.js'
import { boundConnections } from './connections.js'
import { Refusal, refusalOf, sendRefusal } from './problem.js'
import { takeJsonBodies } from './request-body.js'
import { logRequests } from './request-log.js'
import type { Service } from './service.js'
import { answerSocketError, parseQuery, refuseAmbiguousHeaders } from './strict-http.js'

/** All headers of a request together, bytes. */
const headersBytesMax = 16 * 1024
/** How long an idle connection is kept for its next request, milliseconds. */
const keepAliveMs = 30_000
/** How often connections are looked at for time-outs, milliseconds. */
const connectionsLookMs = 1000

/** Ids of this process, in order; a client's own request id is never taken over. */
function requestIds(): () => string {
  const prefix = randomBytes(6).toString('hex')
  let count = 0
  return () => `${prefix}-${(++count).toString(36)}`
}

/** What no answer may lack. Routes with a page of their own set another policy. */
const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

function answerErrors(app: FastifyInstance, service: Service): void {
  const { docsUrl } = service.settings
  const methodsOf = watchMethods(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...commonHeaders, 'x-request-id': request.id })
    if (service.stopping.aborted) {
      throw new Refusal('shutting-down', undefined, {
        headers: { connection: 'close', 'retry-after': '1' },
      })
    }
    refuseAmbiguousHeaders(request)
    // Before the body: what nobody listens to is not read.
    if (request.is404) throw notFound(request, methodsOf)
  })
  app.setNotFoundHandler((request) => {
    throw notFound(request, methodsOf)
  })
  app.setErrorHandler((error, request, reply) =>
    answerError(service, error, request, reply, docsUrl),
  )
}

function answerError(
  service: Service,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  docsUrl: string,
): FastifyReply {
  const refusal = refusalOf(error)
  request.errorCode = refusal.code
  if (refusal.code === 'internal') {
    const { message, stack } = error as Error
    service.log.error(
      { requestId: request.id, error: message, stack },
      'a request failed by our fault',
    )
  }
  if (request.routeOptions.url === '/v1/jobs' && request.method === 'POST') {
    service.telemetry.count('stockade_jobs_refused_total', { code: refusal.code })
  }
  return sendRefusal(docsUrl, request, reply, refusal)
}

function notFound(
  request: FastifyRequest,
  methodsOf: (path: string) => readonly string[],
): Refusal {
  const methods = methodsOf(request.url.split('?')[0] ?? '')
  if (methods.length === 0) return new Refusal('not-found')
  return new Refusal('method-not-allowed', undefined, { headers: { allow: methods.join(', ') } })
}

/** Answers above this may not fit what the kernel holds for a client, so that one which does not read keeps them in our memory. */
const largeAnswerBytes = 64 * 1024

/** A client that takes nothing of a large answer for `stallMs` is cut off. Node puts the idle time-out back for the next request. */
function cutOffStalledAnswers(app: FastifyInstance, stallMs: number): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    const isLarge =
      payload instanceof Readable ||
      ((typeof payload === 'string' || Buffer.isBuffer(payload)) &&
        payload.length > largeAnswerBytes)
    if (isLarge) reply.raw.socket?.setTimeout(stallMs)
    return payload
  })
}

export function openFrame(service: Service): FastifyInstance {
  const { settings } = service
  const app = Fastify({
    logger: false,
    trustProxy: false,
    requestIdHeader: false,
    genReqId: requestIds(),
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: keepAliveMs,
    requestTimeout: settings.requestMs,
    routerOptions: { querystringParser: parseQuery, maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => {
      sendRefusal(settings.docsUrl, request, reply, refusalOf(error))
    },
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) =>
      answerSocketError(settings.docsUrl, error, socket),
    http: {
      insecureHTTPParser: false,
      // Node's own answer to a missing Host has no body; strict-http.ts refuses it with one.
      requireHostHeader: false,
      maxHeaderSize: headersBytesMax,
      requestTimeout: settings.requestMs,
      headersTimeout: Math.min(settings.requestHeadersMs, settings.requestMs),
      connectionsCheckingInterval: connectionsLookMs,
    },
  })
  app.server.maxConnections = settings.connectionsMax
  // Node would answer an unknown expectation with 417 and no body.
  app.server.on('checkExpectation', (incoming, outgoing) => {
    incoming.headers.expect = ''
    app.server.emit('request', incoming, outgoing)
  })
  // Schemas describe (OpenAPI); each route checks with compiled validators of its own, which name every fault.
  app.setValidatorCompiler(() => () => true)
  // Plain JSON.stringify drops no field, and is the faster one on objects with many nullable members.
  app.setSerializerCompiler(() => (value) => escapeControls(JSON.stringify(value)))
  app.decorateRequest('caller', null)
  logRequests(app, service.log, service.telemetry)
  boundConnections(app, service)
  takeJsonBodies(app, settings.bodyBytesMax, service.budget)
  answerErrors(app, service)
  cutOffStalledAnswers(app, settings.requestMs)
  return app
}
