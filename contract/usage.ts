// Usage: what a tenant has used, a row for each day (UTC, by Redis’s clock). Written by queue/, in the script that ends a job.
import { type Static, Type } from 'typebox'
import { faults } from './outcome.js'
import { QuotaState, quotaNames } from './quota.js'
import { tenantNamePattern } from './tenant.js'

const closed = { additionalProperties: false } as const
const count = (description: string) => Type.Integer({ minimum: 0, description })

/** A day in a query. */
const day = '^\\d{4}-\\d{2}-\\d{2}$'

/** Days of one answer for one tenant; for all tenants it is one day an answer. */
export const usageDaysMax = 400

export const UsageQuery = Type.Object(
  {
    from: Type.Optional(
      Type.String({ pattern: day, description: 'First day (UTC). Default: `to`.' }),
    ),
    to: Type.Optional(
      Type.String({ pattern: day, description: 'Last day (UTC). Default: today.' }),
    ),
    tenant: Type.Optional(
      Type.String({
        pattern: `^(\\*|${tenantNamePattern.slice(1, -1)})$`,
        description:
          'Another tenant, or `*` for each of them (one day an answer). Needs the scope `admin`.',
      }),
    ),
  },
  closed,
)
export type UsageQuery = Static<typeof UsageQuery>

export const UsageRow = Type.Object(
  {
    day: Type.String({ description: 'UTC.' }),
    tenant: Type.String(),
    submits: count('Jobs accepted.'),
    jobs: Type.Object(
      Object.fromEntries(faults.map((fault) => [fault, Type.Integer({ minimum: 0 })])) as Record<
        (typeof faults)[number],
        ReturnType<typeof Type.Integer>
      >,
      { ...closed, description: 'Jobs ended, by whose fault or wish their outcome was.' },
    ),
    cpuMs: count('Processor time. Nothing of this and the next two for what failed by our fault.'),
    wallMs: count('Wall time of the steps.'),
    memoryMebibyteMs: count('Peak memory of each step times its wall time, mebibyte-milliseconds.'),
    storedBytes: count('Bytes of results and output files that were newly kept.'),
    refused: Type.Partial(
      Type.Object(
        Object.fromEntries(
          quotaNames.map((name) => [name, Type.Integer({ minimum: 0 })]),
        ) as Record<(typeof quotaNames)[number], ReturnType<typeof Type.Integer>>,
        closed,
      ),
      {
        ...closed,
        description:
          'Jobs refused, by quota. Told once a second: a process that is killed forgets its last.',
      },
    ),
  },
  { ...closed, $id: 'UsageRow' },
)
export type UsageRow = Static<typeof UsageRow>

export const UsageAnswer = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    rows: Type.Array(UsageRow, { description: 'By day; a day without anything has no row.' }),
    quotas: Type.Array(QuotaState, {
      description: 'How the quotas of the asking tenant stand now; empty where another was asked.',
    }),
  },
  { ...closed, $id: 'UsageAnswer' },
)
export type UsageAnswer = Static<typeof UsageAnswer>

/** Whether text is a day that there is: 2026-02-30 is none, which Date.parse takes for the second of March. */
export function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text
}
