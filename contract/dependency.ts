// Dependencies: jobs that must have ended before another may run.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Jobs that one job may wait for, and jobs that may wait for one. */
export const dependenciesMax = 64
export const dependentsMax = 1000

export const jobIdPattern = '^job_[0-9a-z]{26}$'
/** A name inside a batch. No id of a job is one. */
export const batchNamePattern = '^[a-z][a-z0-9-]{0,62}$'

export const After = Type.Array(
  Type.Object(
    {
      job: Type.String({
        pattern: `^(job_[0-9a-z]{26}|${batchNamePattern.slice(1, -1)})$`,
        description: 'The id of a job of your own; inside a batch also the name of another in it.',
      }),
      on: Type.Optional(
        Type.Enum(['success', 'always'], {
          description:
            '`success` (default): only if it ends as `ok`; else this one ends as `cancelled`, and `cause.job` names it. `always`: however it ends.',
        }),
      ),
    },
    closed,
  ),
  {
    maxItems: dependenciesMax,
    description:
      'Jobs that must have ended before this one may run. Until then it is queued and waits in no list; its `expiresAfterMs` counts all the same.',
  },
)
export type After = Static<typeof After>

/** Resolved: each by its id. */
export const Dependency = Type.Object(
  {
    job: Type.String({ pattern: jobIdPattern }),
    on: Type.Enum(['success', 'always']),
  },
  closed,
)
export type Dependency = Static<typeof Dependency>
