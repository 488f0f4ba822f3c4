// Claims of the fields of a swarm’s service: what a task is given is judged as a container is; where it runs is the operator’s.
import { type DockerClaims, emptyOnly, judged, passed, written } from './docker-claim.js'
import { below, mountClaims } from './docker-container-claims.js'

const resolver = emptyOnly('The resolver is the guard’s: another one hears every name.')
const rollout = passed('How an update is rolled out over the service’s own tasks.')
const network = judged('network-grant', 'network-sharing', 'host-network', 'docker-name')

const specClaims: DockerClaims = {
  ...below('/Mounts/*', mountClaims),
  '/Image': judged('image'),
  '/Labels': judged('label', 'docker-label'),
  '/Command': judged('program', 'argument-size', 'argument-text'),
  '/Args': judged('argument-size', 'argument-text'),
  '/Hostname': passed('The name inside its own UTS namespace.'),
  '/Env': judged('environment-name', 'environment-size', 'environment-text'),
  '/Dir': judged('work-directory'),
  '/User': judged('identity-root', 'identity-range'),
  '/Groups': judged('identity-range', 'identity-root'),
  '/Privileges/CredentialSpec': emptyOnly('Windows containers only.'),
  '/Privileges/SELinuxContext': emptyOnly(
    '`Disable` takes a layer off; a context of one’s own choice may be wider.',
  ),
  '/Privileges/Seccomp': judged('seccomp-unconfined', 'seccomp-profile'),
  '/Privileges/AppArmor': judged('apparmor-unconfined', 'apparmor-profile'),
  '/Privileges/NoNewPrivileges': judged('setuid'),
  '/TTY': passed('A terminal of its own.'),
  '/OpenStdin': passed('Whether there is standard input.'),
  '/ReadOnly': passed('It only takes away.'),
  '/StopSignal': passed('A signal to the task’s own first process.'),
  '/StopGracePeriod': written('At most a minute.'),
  '/HealthCheck/Test': judged('argument-size', 'argument-text'),
  '/HealthCheck': written('Not more often than each second.'),
  '/Hosts': resolver,
  '/DNSConfig': resolver,
  '/Secrets/*/File': judged('mount-target', 'docker-mount', 'docker-name'),
  '/Secrets/*/SecretID': judged('docker-owner'),
  '/Secrets/*/SecretName': written('The engine’s own name of what the id says.'),
  '/Configs/*/File': judged('mount-target', 'docker-mount', 'docker-name'),
  '/Configs/*/Runtime': emptyOnly('For credentials of Windows containers.'),
  '/Configs/*/ConfigID': judged('docker-owner'),
  '/Configs/*/ConfigName': written('The engine’s own name of what the id says.'),
  '/OomScoreAdj': written('Never below our own.'),
  '/Isolation': emptyOnly('Windows containers only.', 'default'),
  '/Init': passed('The engine’s own small init as process 1, inside.'),
  '/Sysctls': judged('sysctl'),
  '/CapabilityAdd': judged('capability', 'capability-name'),
  '/CapabilityDrop': judged('capability-name'),
  '/Ulimits': judged('limit-maximum', 'limit-minimum', 'docker-ulimit'),
}

const taskClaims: DockerClaims = {
  ...below('/ContainerSpec', specClaims),
  '/PluginSpec': emptyOnly('A plug-in is a program of the host’s.'),
  '/NetworkAttachmentSpec': emptyOnly('It attaches a container of another.'),
  '/Resources/Limits/NanoCPUs': judged('limit-maximum', 'limit-minimum'),
  '/Resources/Limits/MemoryBytes': judged('limit-maximum', 'limit-minimum'),
  '/Resources/Limits/Pids': judged('limit-maximum', 'limit-minimum'),
  '/Resources/Limits/GenericResources': emptyOnly(
    'Resources without a name that a rule knows: devices.',
  ),
  '/Resources/Reservations/NanoCPUs': written(
    'A task that reserves keeps others out: the limit decides.',
  ),
  '/Resources/Reservations/MemoryBytes': written(
    'A task that reserves keeps others out: the limit decides.',
  ),
  '/Resources/Reservations/Pids': written(
    'A task that reserves keeps others out: the limit decides.',
  ),
  '/Resources/Reservations/GenericResources': judged('device'),
  '/RestartPolicy': written('On failure, not more often than each 5 seconds (CIS Docker 5.14).'),
  '/Placement': written('Where a tenant’s tasks run is the operator’s.'),
  '/ForceUpdate': passed('A counter.'),
  '/Runtime': emptyOnly('Plug-ins and attachments are no tenant’s.', 'container'),
  '/Networks': network,
  '/LogDriver': written('json-file with a bounded size.'),
}

export const serviceClaims: DockerClaims = {
  ...below('/TaskTemplate', taskClaims),
  '/Name': judged('docker-name'),
  '/Labels': judged('label', 'docker-label'),
  '/Mode/Replicated': judged('docker-quota'),
  '/Mode/Global': judged('docker-service-mode'),
  '/Mode/ReplicatedJob': judged('docker-service-mode'),
  '/Mode/GlobalJob': judged('docker-service-mode'),
  '/UpdateConfig': rollout,
  '/RollbackConfig': rollout,
  '/Networks': network,
  '/EndpointSpec/Mode': passed('How the service’s own name resolves inside.'),
  '/EndpointSpec/Ports': judged('docker-port'),
}
