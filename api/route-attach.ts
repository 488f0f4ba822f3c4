// A program in a session at the other end of a WebSocket: its streams, a terminal if it is to have one, its size, signals.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RawData, WebSocket } from 'ws'
import { Problem } from '../contract/error.js'
import { frameTypes, signalNumbers } from '../contract/launch.js'
import { AttachStart, AttachWord } from '../contract/session.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { JobPath } from './job-path.js'
import { Refusal } from './problem.js'
import { requireProgram, requireSession } from './route-exec.js'
import type { Service } from './service.js'
import { encodeLinkChunks } from './session-frame.js'
import { type Link, openLink } from './session-link.js'
import { takePlace } from './waiting.js'

const checkStart = checker(AttachStart, 'invalid-request', '')
const checkWord = checker(AttachWord, 'invalid-request', '')

/** The first byte of a binary message to the client: which stream its rest is of. */
const streamBytes = { stdout: 1, stderr: 2 } as const
/** What a client may not have taken yet, bytes, before the program waits. */
const unreadBytesMax = 262_144
/** RFC 6455 section 7.4.1. */
const closed = { normal: 1000, away: 1001, refused: 1008 } as const
/** How long a client may take to say what it wants to run, milliseconds. */
const startMs = 30_000

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)

function sendPiece(client: WebSocket, piece: Buffer): Promise<void> | null {
  const isBehind = client.bufferedAmount > unreadBytesMax
  if (!isBehind) {
    client.send(piece)
    return null
  }
  return new Promise((resolve) => client.send(piece, () => resolve()))
}

/** What a client says in words. @throws Refusal */
function hearWord(link: Link, text: string): void {
  const word = checkWord(JSON.parse(text)) as AttachWord
  if (word.type === 'end') link.send(frameTypes.stdin, Buffer.alloc(0))
  else if (word.type === 'signal')
    link.send(frameTypes.signal, Buffer.from([signalNumbers[word.name]]))
  else {
    const payload = Buffer.allocUnsafe(4)
    payload.writeUInt16LE(word.rows, 0)
    payload.writeUInt16LE(word.columns, 2)
    link.send(frameTypes.terminal, payload)
  }
}

/** What the worker has not taken holds the client back. */
function hearInput(client: WebSocket, link: Link, bytes: Buffer): void {
  let isTaken = true
  for (const frame of encodeLinkChunks(frameTypes.stdin, bytes)) isTaken = link.socket.write(frame)
  if (isTaken || client.isPaused) return
  client.pause()
  link.socket.once('drain', () => client.resume())
}

function refuse(client: WebSocket, error: unknown): void {
  const message = error instanceof Refusal ? error.message : 'That was no message of this protocol.'
  const violations = error instanceof Refusal ? error.violations : undefined
  client.send(JSON.stringify({ type: 'refused', detail: message, violations }))
  client.close(closed.refused)
}

async function relay(client: WebSocket, link: Link): Promise<void> {
  try {
    for await (const event of link.events()) {
      if (event.kind === 'result') {
        client.send(JSON.stringify({ type: 'result', ...event.result }))
        continue
      }
      const head = Buffer.from([streamBytes[event.kind]])
      await sendPiece(client, Buffer.concat([head, event.bytes]))
    }
    client.close(closed.normal)
  } catch (error) {
    refuse(client, error)
  }
}

function firstMessage(client: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Refusal('request-timeout')), startMs)
    client.once('close', () => {
      clearTimeout(timer)
      reject(new Refusal('conflict', 'The client has gone.'))
    })
    client.once('message', (data: RawData, isBinary: boolean) => {
      clearTimeout(timer)
      if (isBinary) reject(new Refusal('invalid-request', 'The first message is text.'))
      else resolve(bytesOf(data).toString('utf8'))
      client.pause()
    })
  })
}

async function attach(
  service: Service,
  client: WebSocket,
  session: string,
  tenant: string,
): Promise<void> {
  const { stdin, ...start } = checkStart(JSON.parse(await firstMessage(client))) as AttachStart
  requireProgram(start)
  const link = openLink(service, { session, tenant, start, stream: true })
  client.on('close', () => link.socket.destroy())
  if (stdin !== undefined) hearInput(client, link, Buffer.from(stdin))
  client.on('message', (data: RawData, isBinary: boolean) => {
    try {
      if (isBinary) hearInput(client, link, bytesOf(data))
      else hearWord(link, bytesOf(data).toString('utf8'))
    } catch (error) {
      refuse(client, error)
    }
  })
  client.resume()
  await relay(client, link)
}

/** From the moment that the connection is a WebSocket. */
function serve(service: Service, client: WebSocket, request: FastifyRequest): void {
  const { tenant } = callerOf(request)
  const { id } = request.params as { id: string }
  let leave: () => void
  try {
    leave = takePlace(service, tenant, 'stockade_event_streams')
  } catch (error) {
    refuse(client, error)
    return
  }
  const end = (): void => client.close(closed.away)
  service.stopping.addEventListener('abort', end)
  client.once('close', () => {
    service.stopping.removeEventListener('abort', end)
    leave()
  })
  attach(service, client, id, tenant).catch((error: unknown) => refuse(client, error))
}

export function routeAttach(app: FastifyInstance, service: Service): void {
  app.get(
    '/v1/sessions/:id/attach',
    {
      config: { scope: 'submit' },
      websocket: true,
      schema: {
        operationId: 'attach',
        tags: ['sessions'],
        summary: 'Run a program in a session over a WebSocket',
        description:
          'The first message says what to run, as `exec` does, and with `terminal` that it has one. Then binary messages are its input, and text ' +
          '`{"type":"end"}`, `{"type":"resize","rows":R,"columns":C}` and `{"type":"signal","name":"INT"}`. Binary messages from it begin with ' +
          'a byte: 1 for standard output, 2 for standard error; the last message is text, `{"type":"result",…}`, or `{"type":"refused",…}`.',
        params: JobPath,
        response: { default: Problem },
      },
      preValidation: async (request: FastifyRequest): Promise<void> => {
        await requireSession(service, request)
      },
    },
    (client, request) => serve(service, client, request),
  )
}
