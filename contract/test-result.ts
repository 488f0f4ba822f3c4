// What became of the tests of a job.
import { type Static, Type } from 'typebox'
import { outcomes } from './outcome.js'

const closed = { additionalProperties: false } as const
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

/** What a checker can say. */
export const checkerVerdicts = [
  'accepted',
  'partial',
  'wrong-answer',
  'presentation-error',
] as const

export const verdicts = [
  ...checkerVerdicts,
  'checker-error',
  'skipped',
  ...outcomes.filter((outcome) => outcome !== 'ok'),
] as const
export type TestVerdict = (typeof verdicts)[number]

export const excerptBytesMax = 40
export const checkerMessageMax = 256

export const Difference = Type.Object(
  {
    line: Type.Integer({ minimum: 1, description: 'Of the output, from 1.' }),
    byte: Type.Integer({ minimum: 0, description: 'Of the output, from 0.' }),
    expected: Type.String({
      description:
        'What was expected from there on, in short. What is no plain text is escaped as in C.',
    }),
    got: Type.String({ description: 'What came instead.' }),
  },
  { ...closed, description: 'The first place at which the output is not what was expected.' },
)

export const TestUsage = Type.Object(
  {
    wallMs: Type.Number({ minimum: 0 }),
    cpuMs: Type.Number({ minimum: 0 }),
    memoryPeakBytes: Type.Integer({ minimum: 0 }),
  },
  { ...closed, description: 'What the program cost in this test.' },
)

export const TestResult = Type.Object(
  {
    name: Type.String(),
    group: orNull(Type.String()),
    verdict: Type.Enum([...verdicts], {
      description:
        'What the checker says of a program that ended well: `accepted`, `partial`, `wrong-answer`, `presentation-error`; `checker-error`: ' +
        'the checker itself failed, which is not the program’s fault. Else how the program ended. `skipped`: not judged, since another had failed.',
    }),
    points: Type.Number({ minimum: 0, description: 'What it counts.' }),
    score: Type.Number({ minimum: 0, description: 'What it got.' }),
    exitCode: orNull(Type.Integer()),
    signal: orNull(Type.String()),
    usage: orNull(TestUsage),
    difference: Type.Optional(Difference),
    message: Type.Optional(
      Type.String({
        description: 'What the checker says about it, or why it failed. Escaped and cut.',
      }),
    ),
  },
  closed,
)

export const JudgingResult = Type.Object(
  {
    verdict: Type.Enum([...verdicts], {
      description: '`accepted`, or the verdict of the first test that is not.',
    }),
    points: Type.Number({ minimum: 0, description: 'What all tests count together.' }),
    score: Type.Number({ minimum: 0 }),
    passed: Type.Integer({ minimum: 0, description: 'Tests accepted.' }),
    total: Type.Integer({ minimum: 0 }),
    groups: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String(),
            points: Type.Number({ minimum: 0 }),
            score: Type.Number({ minimum: 0 }),
            passed: Type.Integer({ minimum: 0 }),
            total: Type.Integer({ minimum: 0 }),
          },
          closed,
        ),
        { description: 'Absent in lists and events.' },
      ),
    ),
    decidedBy: orNull(
      Type.String({
        description:
          'The test whose run is the step `run` of this job: the first not accepted, or the last.',
      }),
    ),
    usage: Type.Object(
      {
        wallMs: Type.Number({ minimum: 0 }),
        cpuMs: Type.Number({ minimum: 0 }),
        memoryMebibyteMs: Type.Number({ minimum: 0 }),
      },
      {
        ...closed,
        description:
          'All that ran for the tests beside the steps: the other tests, and the checker.',
      },
    ),
  },
  { ...closed, description: 'The tests together.' },
)

export type Difference = Static<typeof Difference>
export type TestResult = Static<typeof TestResult>
export type JudgingResult = Static<typeof JudgingResult>
