// The events of one job while it runs (Server-Sent Events, WHATWG HTML 9.2): resumable, with heartbeats, at the client's pace.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../contract/error.js'
import { EventHeaders, NoQuery } from '../contract/http.js'
import type { KeptJob } from '../contract/result.js'
import type { StoredEvent } from '../queue/job-store.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'
import { takePlace } from './waiting.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

/** Proxies drop a silent connection after a minute or so; a dead client is noticed by the failing write. */
const heartbeatMs = 15_000
/** Heartbeats in a row that a client did not take: it reads no more, and is cut off. */
const missedMax = 4

function lastEventIdOf(request: FastifyRequest): string | null {
  const id = request.headers['last-event-id']
  if (id === undefined || id === '') return null
  if (typeof id !== 'string' || !/^\d{1,20}-\d{1,20}$/.test(id)) {
    throw new Refusal('invalid-header', 'Last-Event-ID is not the id of one of our events.')
  }
  return id
}

function refuseOtherTypes(request: FastifyRequest): void {
  const accept = request.headers.accept ?? '*/*'
  const takesEvents = accept
    .split(',')
    .some((range) => /^\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;|$)/i.test(range))
  if (!takesEvents) throw new Refusal('not-acceptable', 'This is text/event-stream.')
}

/** Data is JSON text without line ends; should Redis hold something else, it cannot forge a field. */
const frameOf = (event: StoredEvent): string =>
  `id: ${event.id}\nevent: ${event.name}\ndata: ${event.data.replace(/[\r\n]+/g, '\ndata: ')}\n\n`

/** The end, for a client that comes when the events are no longer kept: the stored record is the truth. */
function closingFrame(job: KeptJob): string {
  const { outcome, cause, failedStep, exitCode, signal, truncated, usage } = job
  return `event: result\ndata: ${JSON.stringify({ outcome, cause, failedStep, exitCode, signal, truncated, usage })}\n\n`
}

/** Waits while the client is slow, so that we read no more of Redis than it takes. */
async function write(outgoing: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (!outgoing.write(text)) await once(outgoing, 'drain', { signal })
}

type Stream = {
  readonly reply: FastifyReply
  readonly tenant: string
  readonly jobId: string
  readonly ending: AbortController
}

async function pump(
  service: Service,
  stream: Stream,
  events: AsyncIterable<StoredEvent>,
): Promise<void> {
  const outgoing = stream.reply.raw
  const { signal } = stream.ending
  let hasResult = false
  for await (const event of events) {
    await write(outgoing, frameOf(event), signal)
    hasResult = event.name === 'result'
  }
  if (hasResult || signal.aborted) return
  const job = await service.store.read(stream.tenant, stream.jobId)
  if (job?.state === 'finished') await write(outgoing, closingFrame(job), signal)
}

function openStream(reply: FastifyReply): void {
  reply.hijack()
  const { raw } = reply
  const headers = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  }
  raw.writeHead(200, headers as Record<string, string>)
  // The client's own wait before it connects again, milliseconds.
  raw.write('retry: 1000\n\n')
}

async function serve(
  service: Service,
  stream: Stream,
  events: AsyncIterable<StoredEvent>,
): Promise<void> {
  const { raw } = stream.reply
  const end = (): void => stream.ending.abort()
  let missed = 0
  const heartbeat = setInterval(() => {
    missed = raw.writableNeedDrain ? missed + 1 : 0
    if (missed === 0) raw.write(': still here\n\n')
    else if (missed >= missedMax) raw.destroy()
  }, heartbeatMs)
  raw.once('close', end)
  service.stopping.addEventListener('abort', end)
  try {
    await pump(service, stream, events)
  } catch (error) {
    // The client comes back with Last-Event-ID. An abort is how a stream ends when it is no longer wanted.
    if (!stream.ending.signal.aborted)
      service.log.debug({ jobId: stream.jobId, error: (error as Error).message }, 'event stream')
  } finally {
    clearInterval(heartbeat)
    raw.off('close', end)
    service.stopping.removeEventListener('abort', end)
    stream.ending.abort()
    raw.end()
  }
}

export function routeEvents(app: FastifyInstance, service: Service): void {
  app.get('/v1/jobs/:id/events', {
    config: { scope: 'read' },
    schema: {
      operationId: 'followJob',
      tags: ['jobs'],
      summary: 'Follow a job',
      description:
        'Server-Sent Events `state`, `step`, `stdout`, `stderr`, `omitted` and at last `result`. Resume with `Last-Event-ID`. Pieces of output ' +
        'are base64, since a piece may end inside a character. Events carry 1 MiB of ' +
        'output of a run; `omitted` says how many bytes of a step are left out, which the result has. The stream ends after `result`.',
      params: JobPath,
      querystring: NoQuery,
      headers: EventHeaders,
      produces: ['text/event-stream'],
      response: {
        200: {
          description: 'The events.',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
        default: Problem,
      },
    },
    handler: async (request, reply) => {
      const { tenant } = callerOf(request)
      const jobId = jobIdOf(request)
      checkNoQuery(request.query)
      refuseOtherTypes(request)
      const afterId = lastEventIdOf(request)
      const ending = new AbortController()
      const leave = takePlace(service, tenant, 'stockade_event_streams')
      try {
        const events = await service.store.events(tenant, jobId, afterId, ending.signal)
        if (events === null) throw new Refusal('not-found')
        openStream(reply)
        await serve(service, { reply, tenant, jobId, ending }, events)
      } finally {
        leave()
      }
    },
  })
}
