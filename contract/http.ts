// Requests and answers of the HTTP interface that are neither a job nor a problem: queries, pages, health.
import { type Static, Type } from 'typebox'
import { ImageEntry } from './catalogue.js'
import { outcomes } from './outcome.js'
import { Job, jobStates } from './result.js'

const closed = { additionalProperties: false } as const

/** Query values are texts; a pattern says which of them are numbers. */
const WaitSeconds = Type.String({
  pattern: '^\\d{1,4}$',
  description:
    'Wait for the end of the job for so many seconds: 200 with the finished job, or 202 when time is up.',
})

export const WaitQuery = Type.Object({ wait: Type.Optional(WaitSeconds) }, closed)

/** Headers beside Authorization that mean something. */
export const CreateHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,255}$',
      description: 'The same key and body give the same job; another body is refused with 409.',
    }),
  ),
  prefer: Type.Optional(
    Type.String({
      maxLength: 1024,
      description: '`wait=SECONDS` is the same as the query’s `wait`.',
    }),
  ),
})

export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      pattern: '^\\d{1,20}-\\d{1,20}$',
      description: 'Go on after this event.',
    }),
  ),
})

export const OutputHeaders = Type.Object({
  range: Type.Optional(
    Type.String({
      maxLength: 64,
      description: 'One range, such as `bytes=0-1023` or `bytes=-1024`.',
    }),
  ),
})

export const NoQuery = Type.Object({}, closed)

/** Jobs of one page of a list. */
export const pageJobsMax = 100
export const pageJobsDefault = 20

export const JobListQuery = Type.Object(
  {
    state: Type.Optional(Type.Enum([...jobStates], { description: 'Only jobs in this state.' })),
    outcome: Type.Optional(
      Type.Enum([...outcomes], { description: 'Only jobs that ended like this.' }),
    ),
    label: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._/-]{1,64}=[^\\u0000]{0,256}$',
        description: 'Only jobs with this label, as NAME=VALUE.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'The `next` of the last page.' }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: '^([1-9]\\d?|100)$',
        description: `Jobs of one page, 1 to ${pageJobsMax}. Default ${pageJobsDefault}.`,
      }),
    ),
  },
  closed,
)

export const JobPage = Type.Object(
  {
    jobs: Type.Array(Job, {
      description: 'Newest first; without output, steps, isolation and receipt.',
    }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The cursor of the next page; null at the end.',
    }),
  },
  { ...closed, $id: 'JobPage' },
)

export const LanguageList = Type.Object(
  {
    languages: Type.Array(
      Type.Object(
        {
          name: Type.String({ description: 'What a job names as `language`.' }),
          title: Type.String(),
          compiled: Type.Boolean({ description: 'Whether a compile step runs first.' }),
          sourceFile: Type.String({ description: 'The file that `source` is put into.' }),
          images: Type.Array(
            Type.Object({ image: Type.String(), version: Type.String() }, closed),
            { description: 'Which images have it, and in which version.' },
          ),
        },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'LanguageList', description: 'The languages that this machine can run.' },
)

export const ImageList = Type.Object(
  { images: Type.Array(ImageEntry) },
  { ...closed, $id: 'ImageList' },
)

const Explained = {
  id: Type.String({ description: 'Stable for ever; stands in `violations` or `warnings`.' }),
  title: Type.String(),
  why: Type.String({ description: 'The attack that it answers.' }),
  references: Type.Array(Type.String(), {
    description: 'Vulnerabilities, benchmarks and standards that it answers.',
  }),
}

const RuleEntry = Type.Object(
  {
    ...Explained,
    revision: Type.Integer(),
    fields: Type.Array(Type.String(), {
      description: 'Fields of a job that it judges; `*` is any name or index.',
    }),
  },
  closed,
)
const WarningEntry = Type.Object(Explained, closed)

export const RuleList = Type.Object(
  {
    policyRevision: Type.Integer({ description: 'Goes up whenever a rule is added or revised.' }),
    rules: Type.Array(RuleEntry, { description: 'All of them judge every job, in this order.' }),
    warnings: Type.Array(WarningEntry, {
      description: 'What is allowed and unwise; a grant may refuse each by its id.',
    }),
  },
  { ...closed, $id: 'RuleList' },
)

export const RuleParameters = Type.Object(
  {
    rule: Type.String({
      pattern: '^[a-z][a-z-]{1,62}$',
      description: 'The id of a rule or a warning.',
    }),
  },
  closed,
)

export const RuleExplanation = Type.Object(
  {
    ...Explained,
    effect: Type.Enum(['deny', 'warn']),
    fields: Type.Array(Type.String(), { description: 'Empty for a warning.' }),
    denied: Type.Array(Type.String(), {
      description: 'Examples of what it denies, by their names.',
    }),
  },
  { ...closed, $id: 'RuleExplanation', description: 'One rule or warning.' },
)

export const Health = Type.Object(
  {
    status: Type.Literal('ok'),
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What does not keep it from serving, and wants somebody’s eye all the same.',
      }),
    ),
  },
  { ...closed, $id: 'Health' },
)

export type WaitQuery = Static<typeof WaitQuery>
export type JobListQuery = Static<typeof JobListQuery>
export type JobPage = Static<typeof JobPage>
export type LanguageList = Static<typeof LanguageList>
export type ImageList = Static<typeof ImageList>
export type RuleList = Static<typeof RuleList>
export type RuleExplanation = Static<typeof RuleExplanation>
export type RuleParameters = Static<typeof RuleParameters>
export type Health = Static<typeof Health>
