// API keys: what one looks like, and what is stored of it. The secret itself is never stored.
import { type Static, Type } from 'typebox'

export const scopes = ['submit', 'read', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** `sk_<16 characters of id>_<43 characters of secret>`: the id finds the record, the secret is hashed. */
export const keyPattern = /^sk_([0-9a-z]{16})_([A-Za-z0-9_-]{43})$/

export const KeyRecord = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-z]{16}$' }),
    tenant: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
    grant: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
    scopes: Type.Array(Type.Enum([...scopes]), { minItems: 1 }),
    secretHash: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the secret, which has 256 bits of its own.',
    }),
    createdAtMs: Type.Integer({ minimum: 0 }),
    expiresAtMs: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false, $id: 'KeyRecord' },
)
export type KeyRecord = Static<typeof KeyRecord>
