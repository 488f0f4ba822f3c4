// The launcher's wire protocol in names and schemas. docs/launcher-protocol.md says it in words.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const integer = Type.Integer({ minimum: 0 })

export const frameTypes = {
  sandbox: 1,
  filter: 2,
  file: 3,
  data: 4,
  step: 5,
  stdin: 6,
  cancel: 7,
  end: 8,
  audit: 9,
  collect: 10,
  tree: 16,
  /** These three inside a TREE only. */
  terminal: 17,
  signal: 18,
  window: 19,
  started: 65,
  stdout: 66,
  stderr: 67,
  finished: 68,
  failed: 69,
  refused: 70,
  destroyed: 71,
  calls: 72,
  treeSays: 80,
  /** Inside a TREE_SAYS only. */
  taken: 81,
} as const

/** Largest payload of any frame but STEP, bytes. */
export const framePayloadBytesMax = 65536
/** Largest payload of a STEP frame, bytes. */
export const stepPayloadBytesMax = 1048576
/** What stands before a payload inside TREE and TREE_SAYS, bytes: a number and a type. */
export const treeHeaderBytes = 5
/** How much of a tree’s output, and of its input, may be on its way at one time, bytes. */
export const treeWindowBytes = 262_144
/** Signals that can be sent to a tree, by name (signal(7)). */
export const signalNumbers = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  TERM: 15,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  WINCH: 28,
} as const
export type SignalName = keyof typeof signalNumbers
/** Largest compiled seccomp program, bytes: BPF_MAXINSNS (4096) of 8 bytes. */
export const filterBytesMax = 32768

const Mask = Type.String({ pattern: '^[0-9a-f]{16}$' })

export const Started = Type.Object(
  {
    slot: integer,
    cgroupVersion: Type.Integer({ minimum: 1, maximum: 2 }),
    hostPid: integer,
    uidMap: Type.String({ pattern: '^\\d+ \\d+ \\d+$' }),
    gidMap: Type.String({ pattern: '^\\d+ \\d+ \\d+$' }),
    uid: integer,
    gid: integer,
    namespaces: Type.Object(
      {
        user: integer,
        mnt: integer,
        pid: integer,
        net: integer,
        ipc: integer,
        uts: integer,
        cgroup: integer,
        time: integer,
      },
      closed,
    ),
    sharedWithHost: Type.Array(Type.String(), { maxItems: 0 }),
    capabilities: Type.Object(
      { inheritable: Mask, permitted: Mask, effective: Mask, bounding: Mask, ambient: Mask },
      closed,
    ),
    noNewPrivileges: Type.Boolean(),
    seccompMode: integer,
    seccompFilters: integer,
    landlockAbi: integer,
    landlockRestricted: Type.Boolean(),
    apparmor: Type.String({ maxLength: 256 }),
    memoryLimitBytes: integer,
    swapLimitBytes: integer,
    processLimit: integer,
    cpuQuotaUs: integer,
    cpuPeriodUs: integer,
    resourceLimits: Type.Object(
      {
        openFiles: integer,
        fileBytes: integer,
        stackBytes: integer,
        coreBytes: integer,
        cpuSeconds: integer,
      },
      closed,
    ),
    diskLimit: Type.Object({ bytes: integer, inodes: integer }, closed),
    network: Type.Object(
      {
        devices: Type.Array(Type.String({ pattern: '^[A-Za-z0-9._@-]{1,15}$' })),
        ipv4: Type.Boolean(),
        ipv6: Type.Boolean(),
      },
      closed,
    ),
    setupUs: integer,
  },
  closed,
)

export const endReasons = [
  'none',
  'wall',
  'cpu',
  'memory',
  'output',
  'cancelled',
  'expired',
  'drain',
  'lifetime',
  'syscall',
] as const
export type EndReason = (typeof endReasons)[number]

export const Finished = Type.Object(
  {
    name: Type.String(),
    ended: Type.Enum(['exited', 'signalled']),
    exitCode: integer,
    signal: integer,
    reason: Type.Enum([...endReasons]),
    reasonUs: integer,
    execErrno: integer,
    wallUs: integer,
    cpuUs: integer,
    userUs: integer,
    systemUs: integer,
    memoryPeakBytes: integer,
    memoryOomKills: integer,
    processPeak: integer,
    processRefusals: integer,
    processRefusedUs: integer,
    processesAtKill: integer,
    outputBytes: integer,
    stdoutBytes: integer,
    stderrBytes: integer,
    diskBytes: integer,
    diskInodes: integer,
    diskRoomUs: integer,
    diskFullUs: integer,
    throttledUs: integer,
    setupUs: integer,
    killUs: integer,
  },
  closed,
)

/** What the filter refused, or, observed, what the audited program would have. */
export const Calls = Type.Object(
  {
    observed: Type.Boolean(),
    calls: Type.Array(
      Type.Object(
        {
          /** Whose number it is: AUDIT_ARCH_… of linux/audit.h. */
          architecture: integer,
          number: integer,
          answer: Type.Enum(['errno', 'kill', 'trap']),
          errno: integer,
          count: integer,
          firstUs: integer,
          /** Those that the filter looked at to decide, hexadecimal. */
          arguments: Type.Array(
            Type.Object(
              {
                index: Type.Integer({ minimum: 0, maximum: 5 }),
                value: Type.String({ pattern: '^[0-9a-f]{1,16}$' }),
              },
              closed,
            ),
            { maxItems: 6 },
          ),
        },
        closed,
      ),
      { maxItems: 512 },
    ),
    notListed: integer,
  },
  closed,
)

export const Failed = Type.Object(
  {
    stage: Type.String({ maxLength: 64 }),
    errno: integer,
    index: Type.Integer(),
    detail: Type.String({ maxLength: 512 }),
  },
  closed,
)
export const Refused = Type.Object(
  {
    code: Type.Enum(['busy', 'protocol', 'draining', 'peer']),
    detail: Type.String({ maxLength: 512 }),
  },
  closed,
)
export const Destroyed = Type.Object({ leftProcesses: integer, destroyUs: integer }, closed)

export type Started = Static<typeof Started>
export type Finished = Static<typeof Finished>
export type Calls = Static<typeof Calls>
export type Failed = Static<typeof Failed>
export type Refused = Static<typeof Refused>
export type Destroyed = Static<typeof Destroyed>

/** Stages of `sandbox-error` that are the worker's own, beside those of the launcher (contract/stage.ts). */
export const workerStages = [
  'damaged-payload',
  'worker-lost',
  'launcher-unreachable',
  'launcher-refused',
  'launcher-protocol',
  'launcher-lost',
  'seccomp-compile',
  'image-missing',
  'blob-missing',
  'isolation-mismatch',
  'host-memory',
  'collect',
  'two-slots',
] as const
export type WorkerStage = (typeof workerStages)[number]
