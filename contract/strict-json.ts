// One JSON text → one value, or the exact reason why not. Stricter than JSON.parse where two readers of the same bytes could
// disagree (duplicate keys, byte order mark, lone surrogates, numbers that overflow) or a value could bite later (__proto__).

/** Levels of nesting; a job needs five. */
export const depthMax = 32
/** Values in one text. A small text must not become a heap of a gigabyte. */
export const valuesMax = 1_000_000

/** `offset` is in UTF-16 units of the text; `pointer` is an RFC 6901 pointer, where a value is at fault. */
export class JsonFault extends Error {}

const atOffset = (message: string, offset: number): JsonFault =>
  new JsonFault(`${message} at offset ${offset}`)

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new JsonFault('the body is not valid UTF-8')
  }
}

const quote = 0x22
const backslash = 0x5c

/** The index of the quote that ends the string which begins at `start` (its opening quote); -1 when there is none. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return end
  }
  return -1
}

function keyOf(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end)
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    throw atOffset('a key has an escape that is none', start)
  }
}

/** The index of the next character that is no white space. */
function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

/** `__proto__`, and `constructor` with an object in it, are how prototypes are poisoned; no field of ours needs them. */
function isForbidden(key: string, text: string, colon: number): boolean {
  if (key === '__proto__') return true
  return key === 'constructor' && text[skipSpace(text, colon + 1)] === '{'
}

function addKey(keys: Set<string>, text: string, start: number, end: number, colon: number): void {
  const key = keyOf(text, start, end)
  if (isForbidden(key, text, colon)) throw atOffset(`the key "${key}" is forbidden`, start)
  if (keys.has(key))
    throw atOffset(`the key ${JSON.stringify(key.slice(0, 64))} is there twice`, start)
  keys.add(key)
}

/** The end of a run of number characters. A number that is no longer finite is refused. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1
  let canOverflow = false
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    const isPart = (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2b || code === 0x2d
    const isExponent = code === 0x65 || code === 0x45
    if (isExponent) canOverflow = true
    if (!isPart && !isExponent) break
  }
  const overflows =
    (canOverflow || end - start > 300) && !Number.isFinite(Number(text.slice(start, end)))
  if (overflows) throw atOffset('a number is too large', start)
  return end
}

/**
 * One pass before JSON.parse, which builds values without bound: depth, count, keys, numbers. It need not know the whole
 * grammar, since JSON.parse comes after it. Strings are skipped by native search, so a large source costs little.
 */
function scan(text: string): void {
  const keysByDepth: (Set<string> | null)[] = []
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfString(text, at)
      if (end === -1) throw atOffset('a string does not end', at)
      const next = skipSpace(text, end + 1)
      // Only a key is followed by a colon.
      if (depth > 0 && text[next] === ':') {
        const keys = keysByDepth[depth] ?? new Set()
        keysByDepth[depth] = keys
        addKey(keys, text, at, end, next)
      }
      at = end
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) throw atOffset(`more than ${depthMax} levels of nesting`, at)
      keysByDepth[depth] = null
      values++
    } else if (code === 0x7d || code === 0x5d) {
      depth--
    } else if (code === 0x2c) {
      values++
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      at = endOfNumber(text, at) - 1
    }
    if (values > valuesMax) throw atOffset(`more than ${valuesMax} values`, at)
  }
}

/** In `u` mode a pair is one character, so this finds only halves. */
const loneSurrogate = /\p{Surrogate}/u
const escapedSurrogate = /\\u[dD][89a-fA-F]/
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

function refuseLoneSurrogates(value: unknown, pointer: string): void {
  if (typeof value === 'string' && loneSurrogate.test(value)) {
    throw new JsonFault(`the string at ${pointer || 'the top'} has a lone surrogate`)
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (loneSurrogate.test(key))
      throw new JsonFault(`a key at ${pointer || 'the top'} has a lone surrogate`)
    refuseLoneSurrogates(member, `${pointer}/${escapePointer(key)}`)
  }
}

/** @throws JsonFault with a message for the caller. */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  if (text.length === 0) throw new JsonFault('the body is empty')
  if (text.charCodeAt(0) === 0xfeff) throw atOffset('a byte order mark is not allowed', 0)
  scan(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new JsonFault((error as SyntaxError).message.replace(/[^\x20-\x7e]/g, '?').slice(0, 200))
  }
  // Valid UTF-8 cannot carry a surrogate: only an escape can.
  if (escapedSurrogate.test(text)) refuseLoneSurrogates(value, '')
  return value
}
