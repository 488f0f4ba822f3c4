// Claims of the fields of a container: POST /containers/create and /containers/{id}/update.
import { type DockerClaims, emptyOnly, judged, passed, written } from './docker-claim.js'

const mounts = ['host-path', 'host-socket', 'host-kernel', 'mount-grant']
const windows = emptyOnly('Windows containers only.')
const blockIo = emptyOnly('No grant has a limit of block devices yet; 0 takes nothing away.')
const realtime = emptyOnly(
  'A real-time budget is time that no other process of the host gets (CIS Docker 5.11).',
)

export const resourceClaims: DockerClaims = {
  '/CpuShares': written('The grant’s limit decides; shares only order neighbours.'),
  '/Memory': judged('limit-maximum', 'limit-minimum', 'limit-fit'),
  '/MemorySwap': written('Equal to the memory: no swap, as for jobs.'),
  '/MemoryReservation': passed('A soft limit below the hard one, which is judged.'),
  '/MemorySwappiness': emptyOnly(
    'Without swap there is nothing to weigh; -1 is the engine’s own default.',
    -1,
  ),
  '/KernelMemory': emptyOnly('Gone from engines and kernels; counted within the memory.'),
  '/KernelMemoryTCP': emptyOnly('Counted within the memory.'),
  '/OomKillDisable': emptyOnly('A group that is full and not killed hangs with all its locks.'),
  '/NanoCpus': judged('limit-maximum', 'limit-minimum'),
  '/NanoCPUs': judged('limit-maximum', 'limit-minimum'),
  '/CpuPeriod': judged('limit-maximum', 'limit-minimum'),
  '/CpuQuota': judged('limit-maximum', 'limit-minimum'),
  '/CpuRealtimePeriod': realtime,
  '/CpuRealtimeRuntime': realtime,
  '/CpusetCpus': emptyOnly('Which processors are whose is the operator’s to divide.'),
  '/CpusetMems': emptyOnly('Which memory nodes are whose is the operator’s to divide.'),
  '/PidsLimit': judged('limit-maximum', 'limit-minimum'),
  '/Ulimits/*/Name': judged('docker-ulimit'),
  '/Ulimits/*/Soft': judged('limit-maximum', 'limit-minimum'),
  '/Ulimits/*/Hard': judged('limit-maximum', 'limit-minimum'),
  '/CgroupParent': emptyOnly(
    'The engine gets the tenant’s own group: any other is out of its limits (CIS Docker 5.24).',
  ),
  '/BlkioWeight': blockIo,
  '/BlkioWeightDevice': blockIo,
  '/BlkioDeviceReadBps': blockIo,
  '/BlkioDeviceWriteBps': blockIo,
  '/BlkioDeviceReadIOps': blockIo,
  '/BlkioDeviceWriteIOps': blockIo,
  '/Devices': judged('device'),
  '/DeviceCgroupRules': judged('device'),
  '/DeviceRequests': judged('device'),
  '/Init': passed('The engine’s own small init as process 1, inside.'),
  '/CpuCount': windows,
  '/CpuPercent': windows,
  '/IOMaximumIOps': windows,
  '/IOMaximumBandwidth': windows,
  '/DiskQuota': windows,
}

export const mountClaims: DockerClaims = {
  '/Type': judged('host-path', 'mount-grant'),
  '/Source': judged(...mounts),
  '/Target': judged('mount-target'),
  '/ReadOnly': passed('It only takes away; reading a host path is refused as such.'),
  '/Consistency': passed('A hint for other systems, without effect on Linux.'),
  '/BindOptions': judged('host-path', 'docker-mount'),
  '/BindOptions/Propagation': judged('host-path', 'mount-namespace'),
  '/VolumeOptions/NoCopy': passed('Whether the image’s files are copied into a new volume.'),
  '/VolumeOptions/Labels': judged('label', 'docker-label'),
  '/VolumeOptions/Subpath': emptyOnly(
    'A link inside the volume leads out of it, and engines before 26 have no such field.',
  ),
  '/VolumeOptions/DriverConfig/Name': judged('docker-driver'),
  '/VolumeOptions/DriverConfig/Options': judged(...mounts),
  '/ImageOptions': emptyOnly('Images are not mounted; they are what a container is made of.'),
  '/TmpfsOptions/SizeBytes': judged('mount-grant', 'limit-maximum'),
  '/TmpfsOptions/Mode': judged('docker-mount'),
  '/TmpfsOptions/Options': emptyOnly(
    'Options of the kernel in free text; size and mode have fields.',
  ),
  '/ClusterOptions': emptyOnly(
    'Volumes of a cluster’s drivers: code on the host that no rule knows.',
  ),
}

/** Fields that only answers have; a client that sends back what it read is not refused. */
const readBack = written('The engine’s own answer; what a request says there means nothing.')

export const endpointClaims: DockerClaims = {
  '/IPAMConfig': emptyOnly('An address of one’s own choice can be a neighbour’s.'),
  '/Links': judged('docker-owner', 'docker-name'),
  '/Aliases': judged('docker-name'),
  '/MacAddress': emptyOnly('A hardware address of one’s own choice can be a neighbour’s.'),
  '/DriverOpts': emptyOnly('Drivers take kernel settings and host devices there.'),
  '/NetworkID': readBack,
  '/EndpointID': readBack,
  '/Gateway': readBack,
  '/IPAddress': readBack,
  '/IPPrefixLen': readBack,
  '/IPv6Gateway': readBack,
  '/GlobalIPv6Address': readBack,
  '/GlobalIPv6PrefixLen': readBack,
  '/DNSNames': readBack,
  '/GwPriority': emptyOnly('Which network is the way out is the guard’s to say.'),
}

