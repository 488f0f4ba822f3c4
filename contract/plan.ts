// Plan: what was granted. Fully resolved: no optional field, no default, no name that must be looked up later.
import { type Static, Type } from 'typebox'
import { stepConditions } from './step.js'

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

export const Plan = Type.Object(
  {
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
    fileCount: Type.Integer({ minimum: 0 }),
  },
  { ...closed, $id: 'Plan', description: 'What will be enforced, with nothing left open.' },
)

export type Plan = Static<typeof Plan>
export type PlanStep = Static<typeof PlanStep>
