// Hostile requests, by what they ask for a container: every road to the host and to another tenant in the fields of a create request.
import type { Hostile } from './corpus.js'
import { request } from './raw.js'

const withHost = (host: unknown, more: object = {}): string =>
  request(
    'POST',
    '/v1.41/containers/create',
    JSON.stringify({
      Image: 'base',
      Cmd: ['/bin/true'],
      Labels: { 'zz-mark': '' },
      HostConfig: host,
      ...more,
    }),
  )

const rootSpellings = [
  '/',
  '//',
  '/.',
  '/./',
  '/..',
  '/etc/..',
  '/proc/1/root',
  '/etc',
  '/proc',
  '/sys',
  '/dev',
  '/run/docker.sock',
  '/var/run/docker.sock',
  '/var/lib/docker',
]
const binds: readonly Hostile[] = [
  ...rootSpellings.map((source) => ({
    name: `Binds of ${source}`,
    bytes: withHost({ Binds: [`${source}:/host`] }),
    bare: 201,
  })),
  ...['ro', 'rw', 'z', 'Z', 'rshared', 'ro,rslave', 'nocopy'].map((mode) => ({
    name: `Binds of / with ${mode}`,
    bytes: withHost({ Binds: [`/:/host:${mode}`] }),
  })),
  ...['/', '/etc', '//', '/proc/self/root', '/..'].map((Source) => ({
    name: `Mounts of ${Source}`,
    bytes: withHost({ Mounts: [{ Type: 'bind', Source, Target: '/host' }] }),
    bare: 201,
  })),
  {
    name: 'Mounts with propagation',
    bytes: withHost({
      Mounts: [
        { Type: 'bind', Source: '/', Target: '/host', BindOptions: { Propagation: 'rshared' } },
      ],
    }),
  },
  {
    name: 'a volume whose driver binds',
    bytes: withHost({
      Mounts: [
        {
          Type: 'volume',
          Source: 'vvv',
          Target: '/host',
          VolumeOptions: {
            DriverConfig: { Name: 'local', Options: { type: 'none', o: 'bind', device: '/' } },
          },
        },
      ],
    }),
    bare: 201,
  },
  {
    name: 'a volume whose driver mounts by network',
    bytes: withHost({
      Mounts: [
        {
          Type: 'volume',
          Source: 'www',
          Target: '/host',
          VolumeOptions: {
            DriverConfig: {
              Name: 'local',
              Options: { type: 'nfs', o: 'addr=127.0.0.1', device: ':/' },
            },
          },
        },
      ],
    }),
    bare: 201,
  },
  {
    name: 'a mount of an unknown kind',
    bytes: withHost({ Mounts: [{ Type: 'zz-mark', Source: '/', Target: '/host' }] }),
  },
  {
    name: 'a named pipe',
    bytes: withHost({ Mounts: [{ Type: 'npipe', Source: '\\\\.\\pipe\\x', Target: '/host' }] }),
  },
  {
    name: 'VolumesFrom another tenant’s',
    bytes: ({ theirs }) => withHost({ VolumesFrom: [theirs] }),
    bare: 201,
  },
  {
    name: 'VolumesFrom another tenant’s, by name',
    bytes: withHost({ VolumesFrom: ['other.theirs'] }),
    bare: 201,
  },
  {
    name: 'a volume of another tenant by its engine name',
    bytes: withHost({ Binds: ['../other.theirs:/host'] }),
  },
  {
    name: 'a volume driver of one’s own choice',
    bytes: withHost({ Binds: ['x:/host'], VolumeDriver: 'zz-mark' }),
  },
]