/** Claims of a shape that is part of another. */
export function below(pointer: string, claims: DockerClaims): DockerClaims {
  return Object.fromEntries(Object.entries(claims).map(([at, claim]) => [`${pointer}${at}`, claim]))
}

const nameService = emptyOnly(
  'The resolver is the guard’s: another one hears every name, and `host-gateway` is the host.',
)

const hostConfigClaims: DockerClaims = {
  ...resourceClaims,
  ...below('/Mounts/*', mountClaims),
  '/Binds': judged(...mounts, 'mount-target'),
  '/VolumesFrom': judged('host-path', 'docker-owner'),
  '/VolumeDriver': judged('docker-driver'),
  '/Tmpfs': judged('mount-grant', 'mount-target', 'docker-mount', 'limit-maximum'),
  '/ContainerIDFile': written('A client’s own file; never written by anybody here.'),
  '/LogConfig/Type': judged('docker-log'),
  '/LogConfig/Config': written('A bounded size: an unbounded file is the host’s disk.'),
  '/NetworkMode': judged('network-grant', 'network-sharing', 'host-network'),
  '/PortBindings': judged('docker-port'),
  '/PublishAllPorts': judged('docker-port'),
  '/RestartPolicy': judged('docker-restart'),
  '/AutoRemove': passed('It only takes away.'),
  '/ConsoleSize': passed('The size of a terminal.'),
  '/Annotations': emptyOnly('Runtimes obey some of them (run.oci.*): settings without a rule.'),
  '/CapAdd': judged('capability', 'capability-name'),
  '/CapDrop': judged('capability-name'),
  '/Capabilities': judged('capability', 'capability-name'),
  '/CgroupnsMode': judged('cgroup-namespace'),
  '/Cgroup': judged('cgroup-namespace'),
  '/IpcMode': judged('ipc-namespace'),
  '/PidMode': judged('pid-namespace'),
  '/UTSMode': judged('uts-namespace'),
  '/UsernsMode': judged('user-namespace'),
  '/Dns': nameService,
  '/DnsOptions': nameService,
  '/DnsSearch': nameService,
  '/ExtraHosts': nameService,
  '/GroupAdd': judged('identity-range', 'identity-root'),
  '/Links': judged('docker-owner', 'docker-name'),
  '/OomScoreAdj': judged('docker-oom-score'),
  '/Privileged': judged('privileged'),
  '/ReadonlyRootfs': passed('It only takes away (CIS Docker 5.12).'),
  '/SecurityOpt': judged(
    'seccomp-unconfined',
    'seccomp-profile',
    'apparmor-unconfined',
    'apparmor-profile',
    'setuid',
  ),
  '/StorageOpt': emptyOnly('Options of the engine’s storage driver.'),
  '/ShmSize': judged('limit-maximum', 'limit-fit'),
  '/Sysctls': judged('sysctl'),
  '/Runtime': emptyOnly('Another runtime is another program of the host’s.'),
  '/Isolation': windows,
  '/MaskedPaths': written(
    'The engine’s list, never a shorter one: an empty list is what `systempaths=unconfined` comes to (CVE-2025-31133).',
  ),
  '/ReadonlyPaths': written('The engine’s list, never a shorter one (`systempaths=unconfined`).'),
}

export const containerClaims: DockerClaims = {
  ...below('/HostConfig', hostConfigClaims),
  ...below('/NetworkingConfig/EndpointsConfig/*', endpointClaims),
  '/Hostname': passed('The name inside its own UTS namespace.'),
  '/Domainname': passed('The name inside its own UTS namespace.'),
  '/User': judged('identity-root', 'identity-range'),
  '/AttachStdin': passed('Which streams the client wants.'),
  '/AttachStdout': passed('Which streams the client wants.'),
  '/AttachStderr': passed('Which streams the client wants.'),
  '/Tty': passed('A terminal of its own.'),
  '/OpenStdin': passed('Whether there is standard input.'),
  '/StdinOnce': passed('Whether standard input ends with the first client.'),
  '/ExposedPorts': judged('docker-port'),
  '/Env': judged('environment-name', 'environment-size', 'environment-text'),
  '/Cmd': judged('program', 'argument-size', 'argument-text'),
  '/Entrypoint': judged('program', 'argument-size', 'argument-text'),
  '/Shell': judged('argument-size', 'argument-text'),
  '/Healthcheck/Test': judged('argument-size', 'argument-text'),
  '/Healthcheck': written(
    'Not more often than each second: it is a process without end (CIS Docker 5.26).',
  ),
  '/ArgsEscaped': emptyOnly('Windows containers only.'),
  '/Image': judged('image'),
  '/Volumes': judged('mount-grant', 'mount-target'),
  '/VolumesFrom': emptyOnly(
    'dockerode sends an empty one beside HostConfig’s; engines do not read it.',
  ),
  '/Runtime': emptyOnly('Another runtime is another program of the host’s.'),
  '/WorkingDir': judged('work-directory'),
  '/NetworkDisabled': passed('It only takes away.'),
  '/MacAddress': emptyOnly('A hardware address of one’s own choice can be a neighbour’s.'),
  '/OnBuild': emptyOnly('Instructions of a build; a container has none.'),
  '/Labels': judged('label', 'docker-label'),
  '/StopSignal': passed('A signal to the container’s own first process.'),
  '/StopTimeout': written('At most a minute: nobody else’s work waits for longer.'),
}

export const updateClaims: DockerClaims = {
  ...resourceClaims,
  '/RestartPolicy': judged('docker-restart'),
}
