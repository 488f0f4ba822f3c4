// API keys: what one looks like, and what is stored of it. The secret itself is never stored.
import { type Static, Type } from 'typebox'
import { tenantNamePattern } from './tenant.js'

/** `admin` is the operator’s: all tenants and keys, and neither sending nor reading jobs. */
export const scopes = ['submit', 'read', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** A key lives at most this long, and this long when nothing is said. Seconds. */
export const keySecondsMax = 10 * 365 * 86_400
export const keySecondsDefault = 365 * 86_400
/** The same for a key that has the scope `admin`. */
export const adminKeySecondsDefault = 30 * 86_400
/** How long a key that was replaced goes on working when nothing is said. Seconds. */
export const overlapSecondsDefault = 86_400

/** `sk_<16 characters of id>_<43 characters of secret>`: the id finds the record, the secret is hashed. */
export const keyPattern = /^sk_([0-9a-z]{16})_([A-Za-z0-9_-]{43})$/

export const KeyRecord = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-z]{16}$' }),
    tenant: Type.String({ pattern: tenantNamePattern }),
    grant: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9-]{0,62}$',
        description: 'Absent: that of its tenant.',
      }),
    ),
    scopes: Type.Array(Type.Enum([...scopes]), { minItems: 1 }),
    secretHash: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the secret, which has 256 bits of its own.',
    }),
    createdAtMs: Type.Integer({ minimum: 0 }),
    expiresAtMs: Type.Integer({ minimum: 0 }),
    rotatedTo: Type.Optional(
      Type.String({ pattern: '^[0-9a-z]{16}$', description: 'The key that takes its place.' }),
    ),
  },
  { additionalProperties: false, $id: 'KeyRecord' },
)
export type KeyRecord = Static<typeof KeyRecord>

export const KeyCreation = Type.Object(
  {
    tenant: Type.String({
      pattern: tenantNamePattern,
      description: 'Whose key it is. A tenant that is not there yet is made.',
    }),
    grant: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9-]{0,62}$',
        description:
          'What jobs under this key may ask. Default: what those of its tenant may; `untrusted` for a new tenant.',
      }),
    ),
    scopes: Type.Optional(
      Type.Array(Type.Enum([...scopes]), {
        minItems: 1,
        maxItems: scopes.length,
        uniqueItems: true,
        description:
          'Default `submit` and `read`. `admin` is the operator’s own: every tenant, every key.',
      }),
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: keySecondsMax,
        description:
          'How long the key works. Default one year, for one with the scope `admin` 30 days.',
      }),
    ),
  },
  { additionalProperties: false, $id: 'KeyCreation' },
)
export type KeyCreation = Static<typeof KeyCreation>

export const KeyRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 365 * 86_400,
        description:
          'How long the old key goes on working, at most until it would have expired. Default one day.',
      }),
    ),
  },
  { additionalProperties: false, $id: 'KeyRotation' },
)
export type KeyRotation = Static<typeof KeyRotation>

/** A key without its secret. */
export const KeyEntry = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-z]{16}$' }),
    tenant: Type.String(),
    grant: Type.String({ description: 'In force for its jobs: its own, or that of its tenant.' }),
    scopes: Type.Array(Type.Enum([...scopes])),
    createdAt: Type.String(),
    expiresAt: Type.String(),
    lastUsedAt: Type.Union([Type.String(), Type.Null()], {
      description: 'To the minute; null when it never was, or not yet in this minute.',
    }),
    rotatedTo: Type.Union([Type.String(), Type.Null()], {
      description: 'The key that takes its place.',
    }),
  },
  { additionalProperties: false, $id: 'KeyEntry' },
)
export type KeyEntry = Static<typeof KeyEntry>

export const KeyCreated = Type.Object(
  { key: Type.String({ description: 'Shown this once.' }), ...KeyEntry.properties },
  { additionalProperties: false, $id: 'KeyCreated' },
)
export type KeyCreated = Static<typeof KeyCreated>

export const KeyList = Type.Object(
  { keys: Type.Array(KeyEntry) },
  { additionalProperties: false, $id: 'KeyList' },
)
export type KeyList = Static<typeof KeyList>
