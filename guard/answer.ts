// How the guard answers: its own head, and the engine's content either as a stream or read, seen through the tenant's eyes and written anew.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Call } from './endpoint.js'
import { type EngineRequest, readWhole } from './engine.js'
import { DockerRefusal, refusalText } from './refusal.js'

/** Of the engine's head, what a client reads. */
const passedHeaders = [
  'content-type',
  'x-docker-container-path-stat',
  'docker-experimental',
  'cache-control',
  'pragma',
] as const

export function setStanding(response: ServerResponse, apiVersion: string): void {
  response.setHeader('Api-Version', apiVersion)
  response.setHeader('Ostype', 'linux')
  response.setHeader('Server', 'Docker')
}

export function sendRefusal(response: ServerResponse, refusal: DockerRefusal): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = refusalText(refusal.message)
  // Exactly this: with a charset the client of Docker prints the JSON as it is.
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  if (refusal.ends) response.setHeader('Connection', 'close')
  response.statusCode = refusal.status
  response.end(response.req.method === 'HEAD' ? undefined : text)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.statusCode = status
  response.end(text)
}

export function sendEmpty(response: ServerResponse, status: number): void {
  response.statusCode = status
  if (status !== 204 && status !== 304) response.setHeader('Content-Length', 0)
  response.end()
}

function passHead(response: ServerResponse, answer: IncomingMessage): void {
  response.statusCode = answer.statusCode ?? 502
  for (const name of passedHeaders) {
    const value = answer.headers[name]
    if (value !== undefined) response.setHeader(name, value)
  }
}

/** What the engine says was wrong, in the tenant's names. */
export async function engineRefusal(call: Call, answer: IncomingMessage): Promise<DockerRefusal> {
  const text = (await readWhole(answer, 1_048_576)).toString('utf8')
  let message = text.trim()
  try {
    message = String((JSON.parse(text) as { message?: unknown }).message ?? message)
  } catch {
    // Older engines say it in plain text.
  }
  return new DockerRefusal(answer.statusCode ?? 502, [], call.tenant.unnamed(message))
}

export type Through = (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer | string>

/** Asks the engine and passes its answer on as it comes. Nothing is held back: what is not read is not sent. */
export async function passStream(
  call: Call,
  asked: EngineRequest,
  through?: Through,
): Promise<void> {
  const { engine, response, signal } = call
  const answer = await engine.send({ signal, ...asked })
  const status = answer.statusCode ?? 502
  if (status >= 400) throw await engineRefusal(call, answer)
  passHead(response, answer)
  if (status === 204 || status === 304 || call.endpoint.method === 'HEAD') {
    answer.resume()
    response.end()
    return
  }
  // Clients wait for the head of a wait, of events and of logs before they go on.
  response.flushHeaders()
  if (through === undefined) await pipeline(answer, response)
  else await pipeline(answer, through, response)
}

/** Asks the engine, and answers what `view` makes of its answer. */
export async function passView(
  call: Call,
  asked: EngineRequest,
  view: (value: unknown) => unknown,
): Promise<void> {
  const answer = await call.engine.send({ signal: call.signal, ...asked })
  const status = answer.statusCode ?? 502
  if (status >= 400) throw await engineRefusal(call, answer)
  const text = (await readWhole(answer)).toString('utf8')
  if (text.trim() === '') sendEmpty(call.response, status)
  else sendJson(call.response, status, view(JSON.parse(text)))
}

/** Asks the engine for something of the guard's own. @throws DockerRefusal with the engine's words. */
export async function readEngine(call: Call, asked: EngineRequest): Promise<unknown> {
  const { status, value } = await call.engine.read({ signal: call.signal, ...asked })
  if (status < 400) return value
  const { message } = value as { message?: unknown }
  throw new DockerRefusal(status, [], call.tenant.unnamed(String(message ?? 'the engine refuses')))
}
