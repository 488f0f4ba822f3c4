// Canonical JSON (RFC 8785, JCS): one text for one value, so that its digest can be made anew by anybody, in any language, from a copy
// with other spaces or another order of members. ECMAScript's own numbers and strings are what the RFC demands.

/** @throws TypeError for what JSON cannot carry: a lone surrogate, a number that is not finite, a function. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object') return object(value as Readonly<Record<string, unknown>>)
  throw new TypeError(`a ${typeof value} has no canonical form`)
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

/** By UTF-16 code units (RFC 8785, 3.2.3), which is how ECMAScript compares strings. A member that is not there has no text. */
function object(value: Readonly<Record<string, unknown>>): string {
  const members: string[] = []
  for (const name of Object.keys(value).sort()) {
    const member = value[name]
    if (member !== undefined) members.push(`${text(name)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}
