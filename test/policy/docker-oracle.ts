// The oracle of the fuzz: does this body, as an engine would take it, give a container anything of the host or of another tenant? Written
// from what engines do with each field (the list in the Docker Engine API), without a look at the adapter: it reads the rebuilt body alone.

type Fields = Readonly<Record<string, unknown>>

export type Owner = {
  readonly tenant: string
  /** Engine names that are the tenant’s. */
  readonly networks: readonly string[]
  readonly containers: readonly string[]
  readonly images: readonly string[]
  readonly isOwnVolume: (name: string) => boolean
  readonly address: string
  readonly ports: readonly [first: number, last: number]
  readonly capabilities: readonly string[]
  readonly seccomp: readonly string[]
  readonly memoryMax: number
  readonly processesMax: number
  readonly nanoCpusMax: number
  readonly cgroupParent: string
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const record = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}

/** Fields of HostConfig that must say nothing at all, since each gives something of the host’s in some form. */
const empty = [
  'Binds',
  'Devices',
  'DeviceRequests',
  'DeviceCgroupRules',
  'Sysctls',
  'Runtime',
  'Annotations',
  'StorageOpt',
  'VolumeDriver',
  'Dns',
  'DnsOptions',
  'DnsSearch',
  'ExtraHosts',
  'UsernsMode',
  'UTSMode',
  'Cgroup',
  'Links',
  'PublishAllPorts',
  'Privileged',
  'OomKillDisable',
  'CpuRealtimeRuntime',
  'CpuRealtimePeriod',
  'CpusetCpus',
  'CpusetMems',
  'BlkioWeight',
  'BlkioWeightDevice',
  'BlkioDeviceReadBps',
  'BlkioDeviceWriteBps',
  'BlkioDeviceReadIOps',
  'BlkioDeviceWriteIOps',
  'Isolation',
  'Capabilities',
  'ContainerIDFile',
  'KernelMemory',
  'CpuShares',
  'MemorySwappiness',
  'CpuQuota',
  'CpuPeriod',
]

function* mountFaults(host: Fields, owner: Owner): Generator<string> {
  for (const one of list(host.Mounts)) {
    const mount = record(one)
    const options = record(mount.VolumeOptions)
    if (mount.Type !== 'volume' && mount.Type !== 'tmpfs') yield `mount of type ${mount.Type}`
    if (mount.BindOptions !== undefined || mount.ClusterOptions !== undefined)
      yield 'options of other mounts'
    if (!isEmpty(record(options.DriverConfig))) yield 'a driver of volumes'
    if (!isEmpty(options.Subpath)) yield 'a subpath'
    if (
      !isEmpty(mount.Source) &&
      (mount.Type !== 'volume' || !owner.isOwnVolume(String(mount.Source)))
    )
      yield `source ${mount.Source}`
    if (mount.Type === 'volume' && record(options.Labels)['stockade.tenant'] !== owner.tenant)
      yield 'a volume of nobody'
    yield* targetFaults(mount.Target)
  }
  for (const [target, options] of Object.entries(record(host.Tmpfs))) {
    yield* targetFaults(target)
    const words = String(options).split(',')
    if (
      !words.includes('nosuid') ||
      !words.includes('nodev') ||
      !/(^|,)size=[0-9]+(,|$)/.test(String(options))
    )
      yield `tmpfs ${options}`
    if (words.some((word) => word === 'dev' || word === 'suid')) yield `tmpfs ${options}`
  }
  for (const from of list(host.VolumesFrom))
    if (!owner.containers.includes(String(from).split(':')[0] ?? '')) yield `volumes from ${from}`
}

function* targetFaults(target: unknown): Generator<string> {
  const path = String(target)
  if (!path.startsWith('/') || path === '/' || path.split('/').includes('..'))
    yield `target ${path}`
  if (/^\/+(proc|sys|dev)(\/|$)/.test(path)) yield `target ${path}`
}

function* namespaceFaults(host: Fields, owner: Owner): Generator<string> {
  const own = (mode: unknown): boolean =>
    String(mode).startsWith('container:') && owner.containers.includes(String(mode).slice(10))
  if (!isEmpty(host.PidMode) && !own(host.PidMode)) yield `pid ${host.PidMode}`
  if (host.IpcMode !== 'private' && host.IpcMode !== 'none') yield `ipc ${host.IpcMode}`
  if (host.CgroupnsMode !== 'private') yield `cgroupns ${host.CgroupnsMode}`
  if (host.CgroupParent !== owner.cgroupParent) yield `cgroup parent ${host.CgroupParent}`
  if (
    host.NetworkMode !== 'none' &&
    !own(host.NetworkMode) &&
    !owner.networks.includes(String(host.NetworkMode))
  )
    yield `network ${host.NetworkMode}`
}

