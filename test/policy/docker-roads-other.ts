// Roads of execs, updates, volumes, networks, builds, images and of a swarm. See docker-roads.ts.
import { body, query, type Road } from './docker-road.js'

type Part = Readonly<Record<string, unknown>>
const service = (
  name: string,
  rule: string,
  container: Part,
  task: Part = {},
  rest: Part = {},
): Road =>
  body('service-create', name, rule, {
    Name: 's',
    ...rest,
    TaskTemplate: { ...task, ContainerSpec: { Image: 'app', ...container } },
  })

const services: readonly Road[] = [
  service('a service that binds', 'host-path', {
    Mounts: [{ Type: 'bind', Source: '/', Target: '/x' }],
  }),
  service('a service with the socket', 'host-socket', {
    Mounts: [{ Type: 'bind', Source: '/var/run/docker.sock', Target: '/x' }],
  }),
  service('a service’s volume that binds', 'host-path', {
    Mounts: [
      {
        Type: 'volume',
        Source: 'data',
        Target: '/x',
        VolumeOptions: { DriverConfig: { Options: { device: '/' } } },
      },
    ],
  }),
  service('a service’s capabilities', 'capability', { CapabilityAdd: ['CAP_SYS_ADMIN'] }),
  service('a service without a filter', 'seccomp-unconfined', {
    Privileges: { Seccomp: { Mode: 'unconfined' } },
  }),
  service('a service’s own filter', 'seccomp-profile', {
    Privileges: { Seccomp: { Mode: 'custom', Profile: 'e30=' } },
  }),
  service('an unconfined service', 'apparmor-unconfined', {
    Privileges: { AppArmor: { Mode: 'disabled' } },
  }),
  service('a service’s SELinux', 'docker-field', {
    Privileges: { SELinuxContext: { Disable: true } },
  }),
  service('a service’s settings', 'sysctl', { Sysctls: { 'net.core.somaxconn': '1' } }),
  service('a service’s hosts', 'docker-field', { Hosts: ['10.0.0.1 x'] }),
  service('a stranger’s secret', 'docker-owner', {
    Secrets: [{ SecretID: 'theirs', SecretName: 'theirs' }],
  }),
  service('a secret over /proc', 'mount-target', {
    Secrets: [{ SecretID: 'key', SecretName: 'key', File: { Name: '/proc/x' } }],
  }),
  service('a stranger’s configuration', 'docker-owner', {
    Configs: [{ ConfigID: 'theirs', ConfigName: 'theirs' }],
  }),
  service('a set-uid configuration', 'docker-mount', {
    Configs: [{ ConfigID: 'conf', ConfigName: 'conf', File: { Name: 'x', Mode: 0o4755 } }],
  }),
  service(
    'a service’s memory',
    'limit-maximum',
    {},
    { Resources: { Limits: { MemoryBytes: 2 ** 45 } } },
  ),
  service(
    'a service’s devices',
    'device',
    {},
    {
      Resources: {
        Reservations: { GenericResources: [{ DiscreteResourceSpec: { Kind: 'gpu', Value: 1 } }] },
      },
    },
  ),
  service('a plug-in as a service', 'docker-field', {}, { PluginSpec: { Name: 'x' } }),
  service('an attachment', 'docker-field', {}, { NetworkAttachmentSpec: { ContainerID: 'x' } }),
  service(
    'a service on the host’s network',
    'host-network',
    {},
    { Networks: [{ Target: 'host' }] },
  ),
  service(
    'a service on a stranger’s network',
    'network-grant',
    {},
    { Networks: [{ Target: 'theirs' }] },
  ),
  service(
    'a service with driver options',
    'docker-driver',
    {},
    { Networks: [{ Target: 'back', DriverOpts: { a: 'b' } }] },
  ),
  service('a service everywhere', 'docker-service-mode', {}, {}, { Mode: { Global: {} } }),
  service('a job everywhere', 'docker-service-mode', {}, {}, { Mode: { GlobalJob: {} } }),
  service('many tasks', 'docker-quota', {}, {}, { Mode: { Replicated: { Replicas: 1000 } } }),
  service(
    'a port outside',
    'docker-port',
    {},
    {},
    { EndpointSpec: { Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 80 }] } },
  ),
  service(
    'a port that the swarm chooses',
    'docker-port',
    {},
    {},
    { EndpointSpec: { Ports: [{ TargetPort: 80 }] } },
  ),
  service('labels of the guard', 'docker-label', { Labels: { 'stockade.tenant': 'b' } }),
  service('a service in lower case', 'docker-unknown-field', { mounts: [] }),
  {
    ...service('an update of a stranger’s', 'docker-owner', {}),
    endpoint: 'service-update',
    path: { id: 'theirs' },
  },
  {
    ...service('an update that binds', 'host-path', {
      Mounts: [{ Type: 'bind', Source: '/', Target: '/x' }],
    }),
    endpoint: 'service-update',
    path: { id: 'api' },
  },
]

