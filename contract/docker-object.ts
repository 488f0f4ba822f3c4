// Shapes of the Docker Engine API, 1.24 to 1.47: what is run in a container, built, kept and connected. See docker-container.ts.
import { type DockerShape, dockerEndpoint } from './docker-container.js'

const texts = ['text'] as const
const map = { '*': 'text' } as const

/** `POST /containers/{id}/exec`. */
export const dockerExecCreate = {
  User: 'text',
  Privileged: 'truth',
  Tty: 'truth',
  ConsoleSize: ['number'],
  AttachStdin: 'truth',
  AttachStderr: 'truth',
  AttachStdout: 'truth',
  Detach: 'truth',
  DetachKeys: 'text',
  Env: texts,
  WorkingDir: 'text',
  Cmd: 'words',
} as const satisfies DockerShape

/** `POST /exec/{id}/start`. */
export const dockerExecStart = {
  Detach: 'truth',
  Tty: 'truth',
  ConsoleSize: ['number'],
} as const satisfies DockerShape

/** `POST /build`: its query, in which lists and maps are JSON, and its two headers. The body is an archive. */
export const dockerBuild = {
  dockerfile: 'text',
  t: texts,
  extrahosts: 'text',
  remote: 'text',
  q: 'truth',
  nocache: 'truth',
  cachefrom: texts,
  pull: 'truth',
  rm: 'truth',
  forcerm: 'truth',
  memory: 'number',
  memswap: 'number',
  cpushares: 'number',
  cpusetcpus: 'text',
  cpusetmems: 'text',
  cpuperiod: 'number',
  cpuquota: 'number',
  buildargs: map,
  shmsize: 'number',
  squash: 'truth',
  labels: map,
  networkmode: 'text',
  platform: 'text',
  target: 'text',
  outputs: 'text',
  version: 'text',
  session: 'text',
  buildid: 'text',
  cgroupparent: 'text',
  isolation: 'text',
  securityopt: texts,
  ulimits: [{ Name: 'text', Soft: 'number', Hard: 'number' }],
  'X-Registry-Config': 'text',
  'Content-type': 'text',
} as const satisfies DockerShape

/** `POST /volumes/create`. */
export const dockerVolumeCreate = {
  Name: 'text',
  Driver: 'text',
  DriverOpts: map,
  Labels: map,
  ClusterVolumeSpec: 'nothing',
} as const satisfies DockerShape

/** `POST /networks/create`. */
export const dockerNetworkCreate = {
  Name: 'text',
  CheckDuplicate: 'truth',
  Driver: 'text',
  Scope: 'text',
  Internal: 'truth',
  Attachable: 'truth',
  Ingress: 'truth',
  ConfigOnly: 'truth',
  ConfigFrom: { Network: 'text' },
  IPAM: {
    Driver: 'text',
    Config: [{ Subnet: 'text', IPRange: 'text', Gateway: 'text', AuxiliaryAddresses: map }],
    Options: map,
  },
  EnableIPv4: 'truth',
  EnableIPv6: 'truth',
  Options: map,
  Labels: map,
} as const satisfies DockerShape

/** `POST /networks/{id}/disconnect`. */
export const dockerNetworkDisconnect = {
  Container: 'text',
  Force: 'truth',
} as const satisfies DockerShape

/** `POST /networks/{id}/connect`. */
export const dockerNetworkConnect = {
  Container: 'text',
  EndpointConfig: dockerEndpoint,
} as const satisfies DockerShape
