// The body of a request: read whole and strictly where it is JSON, left as a stream where it is an archive. Of a request that takes over its
// connection Node leaves the body to us (its parser stops at the head), so its framing is undone here.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { JsonFault, parseStrictJson } from '../contract/strict-json.js'
import type { Endpoint } from './endpoint.js'
import { malformed } from './refusal.js'

/** A create request of a real client has two kilobytes; a seccomp profile that is written into one, a hundred. */
const bodyBytesMax = 1_048_576
/** From the end of the head to the end of the body, milliseconds. */
const bodyMs = 30_000

const tooLarge = () => malformed('docker-body', `the body has more than ${bodyBytesMax} bytes`, 413)
const tooSlow = () => malformed('docker-body', 'the body came too slowly', 408)

function inTime<T>(work: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(tooSlow())
      giveUp()
    }, bodyMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function plainBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) throw tooLarge()
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > bodyBytesMax) throw tooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** What is between the head and the stream of a connection that is taken over, and what of the stream came with it. */
type Framed = { readonly body: Buffer; readonly rest: Buffer }

const badChunk = () => malformed('docker-body', 'a chunk of the body is malformed')

/** Null while the end is not there. RFC 9112 section 7.1, without extensions and trailers. */
export function unchunk(bytes: Buffer): Framed | null {
  const pieces: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) {
      if (bytes.length - at > 8) throw badChunk()
      return null
    }
    const digits = bytes.toString('latin1', at, end)
    if (!/^[0-9a-fA-F]{1,6}$/.test(digits)) throw badChunk()
    const size = Number.parseInt(digits, 16)
    const start = end + 2
    if (bytes.length < start + size + 2) return null
    if (bytes.toString('latin1', start + size, start + size + 2) !== '\r\n') throw badChunk()
    if (size === 0) return { body: Buffer.concat(pieces), rest: bytes.subarray(start + 2) }
    pieces.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}

function framed(request: IncomingMessage, bytes: Buffer): Framed | null {
  if (request.headers['transfer-encoding'] !== undefined) return unchunk(bytes)
  const length = Number(request.headers['content-length'] ?? 0)
  if (bytes.length < length) return null
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) }
}

/** Reads until the body is whole; what came after it goes back into the socket. */
async function bodyBeforeStream(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) throw tooLarge()
  let bytes = head
  for (let found = framed(request, bytes); ; found = framed(request, bytes)) {
    if (found !== null) {
      if (found.rest.length > 0) socket.unshift(found.rest)
      return found.body
    }
    if (bytes.length > bodyBytesMax * 2) throw tooLarge()
    bytes = Buffer.concat([bytes, await nextPiece(socket)])
  }
}

function nextPiece(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      socket.off('readable', read)
      socket.off('end', gone)
      socket.off('close', gone)
      act()
    }
    const read = (): void => {
      const piece = socket.read() as Buffer | null
      if (piece !== null) settle(() => resolve(piece))()
    }
    const gone = settle(() => reject(malformed('docker-body', 'the body is not whole')))
    socket.on('readable', read)
    socket.once('end', gone)
    socket.once('close', gone)
    read()
  })
}

function parsed(bytes: Buffer): unknown {
  if (bytes.length === 0) return null
  try {
    return parseStrictJson(bytes)
  } catch (error) {
    if (error instanceof JsonFault) throw malformed('docker-body', `invalid JSON: ${error.message}`)
    throw error
  }
}

/** Where nothing is asked, some clients repeat the query as JSON: it is looked at, and goes nowhere. */
function refuseAskingBody(endpoint: Endpoint, value: unknown): void {
  if (value === null) return
  const known = new Set([...Object.keys(endpoint.query), 'hijack'])
  const isObject = typeof value === 'object' && !Array.isArray(value)
  const unknown = isObject ? Object.keys(value).find((name) => !known.has(name)) : 'a value'
  if (unknown !== undefined)
    throw malformed(
      'docker-body',
      `this request takes no body, and ${JSON.stringify(unknown.slice(0, 64))} is in it`,
    )
}

/** The JSON of a request, null where it has none or is an archive. @throws DockerRefusal */
export async function readBody(
  endpoint: Endpoint,
  request: IncomingMessage,
  upgrade: { readonly socket: Duplex; readonly head: Buffer } | null,
): Promise<unknown> {
  if (endpoint.body === 'archive') return null
  const bytes =
    upgrade === null
      ? inTime(plainBody(request), () => request.destroy())
      : inTime(bodyBeforeStream(request, upgrade.socket, upgrade.head), () =>
          upgrade.socket.destroy(),
        )
  const value = parsed(await bytes)
  if (endpoint.body === 'none') refuseAskingBody(endpoint, value)
  return value
}
