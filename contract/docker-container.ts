// Shapes of the Docker Engine API, 1.24 to 1.47: a container as it is created, updated and connected. Names and kinds of fields alone,
// compared with what engines describe of themselves (test/policy/docker-engine.test.ts); what
// becomes of each is policy/docker-fields.ts. A field that is not here is unknown, and is refused.

/** The kind of a value, or the shape below it. `[x]` is a list of x, `{ '*': x }` a map with any keys, `words` a list of text or
 * one text. */
export type DockerShape =
  | 'text'
  | 'words'
  | 'number'
  | 'truth'
  | 'nothing'
  | readonly [DockerShape]
  | { readonly [field: string]: DockerShape }

const texts = ['text'] as const
const map = { '*': 'text' } as const

export const dockerHealthcheck = {
  Test: texts,
  Interval: 'number',
  Timeout: 'number',
  Retries: 'number',
  StartPeriod: 'number',
  StartInterval: 'number',
} as const

export const dockerLog = { Type: 'text', Config: map } as const

export const dockerUlimits = [{ Name: 'text', Soft: 'number', Hard: 'number' }] as const

const weights = [{ Path: 'text', Weight: 'number' }] as const
const rates = [{ Path: 'text', Rate: 'number' }] as const

/** What `POST /containers/{id}/update` takes as well. */
export const dockerResources = {
  CpuShares: 'number',
  Memory: 'number',
  CgroupParent: 'text',
  BlkioWeight: 'number',
  BlkioWeightDevice: weights,
  BlkioDeviceReadBps: rates,
  BlkioDeviceWriteBps: rates,
  BlkioDeviceReadIOps: rates,
  BlkioDeviceWriteIOps: rates,
  CpuPeriod: 'number',
  CpuQuota: 'number',
  CpuRealtimePeriod: 'number',
  CpuRealtimeRuntime: 'number',
  CpusetCpus: 'text',
  CpusetMems: 'text',
  Devices: [{ PathOnHost: 'text', PathInContainer: 'text', CgroupPermissions: 'text' }],
  DeviceCgroupRules: texts,
  DeviceRequests: [
    { Driver: 'text', Count: 'number', DeviceIDs: texts, Capabilities: [texts], Options: map },
  ],
  KernelMemory: 'number',
  KernelMemoryTCP: 'number',
  MemoryReservation: 'number',
  MemorySwap: 'number',
  MemorySwappiness: 'number',
  NanoCpus: 'number',
  NanoCPUs: 'number',
  OomKillDisable: 'truth',
  Init: 'truth',
  PidsLimit: 'number',
  Ulimits: dockerUlimits,
  CpuCount: 'number',
  CpuPercent: 'number',
  IOMaximumIOps: 'number',
  IOMaximumBandwidth: 'number',
  DiskQuota: 'number',
} as const satisfies DockerShape

export const dockerMount = {
  Type: 'text',
  Source: 'text',
  Target: 'text',
  ReadOnly: 'truth',
  Consistency: 'text',
  BindOptions: {
    Propagation: 'text',
    NonRecursive: 'truth',
    CreateMountpoint: 'truth',
    ReadOnlyNonRecursive: 'truth',
    ReadOnlyForceRecursive: 'truth',
  },
  VolumeOptions: {
    NoCopy: 'truth',
    Labels: map,
    Subpath: 'text',
    DriverConfig: { Name: 'text', Options: map },
  },
  ImageOptions: { Subpath: 'text' },
  TmpfsOptions: { SizeBytes: 'number', Mode: 'number', Options: [texts] },
  ClusterOptions: 'nothing',
} as const satisfies DockerShape

export const dockerEndpoint = {
  IPAMConfig: { IPv4Address: 'text', IPv6Address: 'text', LinkLocalIPs: texts },
  Links: texts,
  Aliases: texts,
  MacAddress: 'text',
  DriverOpts: map,
  NetworkID: 'text',
  EndpointID: 'text',
  Gateway: 'text',
  IPAddress: 'text',
  IPPrefixLen: 'number',
  IPv6Gateway: 'text',
  GlobalIPv6Address: 'text',
  GlobalIPv6PrefixLen: 'number',
  DNSNames: texts,
  GwPriority: 'number',
} as const satisfies DockerShape

const hostConfig = {
  ...dockerResources,
  Binds: texts,
  ContainerIDFile: 'text',
  LogConfig: dockerLog,
  NetworkMode: 'text',
  PortBindings: { '*': [{ HostIp: 'text', HostPort: 'text' }] },
  RestartPolicy: { Name: 'text', MaximumRetryCount: 'number' },
  AutoRemove: 'truth',
  VolumeDriver: 'text',
  VolumesFrom: texts,
  Mounts: [dockerMount],
  ConsoleSize: ['number'],
  Annotations: map,
  CapAdd: texts,
  CapDrop: texts,
  Capabilities: texts,
  CgroupnsMode: 'text',
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  IpcMode: 'text',
  Cgroup: 'text',
  Links: texts,
  OomScoreAdj: 'number',
  PidMode: 'text',
  Privileged: 'truth',
  PublishAllPorts: 'truth',
  ReadonlyRootfs: 'truth',
  SecurityOpt: texts,
  StorageOpt: map,
  Tmpfs: map,
  UTSMode: 'text',
  UsernsMode: 'text',
  ShmSize: 'number',
  Sysctls: map,
  Runtime: 'text',
  Isolation: 'text',
  MaskedPaths: texts,
  ReadonlyPaths: texts,
} as const satisfies DockerShape

/** `POST /containers/create`. */
export const dockerContainerCreate = {
  Hostname: 'text',
  Domainname: 'text',
  User: 'text',
  AttachStdin: 'truth',
  AttachStdout: 'truth',
  AttachStderr: 'truth',
  ExposedPorts: { '*': 'nothing' },
  Tty: 'truth',
  OpenStdin: 'truth',
  StdinOnce: 'truth',
  Env: texts,
  Cmd: 'words',
  Healthcheck: dockerHealthcheck,
  ArgsEscaped: 'truth',
  Image: 'text',
  Volumes: { '*': 'nothing' },
  VolumesFrom: texts,
  WorkingDir: 'text',
  Entrypoint: 'words',
  NetworkDisabled: 'truth',
  MacAddress: 'text',
  OnBuild: texts,
  Labels: map,
  StopSignal: 'text',
  StopTimeout: 'number',
  Shell: 'words',
  Runtime: 'text',
  HostConfig: hostConfig,
  NetworkingConfig: { EndpointsConfig: { '*': dockerEndpoint } },
} as const satisfies DockerShape

/** `POST /containers/{id}/update`. */
export const dockerContainerUpdate = {
  ...dockerResources,
  RestartPolicy: { Name: 'text', MaximumRetryCount: 'number' },
} as const satisfies DockerShape
