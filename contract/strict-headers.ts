// Headers of an HTTP/1.1 request that two readers could understand differently (RFC 9112 section 11.2, request smuggling). Node's parser lets
// them through; neither the api nor the guard does.

/** Node keeps the first of some headers and joins others: two readers of one request could differ, so one each. */
const singleHeaders = new Set([
  'authorization',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'last-event-id',
  'transfer-encoding',
  'upgrade',
  'x-registry-auth',
  'x-registry-config',
])

/** What is wrong with them, in words for the caller; null when nothing is. `raw`: names and values in turn, as they came. */
export function ambiguousHeader(raw: readonly string[], httpVersion: string): string | null {
  const values = new Map<string, string>()
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    if (singleHeaders.has(name) && values.has(name)) return `The header ${name} is there twice.`
    values.set(name, raw[at + 1] ?? '')
  }
  if (!values.has('host') && httpVersion !== '1.0') return 'There is no Host header.'
  const encoding = values.get('transfer-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    return 'The only transfer encoding is chunked.'
  if (values.has('content-encoding')) return 'Encoded (compressed) bodies are not taken.'
  return null
}
