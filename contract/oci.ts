// The config.json of an OCI bundle (OCI runtime-spec 1.x), as far as a plan is written in it. What Stockade never asks for
// has no field here, so that it cannot be asked for by a slip: no hook, no host path, no capability, no device but five.
// docs/oci.md says what each field comes from.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const integer = Type.Integer({ minimum: 0 })
const id = Type.Integer({ minimum: 0, maximum: 4294967295 })
const absolutePath = Type.String({ pattern: '^/' })
const noCapabilities = Type.Array(Type.String(), { maxItems: 0 })

const OciMount = Type.Object(
  {
    destination: absolutePath,
    type: Type.Enum(['proc', 'tmpfs', 'devpts']),
    source: Type.String(),
    options: Type.Array(Type.String()),
  },
  closed,
)

export const ociResourceLimits = [
  'RLIMIT_CORE',
  'RLIMIT_CPU',
  'RLIMIT_FSIZE',
  'RLIMIT_MEMLOCK',
  'RLIMIT_MSGQUEUE',
  'RLIMIT_NICE',
  'RLIMIT_NOFILE',
  'RLIMIT_RTPRIO',
  'RLIMIT_SIGPENDING',
  'RLIMIT_STACK',
] as const

const OciProcess = Type.Object(
  {
    terminal: Type.Literal(false),
    user: Type.Object(
      {
        uid: id,
        gid: id,
        umask: Type.Integer({ minimum: 0, maximum: 511 }),
        additionalGids: Type.Array(id),
      },
      closed,
    ),
    args: Type.Array(Type.String(), { minItems: 1 }),
    env: Type.Array(Type.String({ pattern: '^[^=]+=' })),
    cwd: absolutePath,
    capabilities: Type.Object(
      {
        bounding: noCapabilities,
        effective: noCapabilities,
        inheritable: noCapabilities,
        permitted: noCapabilities,
        ambient: noCapabilities,
      },
      closed,
    ),
    rlimits: Type.Array(
      Type.Object(
        { type: Type.Enum([...ociResourceLimits]), soft: integer, hard: integer },
        closed,
      ),
    ),
    noNewPrivileges: Type.Literal(true),
    oomScoreAdj: Type.Integer({ minimum: -1000, maximum: 1000 }),
    apparmorProfile: Type.Optional(Type.String({ minLength: 1 })),
  },
  closed,
)

const OciDevice = Type.Object(
  {
    path: absolutePath,
    type: Type.Literal('c'),
    major: integer,
    minor: integer,
    fileMode: Type.Integer({ minimum: 0, maximum: 511 }),
  },
  closed,
)

const OciDeviceRule = Type.Object(
  {
    allow: Type.Boolean(),
    type: Type.Optional(Type.Literal('c')),
    major: Type.Optional(integer),
    minor: Type.Optional(integer),
    access: Type.Enum(['rwm', 'rw']),
  },
  closed,
)

const OciIdMapping = Type.Object({ containerID: id, hostID: id, size: id }, closed)

export const ociNamespaces = [
  'user',
  'mount',
  'pid',
  'network',
  'ipc',
  'uts',
  'cgroup',
  'time',
] as const

const ociAction = Type.Enum([
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_LOG',
  'SCMP_ACT_ALLOW',
])

const OciSyscall = Type.Object(
  {
    names: Type.Array(Type.String(), { minItems: 1 }),
    action: ociAction,
    errnoRet: Type.Optional(integer),
    args: Type.Optional(
      Type.Array(
        Type.Object(
          {
            index: Type.Integer({ minimum: 0, maximum: 5 }),
            value: integer,
            valueTwo: Type.Optional(integer),
            op: Type.Enum(['SCMP_CMP_EQ', 'SCMP_CMP_MASKED_EQ']),
          },
          closed,
        ),
        { minItems: 1, maxItems: 6 },
      ),
    ),
  },
  closed,
)

export const OciSeccomp = Type.Object(
  {
    defaultAction: ociAction,
    defaultErrnoRet: Type.Optional(integer),
    architectures: Type.Array(Type.Enum(['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'])),
    syscalls: Type.Array(OciSyscall),
  },
  closed,
)

const OciLinux = Type.Object(
  {
    namespaces: Type.Array(Type.Object({ type: Type.Enum([...ociNamespaces]) }, closed)),
    uidMappings: Type.Array(OciIdMapping),
    gidMappings: Type.Array(OciIdMapping),
    devices: Type.Array(OciDevice),
    resources: Type.Object(
      {
        devices: Type.Array(OciDeviceRule),
        memory: Type.Object({ limit: integer, swap: integer }, closed),
        cpu: Type.Object({ quota: integer, period: integer }, closed),
        pids: Type.Object({ limit: integer }, closed),
      },
      closed,
    ),
    rootfsPropagation: Type.Literal('private'),
    maskedPaths: Type.Array(absolutePath),
    readonlyPaths: Type.Array(absolutePath),
    seccomp: OciSeccomp,
  },
  closed,
)

export const OciConfig = Type.Object(
  {
    ociVersion: Type.String({ pattern: '^1\\.\\d+\\.\\d+$' }),
    hostname: Type.String(),
    root: Type.Object({ path: Type.String(), readonly: Type.Literal(false) }, closed),
    process: OciProcess,
    mounts: Type.Array(OciMount),
    linux: OciLinux,
    annotations: Type.Record(Type.String(), Type.String()),
  },
  closed,
)

export type OciMount = Static<typeof OciMount>
export type OciDevice = Static<typeof OciDevice>
export type OciSyscall = Static<typeof OciSyscall>
export type OciSeccomp = Static<typeof OciSeccomp>
export type OciConfig = Static<typeof OciConfig>