const powers: readonly Hostile[] = [
  { name: 'Privileged', bytes: withHost({ Privileged: true }) },
  ...[
    'ALL',
    'all',
    'SYS_ADMIN',
    'CAP_SYS_ADMIN',
    'sys_admin',
    'SYS_PTRACE',
    'SYS_MODULE',
    'NET_ADMIN',
    'SYS_RAWIO',
    'DAC_READ_SEARCH',
  ].map((one) => ({ name: `CapAdd ${one}`, bytes: withHost({ CapAdd: [one] }), bare: 201 })),
  { name: 'Capabilities as a list', bytes: withHost({ Capabilities: ['CAP_SYS_ADMIN'] }) },
  ...[
    'seccomp=unconfined',
    'seccomp:unconfined',
    'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
    'no-new-privileges=false',
    'label=disable',
    'apparmor=unconfined',
  ].map((one) => ({ name: `SecurityOpt ${one}`, bytes: withHost({ SecurityOpt: [one] }) })),
  {
    name: 'a device',
    bytes: withHost({
      Devices: [{ PathOnHost: '/dev/mem', PathInContainer: '/dev/mem', CgroupPermissions: 'rwm' }],
    }),
    bare: 201,
  },
  {
    name: 'a rule for all devices',
    bytes: withHost({ DeviceCgroupRules: ['a *:* rwm'] }),
    bare: 201,
  },
  {
    name: 'all graphics cards',
    bytes: withHost({ DeviceRequests: [{ Driver: '', Count: -1, Capabilities: [['gpu']] }] }),
    bare: 201,
  },
  {
    name: 'a setting of the kernel',
    bytes: withHost({ Sysctls: { 'kernel.core_pattern': '|/x' } }),
    bare: 201,
  },
  { name: 'another runtime', bytes: withHost({ Runtime: 'zz-mark' }) },
  {
    name: 'a control group of one’s own choice',
    bytes: withHost({ CgroupParent: '/' }),
    bare: 201,
  },
  { name: 'no killing when memory is out', bytes: withHost({ OomKillDisable: true }), bare: 201 },
  { name: 'killed last', bytes: withHost({ OomScoreAdj: -1000 }), bare: 201 },
  { name: 'memory beyond the grant', bytes: withHost({ Memory: 2 ** 50 }), bare: 201 },
  { name: 'real-time', bytes: withHost({ CpuRealtimeRuntime: 950_000 }) },
  {
    name: 'logs sent away',
    bytes: withHost({
      LogConfig: { Type: 'syslog', Config: { 'syslog-address': 'udp://127.0.0.1:514' } },
    }),
    bare: 201,
  },
  {
    name: 'annotations for the runtime',
    bytes: withHost({ Annotations: { 'run.oci.keep_original_groups': '1' } }),
  },
  {
    name: 'a hardware address',
    bytes: withHost({}, { MacAddress: '02:42:ac:11:00:02' }),
    bare: 201,
  },
]

const namespaces: readonly Hostile[] = [
  ...['PidMode', 'IpcMode', 'UTSMode', 'NetworkMode', 'UsernsMode', 'CgroupnsMode'].map((one) => ({
    name: `${one} host`,
    bytes: withHost({ [one]: 'host' }),
  })),
  ...['PidMode', 'IpcMode', 'NetworkMode'].map(
    (one): Hostile => ({
      name: `${one} of another tenant’s`,
      bytes: ({ theirs }) => withHost({ [one]: `container:${theirs}` }),
    }),
  ),
  {
    name: 'the network of another tenant',
    bytes: withHost({ NetworkMode: 'other.default' }),
    bare: 201,
  },
  {
    name: 'a second network, of another tenant',
    bytes: withHost({}, { NetworkingConfig: { EndpointsConfig: { 'other.default': {} } } }),
    bare: 201,
  },
  { name: 'a link to another tenant’s', bytes: withHost({ Links: ['other.theirs:x'] }), bare: 201 },
  { name: 'the host by name', bytes: withHost({ ExtraHosts: ['x:host-gateway'] }), bare: 201 },
  {
    name: 'a port of another tenant',
    bytes: withHost({ PortBindings: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '22' }] } }),
    bare: 201,
  },
  {
    name: 'the label of another tenant',
    bytes: withHost({}, { Labels: { 'stockade.tenant': 'other' } }),
    bare: 201,
  },
  { name: 'an image that is not there', bytes: withHost({}, { Image: 'zz-mark' }), bare: 404 },
  {
    name: 'an image of another tenant, run',
    bytes: withHost({}, { Image: 'other.stockade/docker.io/library/theirs' }),
    bare: 201,
  },
]

export const hostCorpus: readonly Hostile[] = [...binds, ...powers, ...namespaces]
