// Every road of a container to the host, to a neighbour or past a limit. The list is made from what engines can do, not from what the adapters
// read.
import { create, endpoint, type Fields, host, mount, type Road } from './docker-road.js'
import { otherRoads } from './docker-roads-other.js'

const driver = (options: Fields): Fields => ({
  Type: 'volume',
  Source: 'data',
  VolumeOptions: { DriverConfig: { Name: 'local', Options: options } },
})

const mounts: readonly Road[] = [
  ...[
    '/:/x',
    '/etc:/x:ro',
    '//:/x',
    '/etc/../:/x',
    './rel:/x',
    '~/.ssh:/x',
    ':/x',
    '..:/x',
    '\\etc:/x',
  ].map((bind) => host(`bind ${bind}`, 'host-path', { Binds: [bind] })),
  host('bind of a URL', 'docker-mount', { Binds: ['file:///etc:/x'] }),
  host('bind of the socket', 'host-socket', {
    Binds: ['/var/run/docker.sock:/var/run/docker.sock'],
  }),
  host('bind of /proc', 'host-kernel', { Binds: ['/proc:/x'] }),
  host('bind over /proc', 'mount-target', { Binds: ['data:/proc'] }),
  host('a shared bind', 'docker-mount', { Binds: ['data:/x:rshared'] }),
  mount('mount bind', 'host-path', { Type: 'bind', Source: '/' }),
  mount('mount bind, read-only', 'host-path', { Type: 'bind', Source: '/', ReadOnly: true }),
  mount('mount bind that shares', 'host-path', {
    Type: 'bind',
    Source: '/mnt',
    BindOptions: { Propagation: 'rshared' },
  }),
  mount('bind options of a volume', 'docker-mount', {
    Type: 'volume',
    Source: 'data',
    BindOptions: { Propagation: 'shared' },
  }),
  mount('mount npipe', 'docker-mount', { Type: 'npipe', Source: '\\\\.\\pipe\\docker_engine' }),
  mount('mount cluster', 'docker-mount', { Type: 'cluster', Source: 'x' }),
  mount('mount image', 'docker-mount', { Type: 'image', Source: 'app' }),
  mount('mount Bind', 'docker-mount', { Type: 'Bind', Source: '/' }),
  mount('a volume that is a path', 'host-path', { Type: 'volume', Source: '/etc' }),
  mount('a tmpfs that is a path', 'host-path', { Type: 'tmpfs', Source: '/etc' }),
  mount('a volume that binds', 'host-path', driver({ type: 'none', o: 'bind', device: '/' })),
  mount(
    'a volume that binds, in capitals',
    'host-path',
    driver({ TYPE: 'none', O: 'bind', DEVICE: '/etc' }),
  ),
  mount('a volume with options', 'host-path', driver({ o: 'bind' })),
  mount(
    'a volume over the network',
    'host-path',
    driver({ type: 'nfs', device: ':/export', o: 'addr=10.0.0.1' }),
  ),
  mount('a driver', 'docker-driver', {
    Type: 'volume',
    VolumeOptions: { DriverConfig: { Name: 'vieux/sshfs' } },
  }),
  mount('a subpath', 'docker-field', {
    Type: 'volume',
    Source: 'data',
    VolumeOptions: { Subpath: '../..' },
  }),
  mount('labels of the guard', 'docker-label', {
    Type: 'volume',
    Source: 'new',
    VolumeOptions: { Labels: { 'Stockade.tenant': 'b' } },
  }),
  mount('a set-uid tmpfs', 'docker-mount', { Type: 'tmpfs', TmpfsOptions: { Mode: 0o4777 } }),
  mount('a tmpfs beyond the memory', 'limit-fit', {
    Type: 'tmpfs',
    TmpfsOptions: { SizeBytes: 2 ** 31 },
  }),
  mount('a tmpfs beyond the grant', 'limit-maximum', {
    Type: 'tmpfs',
    TmpfsOptions: { SizeBytes: 2 ** 40 },
  }),
  mount('a tmpfs with options', 'docker-field', {
    Type: 'tmpfs',
    TmpfsOptions: { Options: [['exec']] },
  }),
  host('tmpfs with devices', 'docker-mount', { Tmpfs: { '/x': 'dev' } }),
  host('tmpfs with set-uid', 'docker-mount', { Tmpfs: { '/x': 'suid,size=1m' } }),
  host('tmpfs over /sys', 'mount-target', { Tmpfs: { '/sys/fs': '' } }),
  create('an anonymous volume over /dev', 'mount-target', { Volumes: { '/dev': {} } }),
  host('a volume driver', 'docker-driver', { VolumeDriver: 'rclone' }),
  host('volumes from a stranger', 'docker-owner', { VolumesFrom: ['stranger'] }),
  host('volumes from a path', 'host-path', { VolumesFrom: ['/etc'] }),
]

