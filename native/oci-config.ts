// A step of a plan → the config.json of an OCI bundle: what the native runtime enforces, in words that another runtime reads.
// A pure function: what must be looked up (the filter, the ids, where the root lies) comes in as facts. docs/oci.md says what each
// field comes from, and what such a config cannot say.
import { type OciConfig, type OciDevice, type OciMount, ociNamespaces } from '../contract/oci.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import { ociSeccomp } from './oci-seccomp.js'
import type { CompiledSeccomp } from './seccomp.js'

export type OciFacts = {
  /** The step's profile as it is compiled here. */
  readonly seccomp: CompiledSeccomp
  /** The image's root file system: absolute, or relative to the bundle. It is written to: give each run a copy or an overlay. */
  readonly rootPath: string
  /** The first of the host ids that the sandbox's 0 to 65535 are; the owner of the image's files. */
  readonly firstHostId: number
}

export const idsPerSandbox = 65536
/** CGROUP_CPU_PERIOD_US of native/launcher/cgroup.h. */
const cpuPeriodUs = 100_000
/** native/launcher/job.c: the backstop behind the cgroup's own clock. */
const cpuSlackSeconds = 10

/** Documentation/admin-guide/devices.txt, and native/set-up/slot_devices.c. */
const devices: readonly OciDevice[] = (
  [
    ['null', 3],
    ['zero', 5],
    ['full', 7],
    ['random', 8],
    ['urandom', 9],
  ] as const
).map(([name, minor]) => ({
  path: `/dev/${name}`,
  type: 'c',
  major: 1,
  minor,
  fileMode: 0o666,
}))

/** `ground_masks` of native/launcher/ground.c. */
export const maskedNames = [
  ...['acpi', 'asound', 'bus', 'driver', 'fs', 'irq', 'pressure', 'scsi', 'buddyinfo', 'cmdline'],
  ...['config.gz', 'diskstats', 'interrupts', 'iomem', 'ioports', 'kallsyms', 'kcore', 'key-users'],
  ...['keys', 'kmsg', 'latency_stats', 'locks', 'modules', 'pagetypeinfo', 'partitions'],
  ...['sched_debug', 'schedstat', 'slabinfo', 'softirqs', 'sysrq-trigger', 'timer_list'],
  ...['timer_stats', 'vmallocinfo', 'vmstat', 'zoneinfo', 'sys/kernel/random/boot_id'],
]

/** In the order in which they are mounted. With `subset=pid` there is nothing in /proc that would want a mask. */
function mountsOf(plan: Plan): OciMount[] {
  const proc = plan.proc === 'pid-only' ? ['subset=pid', 'hidepid=ptraceable'] : []
  return [
    {
      destination: '/proc',
      type: 'proc',
      source: 'proc',
      options: ['nosuid', 'noexec', 'nodev', ...proc],
    },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['ro', 'nosuid', 'noexec', 'mode=755', 'size=1048576'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'max=64'],
    },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${plan.diskBytes}`],
    },
  ]
}

/** What native/launcher/job.c sets; soft and hard are one. */
function resourceLimitsOf(step: PlanStep): OciConfig['process']['rlimits'] {
  const limits = {
    RLIMIT_CORE: 0,
    RLIMIT_CPU: Math.floor(step.cpuMs / 1000) + cpuSlackSeconds,
    RLIMIT_FSIZE: step.fileBytes,
    RLIMIT_MEMLOCK: 65536,
    RLIMIT_MSGQUEUE: 0,
    RLIMIT_NICE: 0,
    RLIMIT_NOFILE: step.openFiles,
    RLIMIT_RTPRIO: 0,
    RLIMIT_SIGPENDING: 1024,
    RLIMIT_STACK: step.stackBytes,
  } as const
  return Object.entries(limits).map(([type, limit]) => ({
    type: type as keyof typeof limits,
    soft: limit,
    hard: limit,
  }))
}

function processOf(plan: Plan, step: PlanStep): OciConfig['process'] {
  return {
    terminal: false,
    user: { uid: plan.uid, gid: plan.gid, umask: 0o022, additionalGids: [] },
    args: [...step.argv],
    env: [...step.environment],
    cwd: step.directory,
    capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
    rlimits: resourceLimitsOf(step),
    noNewPrivileges: true,
    oomScoreAdj: 1000,
    ...(plan.apparmor === 'none' ? {} : { apparmorProfile: plan.apparmor }),
  }
}

function linuxOf(plan: Plan, step: PlanStep, facts: OciFacts): OciConfig['linux'] {
  const ids = { containerID: 0, hostID: facts.firstHostId, size: idsPerSandbox }
  const masked = plan.proc === 'masked'
  return {
    namespaces: ociNamespaces.map((type) => ({ type })),
    uidMappings: [{ ...ids }],
    gidMappings: [{ ...ids }],
    devices: devices.map((device) => ({ ...device })),
    resources: {
      devices: [
        { allow: false, access: 'rwm' },
        ...devices.map(({ type, major, minor }) => ({
          allow: true,
          type,
          major,
          minor,
          access: 'rw' as const,
        })),
      ],
      // Of memory and swap together: the same number is no swap.
      memory: { limit: step.memoryBytes, swap: step.memoryBytes },
      cpu: { quota: (plan.cpuMillis * cpuPeriodUs) / 1000, period: cpuPeriodUs },
      pids: { limit: step.processes },
    },
    rootfsPropagation: 'private',
    maskedPaths: masked ? maskedNames.map((name) => `/proc/${name}`) : [],
    readonlyPaths: masked ? ['/proc/sys'] : [],
    seccomp: ociSeccomp(facts.seccomp),
  }
}

/** What a plan says and no field can: for whoever reads the config, and for a runtime that knows these keys. */
function annotationsOf(plan: Plan, step: PlanStep): OciConfig['annotations'] {
  const facts = {
    image: plan.imageDigest,
    step: step.name,
    workspace: plan.workspace,
    'disk-bytes': plan.diskBytes,
    'disk-inodes': plan.diskInodes,
    'wall-ms': step.wallMs,
    'cpu-ms': step.cpuMs,
    'output-bytes': step.outputBytes,
    network: plan.network,
    seccomp: step.seccomp,
    'landlock-abi-minimum': plan.landlockAbiMinimum,
  }
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`stockade.${name}`, String(value)]),
  )
}

export function ociConfig(plan: Plan, step: PlanStep, facts: OciFacts): OciConfig {
  return {
    ociVersion: '1.1.0',
    hostname: plan.hostname,
    root: { path: facts.rootPath, readonly: false },
    process: processOf(plan, step),
    mounts: mountsOf(plan),
    linux: linuxOf(plan, step, facts),
    annotations: annotationsOf(plan, step),
  }
}
