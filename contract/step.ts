// JobStep: one of several programs of a job, which run one after the other in one workspace of one sandbox.
import { type Static, Type } from 'typebox'
import { Limits } from './limits.js'

const closed = { additionalProperties: false } as const

/** Steps of one job, whatever its grant. Each has a result of its own in the job's record. */
export const jobStepsMax = 64

export const stepConditions = ['success', 'failure', 'always'] as const
export type StepCondition = (typeof stepConditions)[number]

/** The file in which a step leaves variables for those after it, and the variable that names it. */
export const passedFile = '/run/stockade/env'
export const passedVariable = 'STOCKADE_ENV'
/** More than this is not read, and passed on is nothing then. Bytes. */
export const passedBytesMax = 65_536
export const passedVariablesMax = 256

/** What a step’s program is, when it is a line for a shell: a line that fails ends the step. */
export const shellOf = (line: string): string[] => ['/bin/sh', '-e', '-c', line]

const { wallMs, cpuMs, memoryBytes, processes, openFiles, fileBytes, outputBytes } =
  Limits.properties

export const StepLimits = Type.Object(
  { wallMs, cpuMs, memoryBytes, processes, openFiles, fileBytes, outputBytes },
  {
    ...closed,
    description:
      'What this step may use; absent means the job’s `limits`. Disk and processors belong to the sandbox, and so to the job.',
  },
)

export const JobStep = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9-]{1,64}$',
      description: 'Its name in results and events, once in a job.',
    }),
    command: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        minItems: 1,
        maxItems: 1024,
        description: 'The program and its arguments. No shell is between. Either this or `run`.',
      }),
    ),
    run: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 131072,
        description:
          'Lines for the image’s shell: they are run as `/bin/sh -e -c RUN`, so that the first that fails ends the step. Either this or `command`.',
      }),
    ),
    if: Type.Optional(
      Type.Enum([...stepConditions], {
        description:
          'After what it is run: `success` (default), while no step has failed; `failure`, once one has; `always`. A step that ' +
          'has failed and may (`continueOnError`) counts as none. A job that is cancelled runs no further step.',
      }),
    ),
    continueOnError: Type.Optional(
      Type.Boolean({ description: 'Whether the job goes on as if this step had not failed.' }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 131072 }), {
        maxProperties: 1000,
        description: 'Environment variables of this step, over those of the job.',
      }),
    ),
    workdir: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'Where this step starts. Default: the job’s `workdir`.',
      }),
    ),
    limits: Type.Optional(StepLimits),
  },
  { ...closed, description: 'One program of several.' },
)

export const PassedOn = Type.Object(
  {
    variables: Type.Array(Type.String(), {
      description: 'Names of the variables that later steps get.',
    }),
    leftOut: Type.Integer({
      minimum: 0,
      description: 'Lines that say no variable, and variables for which there was no room.',
    }),
  },
  {
    ...closed,
    description: 'What `$STOCKADE_ENV` held after this step. Absent when it was empty.',
  },
)

export type PassedOn = Static<typeof PassedOn>
export type JobStep = Static<typeof JobStep>
