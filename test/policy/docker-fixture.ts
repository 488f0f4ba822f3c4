// What requests of the Docker door are judged against: the tenant acme with a container, an image, a volume and a network of its own.
import { readFileSync } from 'node:fs'
import type {
  DockerCall,
  DockerContext,
  DockerEndpoint,
  DockerVerdict,
} from '../../policy/docker-door.js'
import { judgeDocker } from '../../policy/docker-judge.js'
import type { LoadedGrant } from '../../policy/grant-file.js'
import { grantOf } from './fixture.js'

const profile = (name: string): unknown =>
  JSON.parse(readFileSync(`profiles/seccomp/${name}.json`, 'utf8'))
export const seccompProfiles = new Map(
  ['default', 'strict', 'build'].map((name) => [name, profile(name)]),
)

export const imageId = `sha256:${'a'.repeat(64)}`
export const webId = 'c'.repeat(64)

const among = (known: Readonly<Record<string, string>>) => (reference: string) =>
  Object.hasOwn(known, reference) ? (known[reference] ?? null) : null

/** The grant of tests: `platform`, with a registry and a swarm. */
export function dockerGrant(change: Partial<LoadedGrant['grant']['docker']> = {}): LoadedGrant {
  const { grant, revision } = grantOf('platform')
  const docker = {
    ...grant.docker,
    registries: ['registry.example:5000', 'docker.io/library'],
    swarm: true,
    ...change,
  }
  return { grant: { ...grant, docker }, revision }
}

export function dockerContext(change: Partial<DockerContext> = {}): DockerContext {
  return {
    tenant: 'acme',
    grant: dockerGrant(),
    owned: {
      container: among({ web: webId, [webId]: webId }),
      image: (reference) =>
        ['app', 'app:latest', imageId].includes(reference)
          ? { id: imageId, exposedPorts: ['8080/tcp'], volumes: ['/var/lib/app'] }
          : null,
      volume: among({ data: 'acme.data' }),
      network: among({ back: 'acme.back' }),
      service: among({ api: 'service1' }),
      secret: among({ key: 'secret1', secret1: 'secret1' }),
      config: among({ conf: 'config1', config1: 'config1' }),
    },
    engineName: (_kind, name) => `acme.${name}`,
    counts: { containers: 1, volumes: 1, networks: 1 },
    network: 'acme',
    ports: { address: '127.0.0.9', first: 20_000, last: 20_099 },
    seccompProfiles,
    apparmor: 'stockade-guard',
    cgroupParent: '/stockade/acme',
    init: true,
    ...change,
  }
}

export function call(
  endpoint: DockerEndpoint,
  body: unknown,
  query: Readonly<Record<string, string>> = {},
): DockerCall {
  return {
    endpoint,
    path: {},
    query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value]])),
    body,
  }
}

export function judged(
  endpoint: DockerEndpoint,
  body: unknown,
  query: Readonly<Record<string, string>> = {},
  change: Partial<DockerContext> = {},
): DockerVerdict {
  return judgeDocker(call(endpoint, body, query), dockerContext(change))
}

/** `rule pointer` of each reason. */
export function reasons(verdict: DockerVerdict): string[] {
  return verdict.allowed ? [] : verdict.violations.map(({ rule, pointer }) => `${rule} ${pointer}`)
}

/** What docker CLI 28 sends for `docker run app` at API 1.41: every key, each at rest. */
export const cliCreate = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: 'app',
  Volumes: {},
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: { Type: '', Config: {} },
    NetworkMode: 'default',
    PortBindings: {},
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: '',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: '',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ShmSize: 0,
    Isolation: '',
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: '',
    CpusetMems: '',
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 0,
    Ulimits: [],
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: null,
    ReadonlyPaths: null,
  },
  NetworkingConfig: {
    EndpointsConfig: {
      default: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '',
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: '',
        EndpointID: '',
        Gateway: '',
        IPAddress: '',
        IPPrefixLen: 0,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  },
}
