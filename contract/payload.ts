// What the queue carries of one job: opened and checked again by the worker, since Redis is not trusted.
import { type Static, Type } from 'typebox'
import { JobSpec } from './job.js'

export const Payload = Type.Object(
  {
    jobId: Type.String({ pattern: '^job_[0-9a-z]{26}$' }),
    tenant: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
    grant: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
    grantRevision: Type.String(),
    acceptedAtMs: Type.Integer({ minimum: 0 }),
    expiresAtMs: Type.Integer({ minimum: 0 }),
    spec: JobSpec,
  },
  { additionalProperties: false, $id: 'Payload' },
)
export type Payload = Static<typeof Payload>

/** Sealed payloads above this size are kept in the blob store, and Redis has only the digest. Bytes. */
export const inlinePayloadBytesMax = 65536
