// Masks secrets in output as it streams by, also where one is cut by the borders of pieces. It finds a secret as it is and in the
// encodings that tools print without being asked; what a program makes of it otherwise it cannot know, and docs/ci.md says so.
import { secretBytesMin } from '../contract/secret.js'

export type Masker = {
  /** What may be told of it; less than came in while its end may be the beginning of a secret. */
  push(bytes: Buffer): Buffer
  /** The rest. */
  finish(): Buffer
}

const mask = Buffer.from('***')
/** Shorter parts of an encoding are words of plain text. */
const encodedBytesMin = 6
/** Widths at which base64 is broken into lines: base64(1) and MIME; PEM (RFC 7468). */
const lineWidths = [76, 64] as const

/** Of base64 of something longer, the characters that the secret alone decides, when it begins at each of the three places. */
function base64Within(secret: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64')
    const first = Math.ceil((8 * before) / 6)
    return text.slice(first, Math.floor((8 * (before + secret.length)) / 6))
  })
}

function brokenIntoLines(text: string): string[] {
  return lineWidths.flatMap((width) =>
    text.length <= width ? [] : (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []),
  )
}

const toUrlAlphabet = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_')

/** A secret of several lines is printed line by line, with other ends of lines. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/)
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= encodedBytesMin)
}

const trimmed = (text: string): string => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

/** All that is masked of one secret. */
function patternsOf(secret: Buffer): Buffer[] {
  // One character a byte, so that no bytes are lost.
  const raw = secret.toString('latin1')
  const text = secret.toString('utf8')
  const base64 = [...base64Within(secret), ...brokenIntoLines(secret.toString('base64'))]
  const encoded = [
    ...base64,
    ...base64.map(toUrlAlphabet),
    secret.toString('hex'),
    secret.toString('hex').toUpperCase(),
  ].filter(({ length }) => length >= encodedBytesMin)
  const ascii = [secret.toString('base64'), ...encoded].map((one) => Buffer.from(one, 'latin1'))
  const written = [encodeURIComponent(text), JSON.stringify(text).slice(1, -1)]
  return [
    // Programs print it with and without the line end that its file has.
    Buffer.from(trimmed(raw), 'latin1'),
    ...linesOf(raw).map((line) => Buffer.from(line, 'latin1')),
    ...written.map((one) => Buffer.from(one, 'utf8')),
    ...ascii,
  ].filter(({ length }) => length >= secretBytesMin)
}

export type Masking = {
  readonly patterns: readonly Buffer[]
  /** Whether a pattern may begin with these two bytes. */
  readonly begins: Uint8Array
}

const pairOf = (bytes: Buffer, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/** Null without secrets: nothing is looked at then. */
export function maskingOf(secrets: readonly Buffer[]): Masking | null {
  if (secrets.length === 0) return null
  const distinct = new Map(
    secrets.flatMap(patternsOf).map((pattern) => [pattern.toString('latin1'), pattern]),
  )
  // The longest first: of two that begin alike, the longer one is meant.
  const patterns = [...distinct.values()].sort((one, other) => other.length - one.length)
  const begins = new Uint8Array(65_536)
  for (const pattern of patterns) begins[pairOf(pattern, 0)] = 1
  return { patterns, begins }
}

type Found = { readonly length: number; readonly isWhole: boolean }

/** The pattern that stands here, or begins here and could go on behind the end. */
function foundAt({ patterns }: Masking, bytes: Buffer, at: number): Found | null {
  const left = bytes.length - at
  let beginning: Found | null = null
  for (const pattern of patterns) {
    const length = Math.min(left, pattern.length)
    if (bytes.compare(pattern, 0, length, at, at + length) !== 0) continue
    if (length === pattern.length) return beginning ?? { length, isWhole: true }
    beginning ??= { length, isWhole: false }
  }
  return beginning
}

/** Whether a byte can be the first of a pattern: the last byte there is has no second one to be looked at with. */
function mayBegin(masking: Masking, bytes: Buffer, at: number): boolean {
  if (at + 1 < bytes.length) return masking.begins[pairOf(bytes, at)] === 1
  return masking.patterns.some((pattern) => pattern[0] === bytes[at])
}

/** `isLast`: nothing more comes, so that the beginning of a secret is all there will be of it. */
function masked(masking: Masking, bytes: Buffer, isLast: boolean): { told: Buffer; rest: Buffer } {
  const told: Buffer[] = []
  let from = 0
  for (let at = 0; at < bytes.length; at += 1) {
    if (!mayBegin(masking, bytes, at)) continue
    const found = foundAt(masking, bytes, at)
    if (found === null) continue
    if (!found.isWhole && !isLast)
      return { told: Buffer.concat([...told, bytes.subarray(from, at)]), rest: bytes.subarray(at) }
    if (!found.isWhole && found.length < secretBytesMin) continue
    told.push(bytes.subarray(from, at), mask)
    from = at + found.length
    at = from - 1
  }
  return { told: Buffer.concat([...told, bytes.subarray(from)]), rest: Buffer.alloc(0) }
}

export function openMasker(masking: Masking): Masker {
  let held: Buffer = Buffer.alloc(0)
  const take = (bytes: Buffer, isLast: boolean): Buffer => {
    const whole = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    const { told, rest } = masked(masking, whole, isLast)
    held = Buffer.from(rest)
    return told
  }
  return { push: (bytes) => take(bytes, false), finish: () => take(Buffer.alloc(0), true) }
}
