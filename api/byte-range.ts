// One range of the bytes of an answer (RFC 9110, 14), and the headers that say what the answer is.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from './problem.js'

export type Span = { readonly start: number; readonly end: number }

/**
 * The bytes that are asked for; null for all. One range of bytes is understood; any other is as if it were not there, as RFC 9110
 * (14.2) allows. @throws Refusal range-not-satisfiable
 */
export function spanOf(request: FastifyRequest, bytes: number): Span | null {
  const [, first = '', last = ''] =
    /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.headers.range ?? '') ?? []
  if (first === '' && last === '') return null
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1)
  if (start < end) return { start, end }
  // A range that ends before it begins is none.
  if (start < bytes && last !== '' && first !== '') return null
  throw new Refusal('range-not-satisfiable', undefined, {
    headers: { 'content-range': `bytes */${bytes}` },
  })
}

export function describeBytes(
  reply: FastifyReply,
  fileName: string,
  bytes: number,
  span: Span | null,
): { start: number; end: number } {
  const { start, end } = span ?? { start: 0, end: bytes }
  reply.code(span === null ? 200 : 206).headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${fileName}"`,
    'content-length': String(end - start),
    'accept-ranges': 'bytes',
  })
  if (span !== null) reply.header('content-range', `bytes ${start}-${end - 1}/${bytes}`)
  return { start, end }
}