const namespaces: readonly Road[] = [
  host('pid of the host', 'pid-namespace', { PidMode: 'host' }),
  host('pid of a stranger', 'pid-namespace', { PidMode: 'container:stranger' }),
  host('ipc of the host', 'ipc-namespace', { IpcMode: 'host' }),
  host('ipc shareable', 'ipc-namespace', { IpcMode: 'shareable' }),
  host('ipc of a stranger', 'ipc-namespace', { IpcMode: 'container:stranger' }),
  host('uts of the host', 'uts-namespace', { UTSMode: 'host' }),
  host('user namespace of the host', 'user-namespace', { UsernsMode: 'host' }),
  host('cgroup namespace of the host', 'cgroup-namespace', { CgroupnsMode: 'host' }),
  host('cgroup of another', 'cgroup-namespace', { Cgroup: 'container:web' }),
  host('cgroup parent', 'docker-field', { CgroupParent: '/' }),
  host('the host’s network', 'host-network', { NetworkMode: 'host' }),
  host('HOST', 'host-network', { NetworkMode: 'HOST' }),
  host('a stranger’s network', 'network-grant', { NetworkMode: 'theirs' }),
  host('a stranger’s namespace', 'network-sharing', { NetworkMode: 'container:stranger' }),
  host('a namespace by path', 'host-network', { NetworkMode: 'ns:/proc/1/ns/net' }),
  endpoint('a second network that is a stranger’s', 'network-grant', {}, 'theirs'),
  endpoint('a second network that is the host’s', 'host-network', {}, 'host'),
  endpoint('an address', 'docker-field', { IPAMConfig: { IPv4Address: '172.17.0.1' } }),
  endpoint('a hardware address', 'docker-field', { MacAddress: '02:42:ac:11:00:02' }),
  endpoint('driver options', 'docker-field', {
    DriverOpts: { 'com.docker.network.endpoint.sysctls': 'x' },
  }),
  endpoint('a link to a stranger', 'docker-owner', { Links: ['stranger:db'] }),
  endpoint('an alias that is no name', 'docker-name', { Aliases: ['a b'] }),
  host('links to a stranger', 'docker-owner', { Links: ['stranger'] }),
]

const privileges: readonly Road[] = [
  host('privileged', 'privileged', { Privileged: true }),
  ...[
    'SYS_ADMIN',
    'cap_sys_admin',
    'ALL',
    'all',
    'SYS_MODULE',
    'SYS_PTRACE',
    'NET_ADMIN',
    'DAC_READ_SEARCH',
    'MKNOD',
    'BPF',
  ].map((name) => host(`capability ${name}`, 'capability', { CapAdd: [name] })),
  host('a misspelt drop', 'capability-name', { CapDrop: ['NET_ROW'] }),
  host('capabilities of old', 'capability', { Capabilities: ['CAP_SYS_ADMIN'] }),
  host('no filter', 'seccomp-unconfined', { SecurityOpt: ['seccomp=unconfined'] }),
  host('no filter, in the old form', 'seccomp-unconfined', { SecurityOpt: ['seccomp:unconfined'] }),
  host('a filter of one’s own', 'seccomp-profile', {
    SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
  }),
  host('unconfined', 'apparmor-unconfined', { SecurityOpt: ['apparmor=unconfined'] }),
  host('another profile', 'apparmor-profile', { SecurityOpt: ['apparmor=docker-default'] }),
  host('set-uid gain', 'setuid', { SecurityOpt: ['no-new-privileges=false'] }),
  host('no labels', 'docker-security-option', { SecurityOpt: ['label=disable'] }),
  host('unmasked', 'docker-security-option', { SecurityOpt: ['systempaths=unconfined'] }),
  host('writable cgroups', 'docker-security-option', { SecurityOpt: ['writable-cgroups=true'] }),
  host('a device', 'device', {
    Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/sda', CgroupPermissions: 'rwm' }],
  }),
  host('device rules', 'device', { DeviceCgroupRules: ['a *:* rwm'] }),
  host('a GPU', 'device', { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] }),
  host('a kernel setting', 'sysctl', { Sysctls: { 'kernel.shm_rmid_forced': '1' } }),
  host('another runtime', 'docker-field', { Runtime: 'runsc' }),
  create('another runtime, beside', 'docker-field', { Runtime: 'kata' }),
  host('annotations', 'docker-field', { Annotations: { 'run.oci.keep_original_groups': '1' } }),
  host('a group of the host’s', 'identity-range', { GroupAdd: ['65534'] }),
  create('an id that wraps', 'identity-range', { User: '4294967296' }),
  create('an id with a sign', 'docker-form', { User: '+0' }),
  create('a directory of descriptors', 'work-directory', { WorkingDir: '/proc/self/fd/8' }),
  create('labels of the guard', 'docker-label', { Labels: { 'stockade.tenant': 'other' } }),
  create('a label with a line feed', 'label', { Labels: { a: 'x\ny' } }),
]

