// The way to the engine: requests that are written here, from nothing, and answers as they come. One UNIX socket; a connection each for what
// is taken over.
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { refused } from './refusal.js'

/** Texts by name. */
export type Query = Readonly<Record<string, readonly string[]>>

export type EngineRequest = {
  readonly method: string
  /** Segments; each is escaped here. */
  readonly path: readonly string[]
  readonly query?: Query
  /** JSON, or absent. */
  readonly body?: unknown
  /** An archive, instead. */
  readonly archive?: Readable
  readonly headers?: Readonly<Record<string, string>>
  /** The version of the API; the engine's own where none is said. */
  readonly version?: string
  readonly signal?: AbortSignal
}

export type Hijacked = {
  readonly head: IncomingMessage
  readonly socket: Duplex
  readonly first: Buffer
}

export type Engine = {
  /** The engine's newest version of the API. */
  readonly apiVersion: string
  send(asked: EngineRequest): Promise<IncomingMessage>
  /** A small answer, read whole. */
  read(asked: EngineRequest): Promise<{ readonly status: number; readonly value: unknown }>
  /** A connection of its own, taken over when the engine says 101; else the engine's answer. */
  hijack(asked: EngineRequest): Promise<Hijacked | IncomingMessage>
  close(): void
}

/** Of an answer that is read whole: an inspection or a list. Bytes. */
const answerBytesMax = 64 * 1_048_576

function targetOf({ path, query = {}, version }: EngineRequest, newest: string): string {
  const segments = path.map((segment) => encodeURIComponent(segment))
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    values.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  )
  return `/v${version ?? newest}/${segments.join('/')}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}

function headersOf(asked: EngineRequest, text: Buffer | null): Record<string, string> {
  const kind = asked.archive !== undefined ? 'application/x-tar' : 'application/json'
  return {
    host: 'docker',
    ...(text === null && asked.archive === undefined ? {} : { 'content-type': kind }),
    ...(text === null ? {} : { 'content-length': String(text.length) }),
    ...(asked.archive === undefined ? {} : { 'transfer-encoding': 'chunked' }),
    ...(text === null && asked.archive === undefined && asked.method === 'POST'
      ? { 'content-length': '0' }
      : {}),
    ...asked.headers,
  }
}

export async function readWhole(answer: Readable, bytesMax = answerBytesMax): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > bytesMax)
      throw refused('docker-engine', 'the answer of the engine is too large', 502)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function parsedAnswer(text: string): unknown {
  if (text.trim() === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return { message: text.trim().slice(0, 512) }
  }
}

const away = (): Error => refused('docker-engine', 'the engine does not answer', 503)

export function openEngine(socketPath: string, apiVersion: string): Engine {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 0 })

  const start = (asked: EngineRequest, more: RequestOptions) => {
    const text = asked.body === undefined ? null : Buffer.from(JSON.stringify(asked.body))
    const outgoing = httpRequest({
      ...{ socketPath, method: asked.method, path: targetOf(asked, apiVersion) },
      ...(asked.signal === undefined ? {} : { signal: asked.signal }),
      ...more,
      headers: { ...headersOf(asked, text), ...more.headers },
    })
    if (asked.archive === undefined) outgoing.end(text ?? undefined)
    // Whatever goes wrong on the way shows as an answer, or as its absence.
    else pipeline(asked.archive, outgoing).catch((error: Error) => outgoing.destroy(error))
    return outgoing
  }

  const send = (asked: EngineRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = start(asked, { agent })
      outgoing.once('response', resolve)
      outgoing.on('error', () => reject(away()))
    })

  return {
    apiVersion,
    send,
    async read(asked) {
      const answer = await send(asked)
      return {
        status: answer.statusCode ?? 0,
        value: parsedAnswer((await readWhole(answer)).toString('utf8')),
      }
    },
    hijack: (asked) =>
      new Promise((resolve, reject) => {
        const outgoing = start(asked, {
          agent: false,
          // The client's end of input must reach the engine while its output still comes.
          createConnection: () => connect({ path: socketPath, allowHalfOpen: true }),
          headers: { connection: 'Upgrade', upgrade: 'tcp' },
        })
        outgoing.once('upgrade', (head, socket, first) => resolve({ head, socket, first }))
        outgoing.once('response', resolve)
        outgoing.on('error', () => reject(away()))
      }),
    close: () => agent.destroy(),
  }
}
