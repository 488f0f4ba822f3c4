// What Node's parser lets through and we do not: headers given twice, odd transfer encodings, unreadable queries. Also the
// answer on sockets whose bytes were no request at all.
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { ErrorCode } from '../contract/error.js'
import { ambiguousHeader } from '../contract/strict-headers.js'
import { Refusal, rawProblem } from './problem.js'

/** @throws Refusal invalid-header; the connection ends with it, since its bytes may mean something else to another reader. */
export function refuseAmbiguousHeaders(request: FastifyRequest): void {
  const fault = ambiguousHeader(request.raw.rawHeaders, request.raw.httpVersion)
  if (fault !== null) throw closing(fault)
}

const closing = (detail: string): Refusal =>
  new Refusal('invalid-header', detail, { headers: { connection: 'close' } })

const codeBySocketError: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload-too-large',
}

/** Answers bytes that are no request, once, and ends the connection. */
export function answerSocketError(
  docsUrl: string,
  error: Error & { code?: string },
  socket: Socket,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = codeBySocketError[error.code ?? ''] ?? 'invalid-header'
  const detail =
    code === 'invalid-header' ? `This is not HTTP/1.1 (${error.code ?? 'unreadable'}).` : undefined
  socket.end(rawProblem(docsUrl, new Refusal(code, detail)))
  // A peer that does not read must not keep the socket.
  socket.setTimeout(2000, () => socket.destroy())
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

/**
 * A query string as texts by name; a name given twice is an array, which no schema of ours takes. What cannot be decoded is kept
 * raw as a name: it holds a percent sign, so it is no name of ours and is refused as unknown.
 */
export function parseQuery(text: string): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decoded(equals === -1 ? part : part.slice(0, equals))
    const value = equals === -1 ? '' : decoded(part.slice(equals + 1))
    if (name === null || value === null) query[part] = ''
    else query[name] = name in query ? [query[name], value] : value
  }
  return query
}
