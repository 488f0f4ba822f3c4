// Each field of an OCI config changed once, and what must object to it: the checker inside, or the comparison from the host's side.
import type { OciConfig } from '../../contract/oci.js'
import type { Job } from '../../contract/result.js'

export type Mutation = {
  readonly name: string
  readonly pointer: string
  readonly value: unknown
  /** The beginning of the name of the check that must object. */
  readonly objection: string
}

function change(pointer: string, value: unknown, objection: string): Mutation {
  return { name: `${pointer} = ${JSON.stringify(value).slice(0, 60)}`, pointer, value, objection }
}

function ofProcess({ process }: OciConfig): Mutation[] {
  return [
    change('/process/terminal', true, 'terminal'),
    change('/process/user/uid', process.user.uid + 1, 'uid'),
    change('/process/user/gid', process.user.gid + 1, 'gid'),
    change('/process/user/umask', 0o077, 'umask'),
    change('/process/user/additionalGids', [5], 'groups'),
    change('/process/args/-', 'more', 'args'),
    change('/process/args/0', 'another', 'args'),
    change('/process/env/-', 'MORE=1', 'env'),
    change('/process/env', process.env.slice(1), 'env'),
    change('/process/cwd', '/', 'cwd'),
    ...(['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const).map((set) =>
      change(`/process/capabilities/${set}`, ['CAP_KILL'], `capabilities.${set}`),
    ),
    ...process.rlimits.flatMap(({ type, soft, hard }, at) => [
      change(`/process/rlimits/${at}/soft`, soft + 1, type),
      change(`/process/rlimits/${at}/hard`, hard + 1, type),
    ]),
    change('/process/rlimits/0/type', 'RLIMIT_AS', 'RLIMIT_AS'),
    change('/process/noNewPrivileges', false, 'noNewPrivileges'),
    change('/process/oomScoreAdj', 0, 'oomScoreAdj'),
    change('/process/apparmorProfile', 'another', 'apparmorProfile'),
  ]
}

function ofMounts({ mounts }: OciConfig): Mutation[] {
  return mounts.flatMap(({ destination, options }, at) => [
    change(`/mounts/${at}/destination`, '/mnt', 'mount /mnt'),
    change(`/mounts/${at}/type`, 'ext4', `mount ${destination} type`),
    change(
      `/mounts/${at}/options/-`,
      options.includes('ro') ? 'rw' : 'ro',
      `mount ${destination} r`,
    ),
    ...options.flatMap((option, index) => {
      const [name, value = ''] = option.split('=')
      const pointer = `/mounts/${at}/options/${index}`
      return /^\d+$/.test(value)
        ? [change(pointer, `${name}=1`, `mount ${destination} ${name}`)]
        : []
    }),
  ])
}

function ofNamespaces({ linux }: OciConfig): Mutation[] {
  const files: Readonly<Record<string, string>> = { mount: 'mnt', network: 'net' }
  return linux.namespaces.map(({ type }, at) => {
    const others = linux.namespaces.filter((_, index) => index !== at)
    const without = change('/linux/namespaces', others, `namespace ${files[type] ?? type}`)
    return { ...without, name: `no namespace ${type}` }
  })
}

function ofLinux({ linux }: OciConfig): Mutation[] {
  return [
    ...(['uid', 'gid'] as const).flatMap((id) => [
      change(`/linux/${id}Mappings/0/containerID`, 1, `${id}Mappings`),
      change(`/linux/${id}Mappings/0/size`, 1, `${id}Mappings`),
    ]),
    ...linux.devices.flatMap(({ path, minor }, at) => [
      change(`/linux/devices/${at}/path`, '/dev/another', 'device /dev/another'),
      change(`/linux/devices/${at}/major`, 2, `device ${path}`),
      change(`/linux/devices/${at}/minor`, minor + 1, `device ${path}`),
      change(`/linux/devices/${at}/type`, 'b', `device ${path}`),
      change(`/linux/devices/${at}/fileMode`, 0o600, `device ${path}`),
    ]),
    change('/linux/rootfsPropagation', 'shared', 'rootfsPropagation'),
    change('/linux/maskedPaths/-', '/proc/self/status', 'masked /proc/self/status'),
    change('/linux/readonlyPaths/-', '/tmp', 'read-only /tmp'),
    change('/linux/sysctl', { 'kernel.ostype': 'another' }, 'sysctl kernel.ostype'),
  ]
}

function ofSeccomp({ linux: { seccomp } }: OciConfig): Mutation[] {
  const whole = seccomp.syscalls.filter(({ args }) => args === undefined)
  const rule = (name: string): string =>
    `/linux/seccomp/syscalls/${seccomp.syscalls.findIndex(({ names }) => names.includes(name))}`
  return [
    change('/linux/seccomp/defaultErrnoRet', 99, 'keyctl'),
    change('/linux/seccomp/defaultAction', 'SCMP_ACT_ALLOW', 'keyctl'),
    change('/linux/seccomp/syscalls', whole, 'socket'),
    change(`${rule('mount')}/action`, 'SCMP_ACT_ALLOW', 'mount['),
    change(`${rule('mount')}/errnoRet`, 99, 'mount['),
    change(`${rule('read')}/action`, 'SCMP_ACT_ERRNO', 'read['),
  ]
}

/** What the checker must see from inside. */
export const mutationsInside = (config: OciConfig): Mutation[] => [
  change('/hostname', 'another', 'hostname'),
  change('/root/readonly', true, 'root.readonly'),
  ...ofProcess(config),
  ...ofMounts(config),
  ...ofNamespaces(config),
  ...ofLinux(config),
  ...ofSeccomp(config),
]

/** What is seen from the host's side alone. */
export const mutationsOutside = ({ linux }: OciConfig): Mutation[] => [
  change('/linux/resources/memory/limit', linux.resources.memory.limit + 4096, 'memory'),
  change('/linux/resources/memory/swap', linux.resources.memory.swap + 4096, 'swap'),
  change('/linux/resources/pids/limit', linux.resources.pids.limit + 1, 'pids'),
  change('/linux/resources/cpu/quota', linux.resources.cpu.quota + 1, 'quota'),
  change('/linux/resources/cpu/period', linux.resources.cpu.period + 1, 'period'),
  change('/linux/uidMappings/0/hostID', 7, 'uidMap'),
  change('/linux/gidMappings/0/hostID', 7, 'gidMap'),
]

/** Fields that nothing in or around a container shows, each with its reason. */
export const excused: Readonly<Record<string, string>> = {
  '/ociVersion': 'what the config is written in, not what a container is',
  '/root/path': 'where a bundle lies on the host',
  '/mounts/*/source': 'a name without a meaning, for file systems without a device',
  '/linux/resources/devices/*/allow':
    'no device control group here: docs/oci.md says what stands instead',
  '/linux/resources/devices/*/type': 'as above',
  '/linux/resources/devices/*/major': 'as above',
  '/linux/resources/devices/*/minor': 'as above',
  '/linux/resources/devices/*/access': 'as above',
  '/linux/seccomp/architectures/*': 'row 64 of the corpus calls by a foreign one',
  '/annotations/*': 'for readers; a container does not depend on them',
}

/** The pointer of each leaf, `*` for a place in a list. Names of annotations are free, so `*` as well. */
export function leavesOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => leavesOf(one, `${path}/*`)))]
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) =>
    leavesOf(inner, path === '/annotations' ? `${path}/*` : `${path}/${name}`),
  )
}

