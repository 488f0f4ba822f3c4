// JobSecret: a value that a job needs and nobody is told. It travels and lies sealed, and is masked in what the job writes.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Secrets of one job, whatever its grant; and stored ones of one tenant. */
export const jobSecretsMax = 32
export const storedSecretsMax = 100
/** Bytes of one secret. A shorter one could not be masked without masking plain text. */
export const secretBytesMin = 4
export const secretBytesMax = 32_768
/** Bytes of all secrets of a job. */
export const secretBytesTotal = 131_072
/** Where secrets are files, and their mode when none is asked: the job’s user may read them. */
export const secretDirectory = '/run/secrets'
export const secretMode = 0o400

export const secretNamePattern = '^[A-Za-z_][A-Za-z0-9_]{0,63}$'
const name = Type.String({
  pattern: secretNamePattern,
  description: 'Its name: of the file, of the variable, and of the stored secret.',
})
const value = Type.Optional(
  Type.String({
    minLength: secretBytesMin,
    maxLength: secretBytesMax,
    description: 'The secret as text (UTF-8).',
  }),
)
const valueBase64 = Type.Optional(
  Type.String({
    minLength: secretBytesMin,
    maxLength: Math.ceil(secretBytesMax / 3) * 4,
    description: 'The secret as bytes, base64.',
  }),
)

export const JobSecret = Type.Object(
  {
    name,
    value,
    valueBase64,
    as: Type.Optional(
      Type.Enum(['file', 'environment'], {
        description:
          '`file` (default): `/run/secrets/NAME`, in memory and outside of the workspace. `environment`: the variable NAME, of every program but a compiler.',
      }),
    ),
    mode: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 0o777,
        description: 'Permission bits of the file, as a number. Default 256: r--------.',
      }),
    ),
  },
  {
    ...closed,
    description: 'A secret, given here or stored before (`PUT /v1/secrets/{name}`).',
  },
)

export const SecretValue = Type.Object(
  { value, valueBase64 },
  { ...closed, $id: 'SecretValue', description: 'Exactly one of both.' },
)

const Instant = Type.String({ description: 'RFC 3339, UTC, milliseconds.' })

export const StoredSecret = Type.Object(
  { name, createdAt: Instant, changedAt: Instant },
  { ...closed, $id: 'StoredSecret', description: 'All that is ever told of a stored secret.' },
)

export const SecretList = Type.Object(
  { secrets: Type.Array(StoredSecret, { description: 'By name.' }) },
  { ...closed, $id: 'SecretList' },
)

export type JobSecret = Static<typeof JobSecret>
export type SecretValue = Static<typeof SecretValue>
export type StoredSecret = Static<typeof StoredSecret>
export type SecretList = Static<typeof SecretList>

/** Null where it is a stored one’s name alone. */
export function secretBytesOf({ value: text, valueBase64: base64 }: SecretValue): Buffer | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  return text === undefined ? null : Buffer.from(text, 'utf8')
}

/** A job as it may be digested: who knows the digest must not be able to try secrets against it. */
export function withoutSecretValues<Spec extends { readonly secrets?: readonly JobSecret[] }>(
  spec: Spec,
): Spec {
  if (spec.secrets === undefined) return spec
  return {
    ...spec,
    secrets: spec.secrets.map(({ value: _, valueBase64: __, ...rest }) => rest),
  }
}
