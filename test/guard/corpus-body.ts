// Hostile requests, by body: JSON that two readers read differently, and roads to the host in the fields of Docker's requests.
import type { Hostile } from './corpus.js'
import { request } from './raw.js'

const post = (target: string, text: string): string => request('POST', `/v1.41${target}`, text)
const createText = (text: string): string => post('/containers/create', text)
const cmd = '"Image":"base","Cmd":["/bin/true"]'
const withHost = (host: unknown, more: object = {}): string =>
  createText(
    JSON.stringify({
      Image: 'base',
      Cmd: ['/bin/true'],
      Labels: { 'zz-mark': '' },
      HostConfig: host,
      ...more,
    }),
  )

const json: readonly Hostile[] = [
  {
    name: 'hostconfig in lower case',
    bytes: createText(`{${cmd},"hostconfig":{"Binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'HOSTCONFIG in capitals',
    bytes: createText(`{${cmd},"HOSTCONFIG":{"Privileged":true}}`),
    bare: 201,
  },
  {
    name: 'binds in lower case',
    bytes: createText(`{${cmd},"HostConfig":{"binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'a key with a Kelvin sign',
    bytes: createText(`{${cmd},"HostConfig":{"Networ\\u212aMode":"host"}}`),
    bare: 201,
  },
  {
    name: 'a key with a long s',
    bytes: createText(`{${cmd},"Ho\\u017ftConfig":{"Binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'HostConfig twice',
    bytes: createText(`{${cmd},"HostConfig":{},"HostConfig":{"Privileged":true}}`),
    bare: 201,
  },
  {
    name: 'Binds twice',
    bytes: createText(`{${cmd},"HostConfig":{"Binds":[],"Binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'a key twice, once escaped',
    bytes: createText(`{${cmd},"HostConfig":{},"HostConfi\\u0067":{"Privileged":true}}`),
    bare: 201,
  },
  {
    name: 'a value behind the value',
    bytes: createText(`{${cmd}}{"HostConfig":{"Privileged":true}}`),
  },
  { name: 'text behind the value', bytes: createText(`{${cmd}} zz-mark`) },
  { name: 'a byte order mark', bytes: createText(`\xef\xbb\xbf{${cmd}}`) },
  { name: 'UTF-16', bytes: createText('\xff\xfe{\0}\0') },
  { name: 'bytes that are no UTF-8', bytes: createText(`{${cmd},"User":"\xff"}`) },
  { name: 'a comment', bytes: createText(`{${cmd}/* x */}`) },
  { name: 'a comma at the end', bytes: createText(`{${cmd},}`) },
  { name: 'single quotes', bytes: createText("{'Image':'base'}") },
  { name: 'NaN', bytes: createText(`{${cmd},"StopTimeout":NaN}`) },
  {
    name: 'a number beyond all bounds',
    bytes: createText(`{${cmd},"HostConfig":{"Memory":1e400}}`),
  },
  { name: 'ten thousand levels', bytes: createText(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) },
  {
    name: 'a hundred levels in a label',
    bytes: createText(`{${cmd},"Labels":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`),
  },
  {
    name: '__proto__',
    bytes: createText(`{${cmd},"__proto__":{"HostConfig":{"Privileged":true}}}`),
    bare: 201,
  },
  {
    name: 'constructor',
    bytes: createText(`{${cmd},"constructor":{"prototype":{"Privileged":true}}}`),
    bare: 201,
  },
  { name: 'a lone surrogate', bytes: createText(`{${cmd},"User":"\\ud800"}`) },
  { name: 'a list instead of an object', bytes: createText('[]') },
  { name: 'null', bytes: createText('null') },
  { name: 'no body', bytes: request('POST', '/v1.41/containers/create') },
  { name: 'an empty body with a kind', bytes: createText('') },
  {
    name: 'a body of two mebibytes',
    bytes: createText(`{${cmd},"User":"${'a'.repeat(2 * 1_048_576)}"}`),
  },
  {
    name: 'text/plain',
    bytes: createText(`{${cmd}}`).replace('application/json', 'text/plain'),
    bare: 400,
  },
  {
    name: 'no kind of content',
    bytes: createText(`{${cmd}}`).replace('Content-Type: application/json\r\n', ''),
  },
  {
    name: 'a form',
    bytes: createText('HostConfig=1').replace(
      'application/json',
      'application/x-www-form-urlencoded',
    ),
    bare: 400,
  },
  { name: 'an unknown field', bytes: createText(`{${cmd},"ZzMark":true}`), bare: 201 },
  {
    name: 'an unknown field of HostConfig',
    bytes: createText(`{${cmd},"HostConfig":{"ZzMark":true}}`),
    bare: 201,
  },
  {
    name: 'HostConfig at a start',
    bytes: ({ mine }) => post(`/containers/${mine}/start`, '{"HostConfig":{"Privileged":true}}'),
  },
]

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
          Source: 'v',
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
          Source: 'w',
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
  { name: 'Privileged', bytes: withHost({ Privileged: true }), bare: 201 },
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
  { name: 'MaskedPaths empty', bytes: withHost({ MaskedPaths: [] }), bare: 201 },
  { name: 'ReadonlyPaths empty', bytes: withHost({ ReadonlyPaths: [] }), bare: 201 },
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
    name: 'an image of another tenant',
    bytes: withHost({}, { Image: 'other.stockade/docker.io/library/theirs' }),
    bare: 201,
  },
]

const doors: readonly Hostile[] = [
  {
    name: 'exec with all powers',
    bytes: ({ mine }) =>
      post(`/containers/${mine}/exec`, '{"Cmd":["/bin/true"],"Privileged":true}'),
    bare: 201,
  },
  {
    name: 'exec with all powers, in lower case',
    bytes: ({ mine }) =>
      post(`/containers/${mine}/exec`, '{"Cmd":["/bin/true"],"privileged":true}'),
    bare: 201,
  },
  {
    name: 'exec without a command',
    bytes: ({ mine }) => post(`/containers/${mine}/exec`, '{}'),
    bare: 400,
  },
  {
    name: 'update with a device',
    bytes: ({ mine }) =>
      post(
        `/containers/${mine}/update`,
        '{"Devices":[{"PathOnHost":"/dev/mem","PathInContainer":"/dev/mem","CgroupPermissions":"rwm"}]}',
      ),
    bare: 200,
  },
  {
    name: 'update with all devices',
    bytes: ({ mine }) => post(`/containers/${mine}/update`, '{"DeviceCgroupRules":["a *:* rwm"]}'),
    bare: 200,
  },
  {
    name: 'update without bounds',
    bytes: ({ mine }) =>
      post(`/containers/${mine}/update`, `{"Memory":${2 ** 50},"MemorySwap":-1}`),
  },
  {
    name: 'a volume that binds',
    bytes: post(
      '/volumes/create',
      '{"Name":"x1","Driver":"local","DriverOpts":{"type":"none","o":"bind","device":"/"}}',
    ),
    bare: 201,
  },
  {
    name: 'a volume that binds, in lower case',
    bytes: post(
      '/volumes/create',
      '{"name":"x2","driveropts":{"type":"none","o":"bind","device":"/"}}',
    ),
    bare: 201,
  },
  {
    name: 'a volume of another driver',
    bytes: post('/volumes/create', '{"Name":"x3","Driver":"zz-mark"}'),
  },
  {
    name: 'a volume with another tenant’s label',
    bytes: post('/volumes/create', '{"Name":"x4","Labels":{"stockade.tenant":"other"}}'),
    bare: 201,
  },
  { name: 'a volume with a path for a name', bytes: post('/volumes/create', '{"Name":"/etc"}') },
  {
    name: 'a network of the host’s card',
    bytes: post('/networks/create', '{"Name":"x1","Driver":"macvlan","Options":{"parent":"lo"}}'),
  },
  {
    name: 'a network without a bridge',
    bytes: post('/networks/create', '{"Name":"x2","Driver":"host"}'),
  },
  {
    name: 'another tenant’s container on a network',
    bytes: ({ theirs }) => post('/networks/bridge/connect', JSON.stringify({ Container: theirs })),
  },
  {
    name: 'an image under another tenant’s name',
    bytes: request('POST', '/v1.41/images/base/tag?repo=other.stockade/docker.io/library/x&tag=1'),
    bare: 201,
  },
]

export const bodyCorpus: readonly Hostile[] = [
  ...json,
  ...binds,
  ...powers,
  ...namespaces,
  ...doors,
]
