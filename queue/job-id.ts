// Job ids: unguessable, sortable by nothing, safe in paths and Redis keys.
import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** `job_` and 26 characters of base 32: 130 random bits. */
export const newJobId = (): string => `job_${randomText()}`
export const newBatchId = (): string => `bat_${randomText()}`

function randomText(): string {
  let text = ''
  for (const byte of randomBytes(26)) text += alphabet[byte & 31]
  return text
}
