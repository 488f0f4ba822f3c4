// One line a request. No body, no query, no header, no raw path is logged.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { methodLabel, type Telemetry } from './telemetry.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The job that the request is about, once known. */
    jobId: string | null
    /** The error code that it was answered with. */
    errorCode: string | null
  }
}

/** The pattern of the route, so that no client can write into a log or make a time series. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'none'

function logOne(
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
  telemetry: Telemetry,
  tookMs: number,
): void {
  const route = routeOf(request)
  const method = methodLabel(request.method)
  const isWhole = reply.raw.writableFinished
  // 499 as others have it: the client went away before it had its answer.
  const status = isWhole ? reply.raw.statusCode : 499
  const labels = { method, route, status: String(status) }
  telemetry.observe('stockade_http_request_seconds', labels, tookMs / 1000)
  log.info(
    {
      requestId: request.id,
      method,
      route,
      status,
      durationMs: Math.round(tookMs * 100) / 100,
      ...(request.caller === null ? {} : { tenant: request.caller.tenant }),
      ...(request.jobId === null ? {} : { jobId: request.jobId }),
      ...(request.errorCode === null ? {} : { code: request.errorCode }),
    },
    'request',
  )
}

/** On the end of the connection or the answer, whichever is first: onResponse does not come when a client goes away. */
export function logRequests(app: FastifyInstance, log: Logger, telemetry: Telemetry): void {
  app.decorateRequest('jobId', null)
  app.decorateRequest('errorCode', null)
  app.addHook('onRequest', async (request, reply) => {
    // Fastify's own clock (`reply.elapsedTime`) stands still where neither its logger nor an onResponse hook is in use.
    const beganMs = performance.now()
    reply.raw.once('close', () =>
      logOne(request, reply, log, telemetry, performance.now() - beganMs),
    )
  })
}
