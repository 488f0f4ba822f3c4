// The checkers that need no program: the output of a test against what was expected, over bytes, without a copy of either.
// Blanks are those of the C locale (isspace(3)), as testlib and most judges have it.
import type { CheckerKind } from '../contract/test-case.js'
import { type Difference, excerptBytesMax } from '../contract/test-result.js'
import { escapedText } from './escaped-text.js'

export type Checked = {
  readonly verdict: 'accepted' | 'wrong-answer' | 'presentation-error'
  readonly difference?: Difference
}

export type Tolerance = { readonly absolute: number; readonly relative: number }

type Span = { readonly start: number; readonly end: number }
type Same = (expected: Buffer, got: Buffer) => boolean

const lineEnd = 0x0a
const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)

/** The next word from a place on; null at the end. */
function nextWord(bytes: Buffer, from: number): Span | null {
  let start = from
  while (start < bytes.length && isBlank(bytes[start])) start += 1
  if (start === bytes.length) return null
  let end = start + 1
  while (end < bytes.length && !isBlank(bytes[end])) end += 1
  return { start, end }
}

/** Where the words part, in both; null where all are the same. */
function wordsPart(
  expected: Buffer,
  got: Buffer,
  same: Same,
): { expected: number; got: number } | null {
  let [inExpected, inGot] = [0, 0]
  for (;;) {
    const one = nextWord(expected, inExpected)
    const other = nextWord(got, inGot)
    if (one === null && other === null) return null
    const isSame =
      one !== null &&
      other !== null &&
      same(expected.subarray(one.start, one.end), got.subarray(other.start, other.end))
    if (!isSame) return { expected: one?.start ?? expected.length, got: other?.start ?? got.length }
    inExpected = one.end
    inGot = other.end
  }
}

const sameBytes: Same = (expected, got) => expected.equals(got)

const lowered = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)

const sameLetters: Same = (expected, got) =>
  expected.length === got.length &&
  expected.every((byte, at) => lowered(byte) === lowered(got[at] ?? 0))

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,6})?$/
/** A number of more characters is compared as a word. */
const numberBytesMax = 400

function numberOf(word: Buffer): number | null {
  if (word.length > numberBytesMax) return null
  const text = word.toString('latin1')
  return decimal.test(text) ? Number(text) : null
}

const sameNumber =
  ({ absolute, relative }: Tolerance): Same =>
  (expected, got) => {
    const wanted = numberOf(expected)
    const found = numberOf(got)
    if (wanted === null || found === null) return expected.equals(got)
    const apart = Math.abs(wanted - found)
    return wanted === found || apart <= absolute || apart <= relative * Math.abs(wanted)
  }

/** The line that begins at a place, without blanks at its end, and where the next one begins. */
function lineAt(bytes: Buffer, start: number): Span & { readonly next: number } {
  const found = bytes.indexOf(lineEnd, start)
  const next = found === -1 ? bytes.length : found + 1
  let end = found === -1 ? bytes.length : found
  while (end > start && isBlank(bytes[end - 1])) end -= 1
  return { start, end, next }
}

/** Whether lines are the same but for blanks at their ends, and empty lines at the end of all. */
function sameLines(expected: Buffer, got: Buffer): boolean {
  let [inExpected, inGot] = [0, 0]
  while (inExpected < expected.length || inGot < got.length) {
    const one = lineAt(expected, inExpected)
    const other = lineAt(got, inGot)
    if (!expected.subarray(one.start, one.end).equals(got.subarray(other.start, other.end)))
      return false
    inExpected = one.next
    inGot = other.next
  }
  return true
}

function firstByteApart(expected: Buffer, got: Buffer): number {
  const most = Math.min(expected.length, got.length)
  let at = 0
  while (at < most && expected[at] === got[at]) at += 1
  return at
}

function excerpt(bytes: Buffer, from: number): string {
  return escapedText(bytes.subarray(from, from + excerptBytesMax))
}

function differenceAt(
  expected: Buffer,
  got: Buffer,
  at: { expected: number; got: number },
): Difference {
  let line = 1
  for (
    let found = got.indexOf(lineEnd);
    found !== -1 && found < at.got;
    found = got.indexOf(lineEnd, found + 1)
  )
    line += 1
  return {
    line,
    byte: at.got,
    expected: excerpt(expected, at.expected),
    got: excerpt(got, at.got),
  }
}

/** Words decide; where all are the same, only their setting differs. */
function checkText(expected: Buffer, got: Buffer): Checked {
  const apart = wordsPart(expected, got, sameBytes)
  if (apart !== null)
    return { verdict: 'wrong-answer', difference: differenceAt(expected, got, apart) }
  const byte = firstByteApart(expected, got)
  const difference = differenceAt(expected, got, { expected: byte, got: byte })
  return { verdict: 'presentation-error', difference }
}

function checkWords(expected: Buffer, got: Buffer, same: Same): Checked {
  const apart = wordsPart(expected, got, same)
  return apart === null
    ? { verdict: 'accepted' }
    : { verdict: 'wrong-answer', difference: differenceAt(expected, got, apart) }
}

export function check(
  kind: CheckerKind,
  tolerance: Tolerance,
  expected: Buffer,
  got: Buffer,
): Checked {
  if (expected.equals(got)) return { verdict: 'accepted' }
  switch (kind) {
    case 'exact':
      return checkText(expected, got)
    case 'trimmed':
      return sameLines(expected, got) ? { verdict: 'accepted' } : checkText(expected, got)
    case 'tokens':
      return checkWords(expected, got, sameBytes)
    case 'float':
      return checkWords(expected, got, sameNumber(tolerance))
    case 'case-insensitive':
      return checkWords(expected, got, sameLetters)
  }
}
