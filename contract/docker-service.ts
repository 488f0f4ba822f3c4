// Shapes of the Docker Engine API, 1.24 to 1.47: a service of a swarm as it is created or updated. See docker-container.ts.
import {
  type DockerShape,
  dockerHealthcheck,
  dockerMount,
  dockerUlimits,
} from './docker-container.js'

const texts = ['text'] as const
const map = { '*': 'text' } as const

const file = { Name: 'text', UID: 'text', GID: 'text', Mode: 'number' } as const

const resources = {
  NanoCPUs: 'number',
  MemoryBytes: 'number',
  Pids: 'number',
  GenericResources: [
    {
      NamedResourceSpec: { Kind: 'text', Value: 'text' },
      DiscreteResourceSpec: { Kind: 'text', Value: 'number' },
    },
  ],
} as const

const networks = [{ Target: 'text', Aliases: texts, DriverOpts: map }] as const

const rollout = {
  Parallelism: 'number',
  Delay: 'number',
  FailureAction: 'text',
  Monitor: 'number',
  MaxFailureRatio: 'number',
  Order: 'text',
} as const

const containerSpec = {
  Image: 'text',
  Labels: map,
  Command: texts,
  Args: texts,
  Hostname: 'text',
  Env: texts,
  Dir: 'text',
  User: 'text',
  Groups: texts,
  Privileges: {
    CredentialSpec: { Config: 'text', File: 'text', Registry: 'text' },
    SELinuxContext: { Disable: 'truth', User: 'text', Role: 'text', Type: 'text', Level: 'text' },
    Seccomp: { Mode: 'text', Profile: 'text' },
    AppArmor: { Mode: 'text' },
    NoNewPrivileges: 'truth',
  },
  TTY: 'truth',
  OpenStdin: 'truth',
  ReadOnly: 'truth',
  Mounts: [dockerMount],
  StopSignal: 'text',
  StopGracePeriod: 'number',
  HealthCheck: dockerHealthcheck,
  Hosts: texts,
  DNSConfig: { Nameservers: texts, Search: texts, Options: texts },
  Secrets: [{ File: file, SecretID: 'text', SecretName: 'text' }],
  OomScoreAdj: 'number',
  Configs: [{ File: file, Runtime: 'nothing', ConfigID: 'text', ConfigName: 'text' }],
  Isolation: 'text',
  Init: 'truth',
  Sysctls: map,
  CapabilityAdd: texts,
  CapabilityDrop: texts,
  Ulimits: dockerUlimits,
} as const satisfies DockerShape

const taskTemplate = {
  PluginSpec: {
    Name: 'text',
    Remote: 'text',
    Disabled: 'truth',
    PluginPrivilege: [{ Name: 'text', Description: 'text', Value: texts }],
  },
  ContainerSpec: containerSpec,
  NetworkAttachmentSpec: { ContainerID: 'text' },
  Resources: { Limits: resources, Reservations: resources },
  RestartPolicy: { Condition: 'text', Delay: 'number', MaxAttempts: 'number', Window: 'number' },
  Placement: {
    Constraints: texts,
    Preferences: [{ Spread: { SpreadDescriptor: 'text' } }],
    MaxReplicas: 'number',
    Platforms: [{ Architecture: 'text', OS: 'text' }],
  },
  ForceUpdate: 'number',
  Runtime: 'text',
  Networks: networks,
  LogDriver: { Name: 'text', Options: map },
} as const satisfies DockerShape

/** `POST /services/create` and `POST /services/{id}/update`. */
export const dockerServiceCreate = {
  Name: 'text',
  Labels: map,
  TaskTemplate: taskTemplate,
  Mode: {
    Replicated: { Replicas: 'number' },
    Global: 'nothing',
    ReplicatedJob: { MaxConcurrent: 'number', TotalCompletions: 'number' },
    GlobalJob: 'nothing',
  },
  UpdateConfig: rollout,
  RollbackConfig: rollout,
  Networks: networks,
  EndpointSpec: {
    Mode: 'text',
    Ports: [
      {
        Name: 'text',
        Protocol: 'text',
        TargetPort: 'number',
        PublishedPort: 'number',
        PublishMode: 'text',
      },
    ],
  },
} as const satisfies DockerShape
