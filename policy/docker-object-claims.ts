// Claims of the fields of execs, builds, volumes and networks.
import { type DockerClaims, emptyOnly, judged, passed, written } from './docker-claim.js'
import { below, endpointClaims } from './docker-container-claims.js'

export const execClaims: DockerClaims = {
  '/User': judged('identity-root', 'identity-range'),
  '/Privileged': judged('privileged'),
  '/Tty': passed('A terminal of its own.'),
  '/ConsoleSize': passed('The size of a terminal.'),
  '/AttachStdin': passed('Which streams the client wants.'),
  '/AttachStdout': passed('Which streams the client wants.'),
  '/AttachStderr': passed('Which streams the client wants.'),
  '/Detach': passed('Whether the client stays.'),
  '/DetachKeys': passed('Keys by which the client leaves.'),
  '/Env': judged('environment-name', 'environment-size', 'environment-text'),
  '/WorkingDir': judged('work-directory'),
  '/Cmd': judged('program', 'argument-size', 'argument-text'),
}

export const execStartClaims: DockerClaims = {
  '/Detach': passed('Whether the client stays.'),
  '/Tty': passed('A terminal of its own.'),
  '/ConsoleSize': passed('The size of a terminal.'),
}

const noFetch = emptyOnly('The engine would fetch it, from inside, on a stranger’s word (CWE-918).')
const buildKit = emptyOnly('BuildKit’s session is a second protocol that nobody judges.')

export const buildClaims: DockerClaims = {
  '/dockerfile': passed('A path inside the archive; the engine reads it there.'),
  '/t': judged('image', 'label'),
  '/extrahosts': emptyOnly('`host-gateway` is the host; the resolver is the guard’s.'),
  '/remote': noFetch,
  '/q': passed('How much is told.'),
  '/nocache': passed('Whether the cache is used.'),
  '/cachefrom': judged('image'),
  '/pull': judged('image'),
  '/rm': passed('Whether what is between is removed.'),
  '/forcerm': passed('Whether what is between is removed.'),
  '/memory': judged('limit-maximum', 'limit-minimum'),
  '/memswap': written('Equal to the memory: no swap.'),
  '/cpushares': written('The grant’s limit decides.'),
  '/cpusetcpus': emptyOnly('Which processors are whose is the operator’s to divide.'),
  '/cpusetmems': emptyOnly('Which memory nodes are whose is the operator’s to divide.'),
  '/cpuperiod': judged('limit-maximum', 'limit-minimum'),
  '/cpuquota': judged('limit-maximum', 'limit-minimum'),
  '/buildargs': judged('environment-name', 'environment-size', 'environment-text'),
  '/shmsize': judged('limit-maximum', 'limit-fit'),
  '/squash': emptyOnly('An experiment of engines that hides which layers an image has.'),
  '/labels': judged('label'),
  '/networkmode': judged('network-grant', 'network-sharing', 'host-network'),
  '/platform': passed('Which variant of an image is taken.'),
  '/target': passed('Which stage of the file is built.'),
  '/outputs': emptyOnly('It writes to a path outside the image.'),
  '/version': buildKit,
  '/session': buildKit,
  '/buildid': passed('A name by which the client cancels its own build.'),
  '/cgroupparent': written('The tenant’s own group (CIS Docker 5.24).'),
  '/isolation': emptyOnly('Windows containers only.'),
  '/securityopt': judged(
    'seccomp-unconfined',
    'seccomp-profile',
    'apparmor-unconfined',
    'apparmor-profile',
    'setuid',
  ),
  '/ulimits': judged('limit-maximum', 'limit-minimum'),
  '/X-Registry-Config': passed('Credentials for pulls; never logged.'),
  '/Content-type': passed('The kind of the archive.'),
}

export const volumeClaims: DockerClaims = {
  '/Name': judged('mount-grant', 'host-path'),
  '/Driver': judged('mount-grant'),
  // {type: none, o: bind, device: /} is a bind mount under another name.
  '/DriverOpts': judged('host-path', 'host-socket', 'host-kernel', 'mount-grant'),
  '/Labels': judged('label'),
  '/ClusterVolumeSpec': emptyOnly(
    'Volumes of a cluster’s drivers: code on the host that no rule knows.',
  ),
}

export const networkClaims: DockerClaims = {
  '/Name': judged('network-grant'),
  '/CheckDuplicate': passed('Engines always look for a second one of the name.'),
  '/Driver': judged('network-grant', 'host-network'),
  '/Scope': emptyOnly('Networks of a cluster are the operator’s.'),
  '/Internal': passed('It only takes away.'),
  '/Attachable': emptyOnly('Networks of a cluster are the operator’s.'),
  '/Ingress': emptyOnly('Networks of a cluster are the operator’s.'),
  '/ConfigOnly': emptyOnly('It takes another network’s settings unseen.'),
  '/ConfigFrom': emptyOnly('It takes another network’s settings unseen.'),
  '/IPAM': written(
    'Subnets come from the guard’s pool: one of one’s own choice can hide the host’s.',
  ),
  '/EnableIPv4': passed('Which families it has; both are filtered alike.'),
  '/EnableIPv6': passed('Which families it has; both are filtered alike.'),
  '/Options': written(
    'Traffic between containers off; host interfaces, parents and gateway modes are never taken (CIS Docker 2.2).',
  ),
  '/Labels': judged('label'),
}

export const connectClaims: DockerClaims = {
  '/Container': judged('network-sharing'),
  ...below('/EndpointConfig', endpointClaims),
}
