// Canonical JSON (RFC 8785, JCS): one text for one value, so that its digest can be made anew by anybody, in any language, from a copy
// with other spaces or another order of members. ECMAScript's own numbers and strings are what the RFC demands.

/**
 * The text in pieces, in order: what is digested need not be held whole.
 * @throws TypeError for what JSON cannot carry: a lone surrogate, a number that is not finite, a function.
 */
export function writeCanonicalJson(value: unknown, write: (piece: string) => void): void {
  if (value === null || typeof value === 'boolean') write(String(value))
  else if (typeof value === 'number' && Number.isFinite(value)) write(JSON.stringify(value))
  else if (typeof value === 'string') write(text(value))
  else if (Array.isArray(value)) writeArray(value, write)
  else if (typeof value === 'object') writeObject(value as Readonly<Record<string, unknown>>, write)
  else throw new TypeError(`a ${typeof value} has no canonical form`)
}

/** The whole text. @throws TypeError as `writeCanonicalJson`. */
export function canonicalJson(value: unknown): string {
  const pieces: string[] = []
  writeCanonicalJson(value, (piece) => pieces.push(piece))
  return pieces.join('')
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

function writeArray(values: readonly unknown[], write: (piece: string) => void): void {
  write('[')
  for (const [at, value] of values.entries()) {
    if (at > 0) write(',')
    writeCanonicalJson(value, write)
  }
  write(']')
}

/** By UTF-16 code units (RFC 8785, 3.2.3), which is how ECMAScript compares strings. A member that is not there has no text. */
function writeObject(
  value: Readonly<Record<string, unknown>>,
  write: (piece: string) => void,
): void {
  let before = '{'
  for (const name of Object.keys(value).sort()) {
    if (value[name] === undefined) continue
    write(`${before}${text(name)}:`)
    writeCanonicalJson(value[name], write)
    before = ','
  }
  write(before === '{' ? '{}' : '}')
}
