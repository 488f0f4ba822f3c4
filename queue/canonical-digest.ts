// The SHA-256 of a value as canonical JSON, made piece by piece: a job of 64 MiB is not written out for it.
import { createHash } from 'node:crypto'
import { writeCanonicalJson } from '../contract/canonical-json.js'

/** Digested together: a call a piece costs more than the digest of it. Characters. */
const digestedTogether = 16_384

/** Hexadecimal. @throws TypeError for what JSON cannot carry */
export function canonicalDigest(value: unknown): string {
  const hash = createHash('sha256')
  let held = ''
  writeCanonicalJson(value, (piece) => {
    held += piece
    if (held.length < digestedTogether) return
    hash.update(held)
    held = ''
  })
  return hash.update(held).digest('hex')
}
