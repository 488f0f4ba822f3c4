// What the OCI runtime-spec (1.x; config.md, config-linux.md and its JSON schema) asks of a config.json, for the fields that we write.
// Written from its text, open where it is open: it judges a config as any other runtime would, not as contract/oci.ts does.
import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'

const uint32 = Type.Integer({ minimum: 0, maximum: 4294967295 })
const uint64 = Type.Integer({ minimum: 0 })
const int64 = Type.Integer()
const words = Type.Array(Type.String())
const some = <T extends TSchema>(schema: T) => Type.Optional(schema)
const action = Type.Enum([
  ...[
    'SCMP_ACT_KILL',
    'SCMP_ACT_KILL_PROCESS',
    'SCMP_ACT_KILL_THREAD',
    'SCMP_ACT_TRAP',
    'SCMP_ACT_ERRNO',
  ],
  ...['SCMP_ACT_TRACE', 'SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_NOTIFY'],
])
const operator = Type.Enum([
  ...['SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT'],
  'SCMP_CMP_MASKED_EQ',
])
const idMappings = Type.Array(Type.Object({ containerID: uint32, hostID: uint32, size: uint32 }))
const argument = Type.Object({ index: uint32, value: uint64, valueTwo: some(uint64), op: operator })

const SpecProcess = Type.Object({
  terminal: some(Type.Boolean()),
  user: Type.Object({
    uid: uint32,
    gid: uint32,
    umask: some(uint32),
    additionalGids: some(Type.Array(uint32)),
  }),
  args: Type.Array(Type.String(), { minItems: 1 }),
  env: some(words),
  cwd: Type.String(),
  capabilities: some(
    Type.Object({
      bounding: some(words),
      effective: some(words),
      inheritable: some(words),
      permitted: some(words),
      ambient: some(words),
    }),
  ),
  rlimits: some(
    Type.Array(
      Type.Object({
        type: Type.String({ pattern: '^RLIMIT_[A-Z]+$' }),
        soft: uint64,
        hard: uint64,
      }),
    ),
  ),
  noNewPrivileges: some(Type.Boolean()),
  oomScoreAdj: some(Type.Integer()),
  apparmorProfile: some(Type.String()),
})

const SpecLinux = Type.Object({
  namespaces: some(
    Type.Array(
      Type.Object({
        type: Type.Enum(['mount', 'pid', 'network', 'uts', 'ipc', 'user', 'cgroup', 'time']),
        path: some(Type.String()),
      }),
    ),
  ),
  uidMappings: some(idMappings),
  gidMappings: some(idMappings),
  devices: some(
    Type.Array(
      Type.Object({
        type: Type.String({ pattern: '^[cbup]$' }),
        path: Type.String(),
        fileMode: some(Type.Integer({ minimum: 0, maximum: 511 })),
        major: some(int64),
        minor: some(int64),
        uid: some(uint32),
        gid: some(uint32),
      }),
    ),
  ),
  resources: some(
    Type.Object({
      devices: some(
        Type.Array(
          Type.Object({
            allow: Type.Boolean(),
            type: some(Type.String({ pattern: '^[abc]$' })),
            major: some(int64),
            minor: some(int64),
            access: some(Type.String({ pattern: '^[rwm]{1,3}$' })),
          }),
        ),
      ),
      memory: some(Type.Object({ limit: some(int64), swap: some(int64) })),
      cpu: some(Type.Object({ quota: some(int64), period: some(uint64) })),
      pids: some(Type.Object({ limit: int64 })),
    }),
  ),
  rootfsPropagation: some(Type.Enum(['private', 'shared', 'slave', 'unbindable'])),
  maskedPaths: some(words),
  readonlyPaths: some(words),
  sysctl: some(Type.Record(Type.String(), Type.String())),
  seccomp: some(
    Type.Object({
      defaultAction: action,
      defaultErrnoRet: some(uint32),
      architectures: some(Type.Array(Type.String({ pattern: '^SCMP_ARCH_[A-Z0-9_]+$' }))),
      syscalls: some(
        Type.Array(
          Type.Object({
            names: Type.Array(Type.String(), { minItems: 1 }),
            action,
            errnoRet: some(uint32),
            args: some(Type.Array(argument)),
          }),
        ),
      ),
    }),
  ),
})

const SpecConfig = Type.Object({
  ociVersion: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+' }),
  root: Type.Object({ path: Type.String(), readonly: some(Type.Boolean()) }),
  hostname: some(Type.String()),
  mounts: some(
    Type.Array(
      Type.Object({
        destination: Type.String(),
        type: some(Type.String()),
        source: some(Type.String()),
        options: some(words),
      }),
    ),
  ),
  process: SpecProcess,
  linux: SpecLinux,
  annotations: some(Type.Record(Type.String({ minLength: 1 }), Type.String())),
})
type SpecConfig = Static<typeof SpecConfig>

const check = Compile(SpecConfig)
const twice = (list: readonly string[]): boolean => new Set(list).size !== list.length
const relative = (list: readonly string[]): boolean => list.some((path) => !path.startsWith('/'))

/** What the text asks and a schema cannot: each with the page that says it. */
const rules: Readonly<Record<string, (config: SpecConfig) => boolean>> = {
  'config.md, process: cwd must be absolute': ({ process }) => relative([process.cwd]),
  'config.md, rlimits: no duplicated entries': ({ process }) =>
    twice((process.rlimits ?? []).map(({ type }) => type)),
  'config.md, mounts: destination must be absolute': ({ mounts = [] }) =>
    relative(mounts.map(({ destination }) => destination)),
  'config.md, process: capabilities are named as in capabilities(7)': ({ process }) =>
    Object.values(process.capabilities ?? {})
      .flat()
      .some((name) => !/^CAP_[A-Z_]+$/.test(name)),
  'config-linux.md, namespaces: no duplicated type': ({ linux }) =>
    twice((linux.namespaces ?? []).map(({ type }) => type)),
  'config-linux.md, mappings need a user namespace': ({ linux }) =>
    (linux.uidMappings ?? []).length > 0 && !linux.namespaces?.some(({ type }) => type === 'user'),
  'config-linux.md, devices: major and minor are required for c and b': ({ linux }) =>
    (linux.devices ?? []).some(
      ({ type, major, minor }) => type !== 'p' && (major ?? minor) === undefined,
    ),
  'config-linux.md, devices: no duplicated path': ({ linux }) =>
    twice((linux.devices ?? []).map(({ path }) => path)),
  'config-linux.md, masked and read-only paths must be absolute': ({ linux }) =>
    relative([...(linux.maskedPaths ?? []), ...(linux.readonlyPaths ?? [])]),
  'config.md, hostname: needs a uts namespace': ({ hostname, linux }) =>
    hostname !== undefined && !linux.namespaces?.some(({ type }) => type === 'uts'),
  'config-linux.md, seccomp: errnoRet only with an action that returns one': ({ linux }) =>
    (linux.seccomp?.syscalls ?? []).some(
      (one) =>
        one.errnoRet !== undefined && !['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'].includes(one.action),
    ),
  'config-linux.md, seccomp: an argument has an index below 6': ({ linux }) =>
    (linux.seccomp?.syscalls ?? []).some(({ args = [] }) => args.some(({ index }) => index > 5)),
}

/** All that is wrong with a config, by the rule or the place. */
export function specFaults(config: unknown): string[] {
  if (!check.Check(config)) return check.Errors(config).map((fault) => fault.instancePath)
  return Object.entries(rules).flatMap(([rule, isBroken]) => (isBroken(config) ? [rule] : []))
}
