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
  '/Cmd': judged('docker-form', 'argument-size', 'argument-text'),
}

export const execStartClaims: DockerClaims = {
  '/Detach': passed('Whether the client stays.'),
  '/Tty': passed('A terminal of its own.'),
  '/ConsoleSize': passed('The size of a terminal.'),
}

const buildKit = emptyOnly('BuildKit’s session is a second protocol that nobody judges.', '1')

export const buildClaims: DockerClaims = {
  '/dockerfile': passed('A path inside the archive; the engine reads it there.'),
  '/t': judged('docker-name'),
  '/extrahosts': emptyOnly('`host-gateway` is the host; the resolver is the guard’s.'),
  '/remote': judged('docker-fetch'),
  '/q': passed('How much is told.'),
  '/nocache': passed('Whether the cache is used.'),
  '/cachefrom': judged('docker-owner'),
  '/pull': written(
    'Images of the build are the tenant’s own: the guard pulls, by the grant’s registries.',
  ),
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
  '/labels': judged('label', 'docker-label'),
  '/networkmode': judged('network-grant', 'network-sharing', 'host-network'),
  '/platform': passed('Which variant of an image is taken.'),
  '/target': passed('Which stage of the file is built.'),
  '/outputs': emptyOnly('It writes to a path outside the image.'),
  '/version': buildKit,
  '/session': buildKit,
  '/buildid': passed('A name by which the client cancels its own build.'),
  '/cgroupparent': emptyOnly('The engine gets the tenant’s own group (CIS Docker 5.24).'),
  '/isolation': emptyOnly('Windows containers only.'),
  '/securityopt': judged(
    'seccomp-unconfined',
    'seccomp-profile',
    'apparmor-unconfined',
    'apparmor-profile',
    'setuid',
  ),
  '/ulimits': judged('limit-maximum', 'limit-minimum', 'docker-ulimit'),
  '/X-Registry-Config': passed('Credentials for pulls; never logged.'),
  '/Content-type': passed('The kind of the archive.'),
}

export const volumeClaims: DockerClaims = {
  '/Name': judged('docker-name'),
  '/Driver': judged('docker-driver'),
  // {type: none, o: bind, device: /} is a bind mount under another name.
  '/DriverOpts': judged('host-path', 'host-socket', 'host-kernel', 'mount-grant'),
  '/Labels': judged('label', 'docker-label'),
  '/ClusterVolumeSpec': emptyOnly(
    'Volumes of a cluster’s drivers: code on the host that no rule knows.',
  ),
}

export const networkClaims: DockerClaims = {
  '/Name': judged('docker-name'),
  '/CheckDuplicate': passed('Engines always look for a second one of the name.'),
  '/Driver': judged('docker-driver'),
  '/Scope': emptyOnly('Networks of a cluster are the operator’s.', 'local'),
  '/Internal': passed('It only takes away.'),
  '/Attachable': written('Of use in a cluster alone; docker-compose always asks it.'),
  '/Ingress': emptyOnly('Networks of a cluster are the operator’s.'),
  '/ConfigOnly': emptyOnly('It takes another network’s settings unseen.'),
  '/ConfigFrom': emptyOnly('It takes another network’s settings unseen.'),
  '/IPAM/Driver': emptyOnly('Addresses are given out by the engine alone.', 'default'),
  '/IPAM/Config': emptyOnly(
    'Subnets come from the engine’s pool: one of one’s own choice can hide the host’s.',
  ),
  '/IPAM/Options': emptyOnly('Options of a driver of addresses.'),
  '/EnableIPv4': passed('Which families it has; both are filtered alike.'),
  '/EnableIPv6': passed('Which families it has; both are filtered alike.'),
  '/Options': judged('docker-driver'),
  '/Labels': judged('label', 'docker-label'),
}

export const disconnectClaims: DockerClaims = {
  '/Container': judged('docker-owner'),
  '/Force': passed('Whether a container that is gone is forgotten.'),
}

export const connectClaims: DockerClaims = {
  '/Container': judged('docker-owner'),
  ...below('/EndpointConfig', endpointClaims),
}