export const otherRoads: readonly Road[] = [
  ...services,
  body('exec-create', 'exec privileged', 'privileged', { Cmd: ['id'], Privileged: true }),
  body('exec-create', 'exec of a stranger', 'docker-owner', { Cmd: ['id'] }, { id: 'stranger' }),
  body('exec-create', 'exec by descriptor', 'work-directory', {
    Cmd: ['id'],
    WorkingDir: '/proc/self/fd/8',
  }),
  body('exec-create', 'exec of nothing', 'docker-form', { Cmd: [] }),
  body('exec-create', 'exec as nobody', 'identity-range', { Cmd: ['id'], User: '65534' }),
  body('exec-start', 'exec start with more', 'docker-unknown-field', { Privileged: true }),
  body('container-update', 'update of devices', 'device', { DeviceCgroupRules: ['a *:* rwm'] }),
  body('container-update', 'update of the cgroup', 'docker-field', { CgroupParent: '/' }),
  body('container-update', 'update without a limit', 'limit-minimum', { PidsLimit: -1 }),
  body(
    'container-update',
    'update of a stranger',
    'docker-owner',
    { Memory: 2 ** 28 },
    { id: 'stranger' },
  ),
  body('volume-create', 'a volume that binds', 'host-path', {
    Name: 'v',
    DriverOpts: { type: 'none', o: 'bind', device: '/' },
  }),
  body('volume-create', 'a tmpfs volume', 'host-path', {
    Name: 'v',
    DriverOpts: { type: 'tmpfs' },
  }),
  body('volume-create', 'a driver', 'docker-driver', { Name: 'v', Driver: 'x' }),
  body('volume-create', 'a name with a path', 'docker-name', { Name: '/etc' }),
  body('volume-create', 'a cluster’s volume', 'docker-field', {
    Name: 'v',
    ClusterVolumeSpec: { Group: 'x' },
  }),
  body('network-create', 'the host’s interface', 'docker-driver', { Name: 'n', Driver: 'macvlan' }),
  body('network-create', 'a parent', 'docker-driver', { Name: 'n', Options: { parent: 'eth0' } }),
  body('network-create', 'a subnet', 'docker-field', {
    Name: 'n',
    IPAM: { Config: [{ Subnet: '10.0.0.0/8' }] },
  }),
  body('network-create', 'another’s settings', 'docker-field', {
    Name: 'n',
    ConfigFrom: { Network: 'x' },
  }),
  body('network-create', 'the host’s name', 'docker-name', { Name: 'host' }),
  body(
    'network-connect',
    'a stranger’s network',
    'docker-owner',
    { Container: 'web' },
    { id: 'theirs' },
  ),
  body('network-connect', 'a stranger', 'docker-owner', { Container: 'stranger' }, { id: 'back' }),
  body(
    'network-connect',
    'an address',
    'docker-field',
    { Container: 'web', EndpointConfig: { IPAMConfig: { IPv4Address: '1.2.3.4' } } },
    { id: 'back' },
  ),
  body(
    'network-disconnect',
    'a stranger is put off',
    'docker-owner',
    { Container: 'stranger', Force: true },
    { id: 'back' },
  ),
  query('image-build', 'a build on the host’s network', 'host-network', { networkmode: 'host' }),
  query('image-build', 'a build in a stranger’s namespace', 'network-sharing', {
    networkmode: 'container:stranger',
  }),
  query('image-build', 'a remote context', 'docker-fetch', { remote: 'http://169.254.169.254/' }),
  query('image-build', 'BuildKit', 'docker-field', { version: '2' }),
  query('image-build', 'a session', 'docker-field', { session: 'x' }),
  query('image-build', 'an output', 'docker-field', { outputs: '[{"Type":"local"}]' }),
  query('image-build', 'a build’s cgroup', 'docker-field', { cgroupparent: '/' }),
  query('image-build', 'a build without a filter', 'seccomp-unconfined', {
    securityopt: '["seccomp=unconfined"]',
  }),
  query('image-build', 'a build’s hosts', 'docker-field', { extrahosts: 'h:host-gateway' }),
  query('image-build', 'a build’s memory', 'limit-maximum', { memory: '99999999999999' }),
  query('image-build', 'a build’s limits', 'docker-ulimit', {
    ulimits: '[{"Name":"memlock","Soft":-1,"Hard":-1}]',
  }),
  query('image-build', 'a build’s labels', 'docker-label', { labels: '{"stockade.tenant":"b"}' }),
  query('image-build', 'a stranger’s layers', 'docker-owner', { cachefrom: '["theirs"]' }),
  query('image-build', 'no JSON', 'docker-form', { buildargs: '{' }),
  query('image-build', 'entitlements', 'docker-unknown-field', { entitlements: 'network.host' }),
  query('image-create', 'another registry', 'docker-registry', {
    fromImage: 'evil.example/x',
    tag: '1',
  }),
  query('image-create', 'a registry that begins alike', 'docker-registry', {
    fromImage: 'registry.example:50001/x',
    tag: '1',
  }),
  query('image-create', 'another path of a registry', 'docker-registry', {
    fromImage: 'someone/x',
    tag: '1',
  }),
  query('image-create', 'every tag', 'docker-registry', { fromImage: 'busybox' }),
  query('image-create', 'an import from an address', 'docker-fetch', {
    fromSrc: 'http://10.0.0.1/x.tar',
    repo: 'x',
  }),
  query('image-create', 'a change of two lines', 'docker-image-change', {
    fromSrc: '-',
    repo: 'x',
    changes: 'CMD a\nRUN b',
  }),
  query('image-create', 'a change that runs', 'docker-image-change', {
    fromSrc: '-',
    repo: 'x',
    changes: 'RUN b',
  }),
  query('image-create', 'a change of labels', 'docker-label', {
    fromSrc: '-',
    repo: 'x',
    changes: 'LABEL "stock"ade.tenant=b',
  }),
  query('commit', 'a commit of a stranger', 'docker-owner', { container: 'stranger', repo: 'x' }),
  query('commit', 'a name that is none', 'docker-name', { container: 'web', repo: '../x' }),
  {
    name: 'a tag of a stranger’s image',
    endpoint: 'image-tag',
    path: { name: 'theirs' },
    query: { repo: 'x' },
    rule: 'docker-owner',
  },
  {
    name: 'a push elsewhere',
    endpoint: 'image-push',
    path: { name: 'evil.example/x' },
    rule: 'docker-registry',
  },
  body('secret-create', 'a driver of secrets', 'docker-field', {
    Name: 's',
    Data: '',
    Driver: { Name: 'x' },
  }),
  body('config-create', 'a template', 'docker-field', {
    Name: 'c',
    Data: '',
    Templating: { Name: 'golang' },
  }),
  body('swarm', 'a swarm', 'docker-grant', {}),
  body('plugin', 'a plug-in', 'docker-plugin', {}),
]