/** Leaves that neither a mutation changes nor an excuse names. */
export function unclaimed(config: OciConfig, mutations: readonly Mutation[]): string[] {
  const places = mutations.map(({ pointer }) => pointer.replace(/\/(\d+|-)(?=\/|$)/g, '/*'))
  return leavesOf(config).filter(
    (leaf) =>
      excused[leaf] === undefined &&
      !places.some((place) => leaf === place || leaf.startsWith(`${place}/`)),
  )
}

/** A copy with the one change. */
export function mutated(config: OciConfig, { pointer, value }: Mutation): OciConfig {
  const copy = structuredClone(config)
  const way = pointer.split('/').slice(1)
  const last = way.pop() ?? ''
  const at = way.reduce<Record<string, unknown>>(
    (node, key) => node[key] as Record<string, unknown>,
    copy as unknown as Record<string, unknown>,
  )
  at[last] = value
  return copy
}

/** Where a config differs from what the result tells of the host's side, which receipt-host.test.ts holds against the host itself. */
export function hostFaults(
  { linux }: OciConfig,
  isolation: NonNullable<Job['isolation']>,
): string[] {
  const { limits } = isolation
  const { memory, pids, cpu } = linux.resources
  const isMap = (map: string, [mapping]: OciConfig['linux']['uidMappings']): boolean => {
    const [inside, host = 0, size = 1] = map.split(' ').map(Number)
    const slots = (host - (mapping?.hostID ?? 0)) / size
    const isSlot = Number.isInteger(slots) && slots >= 0 && slots < 1024
    return isSlot && inside === mapping?.containerID && size === mapping?.size
  }
  const holds: Readonly<Record<string, boolean>> = {
    memory: limits.memoryBytes === memory.limit,
    swap: limits.memoryBytes + limits.swapBytes === memory.swap,
    pids: limits.processes === pids.limit,
    quota: limits.cpuQuotaUs === cpu.quota,
    period: limits.cpuPeriodUs === cpu.period,
    uidMap: isMap(isolation.uidMap, linux.uidMappings),
    gidMap: isMap(isolation.gidMap, linux.gidMappings),
  }
  return Object.keys(holds).filter((name) => holds[name] !== true)
}