function* privilegeFaults(host: Fields, owner: Owner): Generator<string> {
  if (JSON.stringify(host.CapDrop) !== '["ALL"]') yield `drops ${host.CapDrop}`
  for (const name of list(host.CapAdd))
    if (!owner.capabilities.includes(String(name))) yield `adds ${name}`
  const options = list(host.SecurityOpt).map(String)
  const seccomp = options.filter((option) => option.startsWith('seccomp='))
  if (seccomp.length !== 1 || !owner.seccomp.includes(seccomp[0] ?? '')) yield 'no filter of ours'
  if (options.filter((option) => option === 'no-new-privileges=true').length !== 1)
    yield 'new privileges'
  if (
    options.filter((option) => option.startsWith('apparmor=') && !/unconfined/i.test(option))
      .length !== 1
  )
    yield 'no AppArmor'
  if (options.length !== 3) yield `options ${options.map((option) => option.slice(0, 40))}`
  for (const path of ['/proc/kcore', '/proc/keys', '/sys/firmware'])
    if (!list(host.MaskedPaths).includes(path)) yield `unmasked ${path}`
  for (const path of ['/proc/sys', '/proc/sysrq-trigger'])
    if (!list(host.ReadonlyPaths).includes(path)) yield `writable ${path}`
}

function* limitFaults(host: Fields, owner: Owner): Generator<string> {
  const within = (value: unknown, most: number): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most
  if (!within(host.Memory, owner.memoryMax)) yield `memory ${host.Memory}`
  if (host.MemorySwap !== host.Memory) yield `swap ${host.MemorySwap}`
  if (!within(host.PidsLimit, owner.processesMax)) yield `processes ${host.PidsLimit}`
  if (!within(host.NanoCpus, owner.nanoCpusMax)) yield `processors ${host.NanoCpus}`
  if (!within(host.ShmSize, owner.memoryMax)) yield `shared memory ${host.ShmSize}`
  if (typeof host.OomScoreAdj === 'number' && host.OomScoreAdj < 0) yield 'spared'
  for (const one of list(host.Ulimits))
    if (['memlock', 'rtprio', 'nice'].includes(String(record(one).Name)))
      yield `ulimit ${record(one).Name}`
  const restart = record(host.RestartPolicy)
  if (
    restart.Name !== 'no' &&
    !(restart.Name === 'on-failure' && within(restart.MaximumRetryCount, 5))
  )
    yield `restart ${JSON.stringify(restart)}`
  const log = record(host.LogConfig)
  if (
    log.Type !== 'none' &&
    (!['json-file', 'local'].includes(String(log.Type)) || isEmpty(record(log.Config)['max-size']))
  )
    yield `log ${JSON.stringify(log)}`
}

function* portFaults(host: Fields, owner: Owner): Generator<string> {
  for (const one of Object.values(record(host.PortBindings)).flatMap(list)) {
    const { HostIp, HostPort } = record(one)
    const [first = 0, last = first] = String(HostPort).split('-').map(Number)
    if (HostIp !== owner.address) yield `address ${HostIp}`
    if (!(first >= owner.ports[0] && last <= owner.ports[1] && first <= last))
      yield `port ${HostPort}`
  }
}

function* endpointFaults(body: Fields, owner: Owner): Generator<string> {
  for (const [name, one] of Object.entries(record(record(body.NetworkingConfig).EndpointsConfig))) {
    if (!owner.networks.includes(name)) yield `endpoint ${name}`
    for (const field of ['IPAMConfig', 'MacAddress', 'DriverOpts'])
      if (!isEmpty(record(one)[field])) yield `endpoint ${field}`
    for (const link of list(record(one).Links))
      if (!owner.containers.includes(String(link).split(':')[0] ?? '')) yield `link ${link}`
  }
}

/** Names that the engine takes in any case, once. */
function* spellingFaults(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  const seen = new Set<string>()
  for (const key of Object.keys(value)) {
    if (seen.has(key.toLowerCase())) yield `two of ${key}`
    seen.add(key.toLowerCase())
  }
}

/** What is wrong with a body that is to reach the engine; empty where it gives nothing away. */
export function hostAccess(body: unknown, owner: Owner): string[] {
  const fields = record(body)
  const host = record(fields.HostConfig)
  return [
    ...spellingFaults(fields),
    ...spellingFaults(host),
    ...empty.filter((field) => !isEmpty(host[field])).map((field) => `${field} is set`),
    ...(isEmpty(fields.MacAddress) && isEmpty(fields.Runtime) ? [] : ['set beside HostConfig']),
    ...(owner.images.includes(String(fields.Image)) ? [] : [`image ${fields.Image}`]),
    ...(record(fields.Labels)['stockade.tenant'] === owner.tenant ? [] : ['of nobody']),
    ...mountFaults(host, owner),
    ...namespaceFaults(host, owner),
    ...privilegeFaults(host, owner),
    ...limitFaults(host, owner),
    ...portFaults(host, owner),
    ...endpointFaults(fields, owner),
  ]
}
