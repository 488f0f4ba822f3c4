// Sealing: what Redis and the blob store hold of a job can be neither read nor changed nor swapped by whoever writes to them.
// AES-256-GCM with a random nonce (NIST SP 800-38D); job, tenant, grant and expiry are bound as associated data.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { readFileSync } from 'node:fs'

const nonceBytes = 12
const tagBytes = 16

export type Binding = {
  readonly jobId: string
  readonly tenant: string
  readonly grant: string
  readonly expiresAtMs: number
}

export type Sealer = {
  /** Nonce, tag and ciphertext in one buffer. */
  seal(plain: Buffer, binding: Binding): Buffer
  /** @throws SealError when the bytes or the binding are not what was sealed. */
  open(sealed: Buffer, binding: Binding): Buffer
  /** HMAC-SHA-256 of a record that must be authentic but may be read, hexadecimal. */
  authenticate(text: string): string
  digest(bytes: Buffer | string): string
}

export class SealError extends Error {}

function associatedData(binding: Binding): Buffer {
  return Buffer.from(
    JSON.stringify([binding.jobId, binding.tenant, binding.grant, binding.expiresAtMs]),
  )
}

/** @throws Error when the file is not exactly 32 bytes: a shorter key is never stretched. */
export function openSealer(keyFile: string): Sealer {
  const master = readFileSync(keyFile)
  if (master.length !== 32) throw new Error(`the sealing key ${keyFile} is not 32 bytes`)
  const sealKey = Buffer.from(hkdfSync('sha256', master, '', 'stockade payload', 32))
  const recordKey = Buffer.from(hkdfSync('sha256', master, '', 'stockade record', 32))
  return {
    seal(plain, binding) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce)
      cipher.setAAD(associatedData(binding))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open(sealed, binding) {
      if (sealed.length < nonceBytes + tagBytes)
        throw new SealError('the sealed payload is too short')
      const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(associatedData(binding))
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
      try {
        return Buffer.concat([
          decipher.update(sealed.subarray(nonceBytes + tagBytes)),
          decipher.final(),
        ])
      } catch {
        throw new SealError('the sealed payload is not authentic')
      }
    },
    authenticate: (text) => createHmac('sha256', recordKey).update(text).digest('hex'),
    digest: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  }
}
