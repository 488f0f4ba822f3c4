// Plan: what was granted. Fully resolved: no optional field, no default, no name that must be looked up later.
import { type Static, Type } from 'typebox'
import { PlanArtifacts } from './artifact.js'
import { stepConditions } from './step.js'
import { checkerKinds, groupScorings, stops } from './test-case.js'

const closed = { additionalProperties: false } as const
const positive = Type.Integer({ minimum: 1 })

export const PlanStep = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
    argv: Type.Array(Type.String(), { minItems: 1 }),
    environment: Type.Array(Type.String()),
    directory: Type.String(),
    wallMs: positive,
    cpuMs: positive,
    memoryBytes: positive,
    processes: positive,
    openFiles: positive,
    fileBytes: positive,
    stackBytes: positive,
    outputBytes: positive,
    takesStdin: Type.Boolean(),
    seccomp: Type.String({ description: 'Profile name.' }),
    seccompWatch: Type.Enum(['refusals', 'learn', 'audit'], {
      description:
        'What is written down of the calls beside the profile. It never changes what the profile refuses.',
    }),
    seccompAudited: Type.String({
      description: 'The audited profile’s name; empty but for `audit`.',
    }),
    failureOutcome: Type.Enum(['program', 'compile-error'], {
      description: 'What a non-zero exit of this step means.',
    }),
    when: Type.Enum([...stepConditions], { description: 'After what it is run.' }),
    passesOn: Type.Boolean({
      description: 'Whether variables that it leaves in `$STOCKADE_ENV` are given to later steps.',
    }),
    ownVariables: Type.Array(Type.String(), {
      description: 'Variables of its own, which nothing that was passed on changes.',
    }),
    continueOnError: Type.Boolean({
      description: 'Whether the job goes on as if it had not failed.',
    }),
  },
  closed,
)

const programFields = {
  runtime: Type.Literal('native'),
  imageName: Type.String(),
  imageDigest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  hostname: Type.String(),
  uid: Type.Integer({ minimum: 0, maximum: 65533 }),
  gid: Type.Integer({ minimum: 0, maximum: 65533 }),
  workspace: Type.String(),
  memoryBytes: positive,
  diskBytes: positive,
  diskInodes: positive,
  processes: positive,
  cpuMillis: positive,
  proc: Type.Enum(['masked', 'pid-only']),
  network: Type.Enum(['none', 'loopback']),
  apparmor: Type.String(),
  landlockAbiMinimum: Type.Integer({ minimum: 0 }),
  lifetimeMs: positive,
  attempts: Type.Integer({ minimum: 1, maximum: 10 }),
  expiresAfterMs: positive,
  steps: Type.Array(PlanStep, { minItems: 1 }),
  languageVersion: Type.String({
    description:
      'The exact version of the language, as its package has it; empty: unknown, or none.',
  }),
  fileCount: Type.Integer({ minimum: 0 }),
}

/** A program beside the job’s own, in sandboxes of its own. */
export const ProgramPlan = Type.Object(programFields, closed)

/** What a test differs in from the last step, which runs it. */
export const PlanTest = Type.Object(
  {
    name: Type.String(),
    group: Type.Union([Type.String(), Type.Null()]),
    points: Type.Number({ minimum: 0 }),
    argv: Type.Array(Type.String(), { minItems: 1 }),
    wallMs: positive,
    cpuMs: positive,
    memoryBytes: positive,
    outputBytes: positive,
    fileBytes: positive,
    diskBytes: positive,
    takesStdin: Type.Boolean(),
  },
  closed,
)

export const PlanJudging = Type.Object(
  {
    tests: Type.Array(PlanTest, { minItems: 1 }),
    stop: Type.Enum([...stops]),
    groupScoring: Type.Enum([...groupScorings]),
    parallel: positive,
    interactor: Type.Union([ProgramPlan, Type.Null()]),
    checker: Type.Object(
      {
        kind: Type.Enum([...checkerKinds, 'program']),
        absolute: Type.Number({ minimum: 0 }),
        relative: Type.Number({ minimum: 0 }),
        program: Type.Union([ProgramPlan, Type.Null()]),
      },
      closed,
    ),
  },
  closed,
)

export const Plan = Type.Object(
  {
    ...programFields,
    sessionIdleMs: Type.Integer({
      minimum: 0,
      description: 'Of a session: how long it may be without a running program. 0: it is none.',
    }),
    judging: Type.Union([PlanJudging, Type.Null()], {
      description: 'Its tests, each in a sandbox like the one that is planned here.',
    }),
    artifacts: PlanArtifacts,
  },
  { ...closed, $id: 'Plan', description: 'What will be enforced, with nothing left open.' },
)

export type Plan = Static<typeof Plan>
export type PlanStep = Static<typeof PlanStep>
export type ProgramPlan = Static<typeof ProgramPlan>
export type PlanTest = Static<typeof PlanTest>
export type PlanJudging = Static<typeof PlanJudging>
