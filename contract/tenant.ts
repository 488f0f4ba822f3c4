// A tenant: whose jobs, keys, quotas and usage they are. What is stored of it, and what the admin interface takes and gives.
import { type Static, Type } from 'typebox'
import { QuotaOverrides, Quotas, quotaFields } from './quota.js'

const closed = { additionalProperties: false } as const

export const tenantNamePattern = '^[a-z][a-z0-9-]{0,62}$'

/** Metrics sum up all the tenants that they do not name under this. */
export const otherTenants = 'other'

const Name = Type.String({ pattern: tenantNamePattern })
const GrantName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' })
const Description = Type.String({ maxLength: 1024 })
const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9._/-]{1,64}$' }),
  Type.String({ maxLength: 256 }),
  { maxProperties: 32, additionalProperties: false },
)

/** What an operator says of a tenant: stored as it is answered. */
const settings = {
  name: Name,
  grant: GrantName,
  description: Description,
  labels: Labels,
  disabled: Type.Boolean(),
  quotas: QuotaOverrides,
} as const

export const TenantRecord = Type.Object(
  {
    ...settings,
    revision: Type.Integer({ minimum: 1 }),
    createdAtMs: Type.Integer({ minimum: 0 }),
    changedAtMs: Type.Integer({ minimum: 0 }),
    deletedAtMs: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description:
        'A deleted tenant’s name is never given out again: its jobs and usage are its own.',
    }),
  },
  { ...closed, $id: 'TenantRecord' },
)
export type TenantRecord = Static<typeof TenantRecord>

export const TenantCreation = Type.Object(
  {
    name: Type.String({ pattern: tenantNamePattern, description: 'Stands for ever.' }),
    grant: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9-]{0,62}$',
        description: 'What its jobs may ask, and its quotas. Default `untrusted`.',
      }),
    ),
    description: Type.Optional(Description),
    labels: Type.Optional(Labels),
    disabled: Type.Optional(Type.Boolean({ description: 'Default false.' })),
    quotas: Type.Optional(QuotaOverrides),
  },
  { ...closed, $id: 'TenantCreation' },
)
export type TenantCreation = Static<typeof TenantCreation>

const orNull = <Field extends Parameters<typeof Type.Union>[0][number]>(field: Field) =>
  Type.Optional(Type.Union([field, Type.Null()]))

/** As RFC 7396 has it: what is absent stays, null takes an override away. */
const QuotaChange = Type.Object(
  {
    queuedJobs: orNull(quotaFields.queuedJobs),
    runningJobs: orNull(quotaFields.runningJobs),
    submitsPerMinute: orNull(quotaFields.submitsPerMinute),
    cpuSecondsPerDay: orNull(quotaFields.cpuSecondsPerDay),
    memoryMebibyteSecondsPerDay: orNull(quotaFields.memoryMebibyteSecondsPerDay),
    sessions: orNull(quotaFields.sessions),
    storedBytes: orNull(quotaFields.storedBytes),
  },
  closed,
)

export const TenantChange = Type.Object(
  {
    grant: Type.Optional(GrantName),
    description: Type.Optional(Description),
    labels: Type.Optional(Labels),
    disabled: Type.Optional(
      Type.Boolean({ description: 'True: each of its keys is answered 403, within five seconds.' }),
    ),
    quotas: Type.Optional(QuotaChange),
  },
  {
    ...closed,
    minProperties: 1,
    $id: 'TenantChange',
    description: 'What is absent stays as it is; `labels` are replaced as a whole.',
  },
)
export type TenantChange = Static<typeof TenantChange>

export const Tenant = Type.Object(
  {
    ...settings,
    quotasInForce: Type.Union([Quotas, Type.Null()], {
      description: 'Those of the grant, with the overrides; null when the grant does not exist.',
    }),
    revision: Type.Integer({ description: 'What `ETag` and `If-Match` carry.' }),
    createdAt: Type.String(),
    changedAt: Type.String(),
  },
  { ...closed, $id: 'Tenant' },
)
export type Tenant = Static<typeof Tenant>

export const TenantList = Type.Object(
  { tenants: Type.Array(Tenant) },
  { ...closed, $id: 'TenantList' },
)
export type TenantList = Static<typeof TenantList>
