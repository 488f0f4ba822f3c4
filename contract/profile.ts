// The seccomp profile: the Docker/OCI JSON shape, so that existing profiles load, plus four fields of ours
// (`why`, `otherwise`, `extends`, `remove`). What a profile means is in docs/seccomp.md.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Actions a profile may use. NOTIFY and TRACE are missing: nobody listens, so they would hang or lie. */
export const SeccompAction = Type.Enum([
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_LOG',
  'SCMP_ACT_ALLOW',
])

export const SeccompOperator = Type.Enum([
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
])

/** 0 is refused: it would tell the program that a call succeeded which never ran. */
const errnoRet = Type.Integer({ minimum: 1, maximum: 4095, description: 'Linux errno, 1…4095.' })
const errnoName = Type.String({ pattern: '^E[A-Z0-9]{1,30}$', description: 'Linux errno by name.' })
/** JSON numbers are doubles: above 2^53 - 1 the value that was meant can no longer be known. */
const argumentValue = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const callName = Type.String({ pattern: '^[a-z0-9_]{1,63}$' })
const architecture = Type.String({ pattern: '^SCMP_ARCH_[A-Z0-9_]{1,32}$' })
const text = Type.String({ maxLength: 4096 })

export const SeccompArgument = Type.Object(
  {
    index: Type.Integer({ minimum: 0, maximum: 5 }),
    value: argumentValue,
    valueTwo: Type.Optional(argumentValue),
    op: SeccompOperator,
  },
  {
    ...closed,
    description: 'One compare. With MASKED_EQ `value` is the mask, `valueTwo` the datum.',
  },
)

const condition = Type.Object(
  {
    caps: Type.Optional(Type.Array(Type.String({ pattern: '^CAP_[A-Z_]{1,32}$' }))),
    arches: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z0-9]{1,16}$' }))),
    minKernel: Type.Optional(Type.String({ pattern: '^[0-9]{1,5}\\.[0-9]{1,5}$' })),
  },
  { ...closed, description: 'Capability conditions are judged with an empty capability set.' },
)

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]))

export const SeccompEntry = Type.Object(
  {
    names: Type.Optional(Type.Array(callName, { minItems: 1, maxItems: 1024 })),
    name: Type.Optional(callName),
    action: SeccompAction,
    errnoRet: orNull(errnoRet),
    errno: Type.Optional(errnoName),
    args: orNull(Type.Array(SeccompArgument, { maxItems: 6 })),
    includes: Type.Optional(condition),
    excludes: Type.Optional(condition),
    comment: Type.Optional(text),
    why: Type.Optional(text),
    otherwise: Type.Optional(
      Type.Boolean({
        description: 'Judged only when no other entry of the call matched; for refusals only.',
      }),
    ),
  },
  closed,
)

export const SeccompProfile = Type.Object(
  {
    comment: Type.Optional(text),
    why: Type.Optional(text),
    extends: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9-]{0,62}$',
        description: 'A profile file to start from. One level only.',
      }),
    ),
    remove: Type.Optional(
      Type.Array(callName, {
        maxItems: 1024,
        description: 'Calls whose entries in the extended profile do not apply.',
      }),
    ),
    defaultAction: Type.Optional(SeccompAction),
    defaultErrnoRet: orNull(errnoRet),
    defaultErrno: Type.Optional(errnoName),
    architectures: orNull(Type.Array(architecture, { maxItems: 64 })),
    archMap: orNull(
      Type.Array(
        Type.Object(
          { architecture, subArchitectures: orNull(Type.Array(architecture, { maxItems: 64 })) },
          closed,
        ),
        { maxItems: 64 },
      ),
    ),
    flags: orNull(
      Type.Array(
        Type.Enum([
          'SECCOMP_FILTER_FLAG_TSYNC',
          'SECCOMP_FILTER_FLAG_LOG',
          'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
        ]),
        { maxItems: 8 },
      ),
    ),
    syscalls: orNull(Type.Array(SeccompEntry, { maxItems: 2048 })),
  },
  { ...closed, $id: 'SeccompProfile' },
)

export type SeccompAction = Static<typeof SeccompAction>
export type SeccompOperator = Static<typeof SeccompOperator>
export type SeccompArgument = Static<typeof SeccompArgument>
export type SeccompEntry = Static<typeof SeccompEntry>
export type SeccompProfile = Static<typeof SeccompProfile>
