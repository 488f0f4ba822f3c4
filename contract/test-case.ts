// Tests of a program, and how its output is judged: what a grader sends with a job.
import { type Static, Type } from 'typebox'
import { contentBytesMax, JobFile } from './job-file.js'

const closed = { additionalProperties: false } as const

/** Tests that one job can carry. A grant may say fewer. */
export const testsMax = 1000
export const testFilesMax = 100
/** The arguments of a custom checker, in the order of testlib, as files in its workspace. */
export const checkerFiles = ['input.txt', 'output.txt', 'answer.txt'] as const

const base64Length = Math.ceil(contentBytesMax / 3) * 4
const limit = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description }))

export const TestLimits = Type.Object(
  {
    wallMs: limit('Wall-clock time, milliseconds.'),
    cpuMs: limit('Processor time, milliseconds.'),
    memoryBytes: limit('Memory, bytes.'),
    outputBytes: limit('Standard output and standard error together, bytes.'),
  },
  {
    ...closed,
    description: 'Of a test: what it differs in from the job’s `limits`. Of a checker: its own.',
  },
)

export const TestCase = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,64}$',
        description: 'Absent: its number, from 1.',
      }),
    ),
    group: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', description: 'Tests that count together.' }),
    ),
    stdin: Type.Optional(
      Type.String({ maxLength: contentBytesMax, description: 'Standard input as text.' }),
    ),
    stdinBase64: Type.Optional(
      Type.String({ maxLength: base64Length, description: 'Standard input as bytes, base64.' }),
    ),
    arguments: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        maxItems: 1024,
        description: 'Arguments behind those of the job.',
      }),
    ),
    files: Type.Optional(
      Type.Array(JobFile, {
        maxItems: testFilesMax,
        description: 'Files beside those of the job; the program reads them.',
      }),
    ),
    expected: Type.Optional(
      Type.String({
        maxLength: contentBytesMax,
        description: 'The output that is right, as text. The program cannot read it.',
      }),
    ),
    expectedBase64: Type.Optional(
      Type.String({ maxLength: base64Length, description: 'The same as bytes, base64.' }),
    ),
    points: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1_000_000, description: 'What it counts. Default 1.' }),
    ),
    limits: Type.Optional(TestLimits),
  },
  closed,
)

export const checkerKinds = ['exact', 'trimmed', 'tokens', 'float', 'case-insensitive'] as const
export type CheckerKind = (typeof checkerKinds)[number]

const tolerance = (description: string) =>
  Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }))

/** A program of the grader’s own, in a sandbox of its own. */
const programFields = {
  language: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z0-9+.-]{0,31}$',
      description: 'For `program`, with `source`.',
    }),
  ),
  source: Type.Optional(
    Type.String({ minLength: 1, maxLength: contentBytesMax, description: 'The checker’s text.' }),
  ),
  image: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'For `program`, with `command`.' }),
  ),
  command: Type.Optional(
    Type.Array(Type.String({ maxLength: 131072 }), {
      minItems: 1,
      maxItems: 1024,
      description: 'The checker; `input.txt output.txt answer.txt` come behind it.',
    }),
  ),
  files: Type.Optional(
    Type.Array(JobFile, {
      maxItems: testFilesMax,
      description: 'Files of the checker, say testlib.h.',
    }),
  ),
  limits: Type.Optional(TestLimits),
}

export const Checker = Type.Object(
  {
    kind: Type.Enum([...checkerKinds, 'program'], {
      description:
        '`exact`: byte for byte. `trimmed` (default): but for blanks at the ends of lines and of the whole. `tokens`: words, however they ' +
        'are set. `float`: words, numbers within a tolerance. `case-insensitive`: words, ASCII letters of either case. `program`: a program of yours says.',
    }),
    absolute: tolerance('For `float`: the difference that is allowed. Default 0.000001.'),
    relative: tolerance(
      'For `float`: the same, as a part of the expected number. Default 0.000001.',
    ),
    ...programFields,
  },
  {
    ...closed,
    description:
      'Who says whether an output is right. A program of yours is run as testlib’s checkers are: `input output answer`; exit 0 right, 1 wrong, ' +
      '2 badly presented, 7 points, as standard error says: `points 3.5`.',
  },
)

export const Interactor = Type.Object(programFields, {
  ...closed,
  description:
    'A program that speaks with the one that is judged: each reads what the other writes. It is run as testlib’s are, `input output answer`, and its ' +
    'exit code says what a checker’s does. The test’s input is its own, as `input.txt`. Instead of a checker.',
})

export const stops = ['never', 'first-failure', 'group-failure'] as const
export const groupScorings = ['sum', 'all'] as const

export const Judging = Type.Object(
  {
    checker: Type.Optional(Checker),
    interactor: Type.Optional(Interactor),
    stop: Type.Optional(
      Type.Enum([...stops], {
        description:
          'After which failure what is left is skipped: `never` (default), of all tests, or of its group.',
      }),
    ),
    groupScoring: Type.Optional(
      Type.Enum([...groupScorings], {
        description:
          '`sum` (default): a group has the points of its tests. `all`: it has them only if all are accepted.',
      }),
    ),
    parallel: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        description:
          'Tests at one time, as far as slots are free that no other job wants. Default 1.',
      }),
    ),
  },
  { ...closed, description: 'How the tests are judged. With `tests`.' },
)

export type TestCase = Static<typeof TestCase>
export type Checker = Static<typeof Checker>
export type Interactor = Static<typeof Interactor>
export type Judging = Static<typeof Judging>
