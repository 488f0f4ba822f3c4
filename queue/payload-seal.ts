// A payload on its way through Redis: sealed, inline when small, in the blob store when large; opened and checked again on the other side.
import { Compile } from 'typebox/compile'
import { inlinePayloadBytesMax, Payload } from '../contract/payload.js'
import { BlobError, type BlobStore } from './blob-store.js'
import { SealError, type Sealer } from './seal.js'

const check = Compile(Payload)

/** The payload is damaged, forged, or another job’s. The job ends as `sandbox-error`; it is never run. */
export class DamagedPayload extends Error {}
/** The payload’s blob is not there. */
export class MissingBlob extends Error {}

export const sealPayload = (sealer: Sealer, payload: Payload): Buffer =>
  sealer.seal(Buffer.from(JSON.stringify(payload)), bindingOf(payload))

/** Too large for Redis. */
export const isBlob = (sealed: Buffer): boolean => sealed.length > inlinePayloadBytesMax

/** Field and value for the job’s hash: `payload` (base64), or `blob` (a digest). */
export async function storeSealed(
  blobs: BlobStore,
  tenant: string,
  sealed: Buffer,
): Promise<[string, string]> {
  if (!isBlob(sealed)) return ['payload', sealed.toString('base64')]
  return ['blob', await blobs.put(tenant, sealed)]
}

/** A job that was not taken needs no blob: a full queue must not fill the disk. */
export async function discardSealed(
  blobs: BlobStore,
  tenant: string,
  [field, value]: readonly [string, string],
): Promise<void> {
  if (field === 'blob') await blobs.remove(tenant, value)
}

/** Size of the blob that must be opened; 0 when the payload lies in the record, or is missing. */
export async function blobBytes(
  blobs: BlobStore,
  fields: ReadonlyMap<string, string>,
): Promise<number> {
  const blob = fields.get('blob')
  if (blob === undefined || fields.has('payload')) return 0
  try {
    return (await blobs.size(fields.get('tenant') ?? '', blob)) ?? 0
  } catch (error) {
    // No name of a blob: opening it says so.
    if (error instanceof BlobError) return 0
    throw error
  }
}

const bindingOf = (payload: Payload) => ({
  jobId: payload.jobId,
  tenant: payload.tenant,
  grant: payload.grant,
  expiresAtMs: payload.expiresAtMs,
})

async function sealedBytes(blobs: BlobStore, fields: ReadonlyMap<string, string>): Promise<Buffer> {
  const inline = fields.get('payload')
  if (inline !== undefined) return Buffer.from(inline, 'base64')
  const blob = fields.get('blob')
  if (blob === undefined) throw new DamagedPayload('the job has no payload')
  try {
    return await blobs.get(fields.get('tenant') ?? '', blob)
  } catch (error) {
    if (error instanceof BlobError) throw new MissingBlob(error.message)
    throw error
  }
}

/** @throws DamagedPayload, MissingBlob */
export async function openPayload(
  sealer: Sealer,
  blobs: BlobStore,
  jobId: string,
  fields: ReadonlyMap<string, string>,
): Promise<Payload> {
  const binding = {
    jobId,
    tenant: fields.get('tenant') ?? '',
    grant: fields.get('grant') ?? '',
    expiresAtMs: Number(fields.get('expiresAt')),
  }
  let value: unknown
  try {
    value = JSON.parse(sealer.open(await sealedBytes(blobs, fields), binding).toString('utf8'))
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError)
      throw new DamagedPayload(error.message)
    throw error
  }
  if (!check.Check(value)) throw new DamagedPayload('the payload does not match its schema')
  const same =
    value.jobId === binding.jobId &&
    value.tenant === binding.tenant &&
    value.grant === binding.grant &&
    value.expiresAtMs === binding.expiresAtMs
  if (!same) throw new DamagedPayload('the payload is another job’s')
  return value
}
