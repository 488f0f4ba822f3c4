// Batches: many jobs in one request, taken or refused as a whole; some of them for each combination of values.
import { type Static, Type } from 'typebox'
import { batchNamePattern } from './dependency.js'
import { JobSpec } from './job.js'
import { Job } from './result.js'

const closed = { additionalProperties: false } as const

/** Jobs of one batch, combinations included. */
export const batchJobsMax = 1000

export const Matrix = Type.Record(
  Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }),
  Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 100 }),
  {
    maxProperties: 8,
    additionalProperties: false,
    description:
      'Names and their values: the job is made once for each combination. `{{matrix.NAME}}` in any text of it stands for the value; each job has it as the label `matrix/NAME`.',
  },
)
export type Matrix = Static<typeof Matrix>

/** What stands beside the fields of a job. */
export const batchFields = {
  name: Type.Optional(
    Type.String({
      pattern: batchNamePattern,
      description: 'By which others in this batch run `after` it: after all of its combinations.',
    }),
  ),
  matrix: Type.Optional(Matrix),
} as const

export const BatchCreation = Type.Object(
  {
    jobs: Type.Array(Type.Object({ ...JobSpec.properties, ...batchFields }, closed), {
      minItems: 1,
      maxItems: batchJobsMax,
      description: 'Jobs as in `POST /v1/jobs`, with `name` and `matrix`.',
    }),
    callback: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description:
          'An address to be told when all jobs have ended: one signed POST (docs/webhooks.md).',
      }),
    ),
  },
  { ...closed, $id: 'BatchCreation' },
)

const count = (description: string) => Type.Integer({ minimum: 0, description })

/** What a receiver is told of a batch. */
export const BatchEnd = Type.Object(
  {
    id: Type.String(),
    total: count('Its jobs.'),
    outcomes: Type.Record(Type.String(), Type.Integer({ minimum: 1 })),
    createdAt: Type.String(),
    finishedAt: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
)
export type BatchEnd = Static<typeof BatchEnd>

export const Batch = Type.Object(
  {
    id: Type.String({ pattern: '^bat_[0-9a-z]{26}$' }),
    state: Type.Enum(['running', 'finished'], { description: '`finished`: all its jobs are.' }),
    total: count('Its jobs.'),
    states: Type.Object(
      { queued: count('Those that wait.'), running: count('Now.'), finished: count('So far.') },
      closed,
    ),
    outcomes: Type.Record(Type.String(), Type.Integer({ minimum: 1 }), {
      description: 'How those that have finished ended. What did not occur is absent.',
    }),
    createdAt: Type.String(),
    finishedAt: Type.Union([Type.String(), Type.Null()]),
    jobs: Type.Array(Job, {
      description: 'In the order of the request; without output, steps, isolation and receipt.',
    }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The cursor of the next page of jobs; null at the end.',
    }),
  },
  { ...closed, $id: 'Batch' },
)
export type Batch = Static<typeof Batch>

export const BatchCreated = Type.Object(
  {
    id: Type.String({ pattern: '^bat_[0-9a-z]{26}$' }),
    total: count('Its jobs.'),
    jobs: Type.Array(
      Type.Object(
        { id: Type.String(), name: Type.String({ description: 'Empty where it has none.' }) },
        closed,
      ),
      { description: 'In the order of the request; combinations one after the other.' },
    ),
  },
  { ...closed, $id: 'BatchCreated' },
)
export type BatchCreated = Static<typeof BatchCreated>

export const BatchQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ pattern: '^\\d{1,4}$', description: 'The `next` of the last page.' }),
    ),
    limit: Type.Optional(
      Type.String({ pattern: '^(0|[1-9]\\d?|100)$', description: 'Jobs of one page. Default 20.' }),
    ),
    wait: Type.Optional(
      Type.String({
        pattern: '^\\d{1,4}$',
        description: 'Wait for the end of the batch for so many seconds.',
      }),
    ),
  },
  closed,
)