const limits: readonly Road[] = [
  host('memory', 'limit-maximum', { Memory: 2 ** 45 }),
  host('little memory', 'limit-minimum', { Memory: 4096 }),
  host('negative memory', 'limit-minimum', { Memory: -1 }),
  host('processors', 'limit-maximum', { NanoCpus: 64e9 }),
  host('processors by quota', 'limit-maximum', { CpuQuota: 10_000_000, CpuPeriod: 100_000 }),
  host('no quota', 'limit-minimum', { CpuQuota: -1 }),
  host('a period of nothing', 'docker-form', { CpuPeriod: 1, CpuQuota: 1 }),
  host('no limit of processes', 'limit-minimum', { PidsLimit: -1 }),
  host('open files', 'limit-maximum', { Ulimits: [{ Name: 'nofile', Soft: 1e6, Hard: 1e6 }] }),
  host('unlimited files', 'limit-minimum', { Ulimits: [{ Name: 'nofile', Soft: -1, Hard: -1 }] }),
  host('locked memory', 'docker-ulimit', { Ulimits: [{ Name: 'memlock', Soft: -1, Hard: -1 }] }),
  host('core files', 'docker-ulimit', { Ulimits: [{ Name: 'core', Soft: -1, Hard: -1 }] }),
  host('shared memory', 'limit-maximum', { ShmSize: 2 ** 41 }),
  host('real time', 'docker-field', { CpuRealtimeRuntime: 950_000 }),
  host('processors by number', 'docker-field', { CpusetCpus: '0' }),
  host('weight of disks', 'docker-field', { BlkioWeight: 1000 }),
  host('not killed', 'docker-field', { OomKillDisable: true }),
  host('swapping', 'docker-field', { MemorySwappiness: 100 }),
  host('spared', 'docker-oom-score', { OomScoreAdj: -1000 }),
  host('storage options', 'docker-field', { StorageOpt: { size: '1T' } }),
  host('a log driver', 'docker-log', {
    LogConfig: { Type: 'syslog', Config: { 'syslog-address': 'tcp://10.0.0.1' } },
  }),
  host('another restart policy', 'docker-restart', { RestartPolicy: { Name: 'forever' } }),
  host('a port of another range', 'docker-port', {
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] },
  }),
  host('a port of another address', 'docker-port', {
    PortBindings: { '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '20001' }] },
  }),
  host('a range across the end', 'docker-port', {
    PortBindings: { '80/tcp': [{ HostPort: '20090-20200' }] },
  }),
  host('a port that is none', 'docker-form', { PortBindings: { '0/tcp': [] } }),
  host('many ports', 'docker-port', {
    PortBindings: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`${at + 1}/tcp`, []])),
  }),
  host('another resolver', 'docker-field', { Dns: ['10.0.0.1'] }),
  host('the host by name', 'docker-field', { ExtraHosts: ['host:host-gateway'] }),
  create('a name with a path', 'docker-name', {}, { name: '../x' }),
]

const forms: readonly Road[] = [
  create('lower case', 'docker-unknown-field', { hostconfig: { Privileged: true } }),
  create('a field of tomorrow', 'docker-unknown-field', { Tomorrow: 1 }),
  host('lower case within', 'docker-unknown-field', { privileged: true }),
  host('a truth in text', 'docker-form', { Privileged: 'true' }),
  host('a number in text', 'docker-form', { Memory: '1g' }),
  host('a text as a list', 'docker-form', { Binds: '/:/x' }),
  host('a list as a text', 'docker-form', { NetworkMode: ['host'] }),
  host('a list with nothing in it', 'docker-form', { Binds: [null] }),
  create('no object', 'docker-form', { HostConfig: [] }),
  create('a query that nobody knows', 'docker-unknown-field', {}, { force: '1' }),
]

export const roads: readonly Road[] = [
  ...mounts,
  ...namespaces,
  ...privileges,
  ...limits,
  ...forms,
  ...otherRoads,
]
