// A program in a session: waited for, or followed as it goes.
import { once } from 'node:events'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract/error.js'
import { NoQuery } from '../contract/http.js'
import { frameTypes } from '../contract/launch.js'
import { Exec, ExecOutput, type SessionStart } from '../contract/session.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import { bodyOf, releaseBody } from './request-body.js'
import type { Service } from './service.js'
import { encodeLinkChunks, encodeLinkFrame } from './session-frame.js'
import { type Link, type LinkEvent, openLink } from './session-link.js'
import { takePlace } from './waiting.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')
const checkExec = checker(Exec, 'invalid-request', '')

/** The session must be the tenant's; whether it is open, its worker knows. @throws Refusal not-found, conflict */
export async function requireSession(service: Service, request: FastifyRequest): Promise<string> {
  const id = jobIdOf(request)
  const job = await service.store.read(callerOf(request).tenant, id)
  if (job === null) throw new Refusal('not-found')
  if (job.state === 'finished')
    throw new Refusal('conflict', `The session has ended: ${job.cause?.message ?? job.outcome}`)
  return id
}

/** @throws Refusal invalid-request */
export function requireProgram(ask: Pick<Exec, 'command' | 'run'>): void {
  if ((ask.command === undefined) !== (ask.run === undefined)) return
  const message = 'There is exactly one of `command` and `run`.'
  throw new Refusal('invalid-request', undefined, {
    violations: [{ rule: 'schema', pointer: '', message }],
  })
}

function textOf(pieces: readonly Buffer[]): { text: string; encoding: 'utf8' | 'base64' } {
  const bytes = Buffer.concat(pieces)
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { text, encoding: 'utf8' }
  } catch {
    return { text: bytes.toString('base64'), encoding: 'base64' }
  }
}

/** The worker bounds what comes. @throws Refusal */
async function gather(events: AsyncGenerator<LinkEvent>): Promise<ExecOutput> {
  const pieces: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  for await (const event of events) {
    if (event.kind !== 'result') {
      pieces[event.kind].push(Buffer.from(event.bytes))
      continue
    }
    const [stdout, stderr] = [textOf(pieces.stdout), textOf(pieces.stderr)]
    const encoding = { stdout: stdout.encoding, stderr: stderr.encoding }
    return { ...event.result, stdout: stdout.text, stderr: stderr.text, encoding }
  }
  throw new Refusal('conflict', 'The session has ended.')
}

const frameOf = (event: LinkEvent): string =>
  event.kind === 'result'
    ? `event: result\ndata: ${JSON.stringify(event.result)}\n\n`
    : `event: ${event.kind}\ndata: ${JSON.stringify({ base64: event.bytes.toString('base64') })}\n\n`

/** At the client's pace: what it does not take, the program does not get to write. */
async function stream(reply: FastifyReply, link: Link): Promise<void> {
  const { raw } = reply
  const ending = new AbortController()
  raw.once('close', () => ending.abort())
  const events = link.events()
  const first = await events.next()
  reply.hijack()
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' }
  raw.writeHead(200, headers as Record<string, string>)
  try {
    for (let next = first; next.done !== true; next = await events.next())
      if (!raw.write(frameOf(next.value))) await once(raw, 'drain', { signal: ending.signal })
  } catch (error) {
    if (error instanceof Refusal && !ending.signal.aborted)
      raw.write(`event: lost\ndata: ${JSON.stringify({ detail: error.message })}\n\n`)
  }
  raw.end()
}

function startOf(request: FastifyRequest, session: string): { start: SessionStart; stdin: string } {
  const ask = checkExec(bodyOf(request)) as Exec
  requireProgram(ask)
  const { stdin = '', ...start } = ask
  const { tenant } = callerOf(request)
  return { start: { session, tenant, start: { ...start, stdin: '' }, stream: false }, stdin }
}

export function routeExec(app: FastifyInstance, service: Service): void {
  app.post('/v1/sessions/:id/exec', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'exec',
      tags: ['sessions'],
      summary: 'Run a program in a session',
      description:
        'Many may run at one time. The answer comes when the program has ended, with what it wrote, at most 4 MiB; with ' +
        '`Accept: text/event-stream` it comes as events `stdout` and `stderr` (base64) and at last `result`, without that bound and at the ' +
        'client’s pace. A client that goes away ends its program.',
      params: JobPath,
      querystring: NoQuery,
      body: Exec,
      response: { 200: ExecOutput, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const { start, stdin } = startOf(request, jobIdOf(request))
      await requireSession(service, request)
      releaseBody(request, service.budget)
      const isStream = /\btext\/event-stream\b/i.test(request.headers.accept ?? '')
      const leave = takePlace(
        service,
        callerOf(request).tenant,
        isStream ? 'stockade_event_streams' : 'stockade_waiting_requests',
      )
      const link = openLink(service, { ...start, stream: isStream })
      const hangUp = (): unknown => link.socket.destroy()
      reply.raw.once('close', hangUp)
      for (const frame of encodeLinkChunks(frameTypes.stdin, Buffer.from(stdin)))
        link.socket.write(frame)
      link.socket.write(encodeLinkFrame(frameTypes.stdin, Buffer.alloc(0)))
      try {
        if (isStream) return await stream(reply, link)
        return await reply.send(await gather(link.events()))
      } finally {
        reply.raw.off('close', hangUp)
        link.socket.destroy()
        leave()
      }
    },
  })
}
