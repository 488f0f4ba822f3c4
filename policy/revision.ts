// Revision of a grant: a short digest of its canonical JSON, in plain JavaScript so that policy needs no platform module.
// It tells versions apart; it protects nothing.

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}

/** FNV-1a over code points, 64 bits, as 16 hexadecimal digits. */
export function revisionOf(value: unknown): string {
  let hash = 0xcbf29ce484222325n
  for (const character of canonical(value)) {
    hash ^= BigInt(character.codePointAt(0) ?? 0)
    hash = (hash * 0x100000001b3n) & 0xffffffffffffffffn
  }
  return hash.toString(16).padStart(16, '0')
}
