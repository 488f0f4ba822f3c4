// The key that signs receipts: read from a file that the worker's user alone can read, kept in this process, never in Redis.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type Receipt,
  type ReceiptStatement,
  receiptPayloadType,
  signedBytes,
  thumbprintInput,
} from '../contract/receipt.js'

export type ReceiptSigner = {
  readonly keyId: string
  sign(statement: ReceiptStatement): Receipt
  /** Reads the file again: the key was rotated. @throws Error, and the old key stays. */
  reload(): void
}

type Loaded = { readonly key: KeyObject; readonly keyId: string }

/** @throws Error when the file cannot be read or holds no Ed25519 key: a worker that cannot sign does not start. */
function load(file: string): Loaded {
  const key = createPrivateKey(readFileSync(file))
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file} holds no Ed25519 key`)
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const input = thumbprintInput({ crv: 'Ed25519', kty: 'OKP', x })
  return { key, keyId: createHash('sha256').update(input).digest('base64url') }
}

export function openReceiptSigner(file: string): ReceiptSigner {
  let loaded = load(file)
  return {
    get keyId() {
      return loaded.keyId
    },
    sign(statement) {
      const payload = Buffer.from(JSON.stringify(statement))
      const signature = sign(null, signedBytes(receiptPayloadType, payload), loaded.key)
      return {
        payloadType: receiptPayloadType,
        payload: payload.toString('base64'),
        signatures: [{ keyid: loaded.keyId, sig: signature.toString('base64') }],
      }
    },
    reload() {
      loaded = load(file)
    },
  }
}
