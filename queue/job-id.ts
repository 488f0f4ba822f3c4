// Job ids: unguessable, sortable by nothing, safe in paths and Redis keys.
import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** `job_` and 26 characters of base 32: 130 random bits. */
export function newJobId(): string {
  let id = 'job_'
  for (const byte of randomBytes(26)) id += alphabet[byte & 31]
  return id
}
