// Quotas: how much of the service one tenant may use. A grant says them, a tenant’s record may say otherwise; queue/ counts them.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const count = (description: string) =>
  Type.Integer({ minimum: 1, maximum: 1_000_000_000, description })
/** Counted in thousandths, exactly: the largest value times 1000 fits a double. */
const orNone = (description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: 1_000_000_000_000,
    description: `${description} 0: no such quota.`,
  })

export const quotaFields = {
  queuedJobs: count('Jobs of one tenant that may wait.'),
  runningJobs: count('Jobs of one tenant that may run at once; more of them wait.'),
  submitsPerMinute: orNone('Jobs of one tenant accepted in one minute of Redis’s clock.'),
  cpuSecondsPerDay: orNone('Processor time of one tenant’s jobs in one day (UTC), seconds.'),
  memoryMebibyteSecondsPerDay: orNone(
    'Memory of one tenant’s jobs in one day (UTC): the peak of each step times its wall time, mebibytes times seconds.',
  ),
  sessions: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    description: 'Sessions of one tenant that may be open, or wait to be, at one time. 0: none.',
  }),
  storedBytes: orNone(
    'What the service keeps of one tenant’s jobs at one time, waiting ones included: records, blobs, results, output files; bytes.',
  ),
} as const

/** The whole set, with nothing left open. */
export const Quotas = Type.Object(quotaFields, { ...closed, $id: 'Quotas' })
export type Quotas = Static<typeof Quotas>

export const quotaFieldNames = Object.keys(quotaFields) as (keyof Quotas)[]

/** What one tenant’s record says otherwise. */
export const QuotaOverrides = Type.Partial(Type.Object(quotaFields, closed), closed)
export type QuotaOverrides = Static<typeof QuotaOverrides>

/** Names by which an answer says which quota it speaks of. Running at once has none: it makes jobs wait, and refuses nothing. */
export const quotaNames = [
  'queued-jobs',
  'queued-bytes',
  'submits',
  'cpu-seconds',
  'memory-seconds',
  'sessions',
  'stored-bytes',
] as const
export type QuotaName = (typeof quotaNames)[number]

/** How a quota stands, in its own unit. Part of a problem. */
export const QuotaState = Type.Object(
  {
    name: Type.Enum([...quotaNames]),
    limit: Type.Integer({ description: 'How much there is.' }),
    used: Type.Number({ description: 'How much of it is used, in the same unit.' }),
    freesAt: Type.Union([Type.String(), Type.Null()], {
      description:
        'When some of it is free again (RFC 3339, by Redis’s clock); null when that depends on how jobs end.',
    }),
  },
  { ...closed, $id: 'QuotaState' },
)
export type QuotaState = Static<typeof QuotaState>
