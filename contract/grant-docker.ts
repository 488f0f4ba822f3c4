// What a grant gives at the Docker door. Limits are the grant’s own: a container is bounded by what bounds a job.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/**
 * Capabilities that a container can be given at all: those that engines give by default, which act on what the container’s own user
 * namespace owns. MKNOD is not among them: no device is anybody’s.
 */
export const containerCapabilities = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
] as const

/** What a grant says to use an engine whose root is the host’s: nobody writes this by accident. */
export const sharedRootAccepted = 'root-in-a-container-is-root-on-this-host'

const count = (description: string) => Type.Integer({ minimum: 0, maximum: 1_000_000, description })
const Capabilities = (description: string) =>
  Type.Array(Type.Enum([...containerCapabilities]), { description })

export const GrantDocker = Type.Object(
  {
    allowed: Type.Boolean({ description: 'Whether its tenants may speak to an engine at all.' }),
    capabilities: Capabilities('What each container has, unless it drops them.'),
    capabilitiesAdded: Capabilities('What a container may ask besides.'),
    registries: Type.Array(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9._/-]+)?$',
        maxLength: 255,
      }),
      {
        description:
          'Where images are pulled from and pushed to: `registry.example:5000`, or with the beginning of a path behind it.',
      },
    ),
    build: Type.Boolean({ description: 'Whether images may be built.' }),
    trafficInside: Type.Boolean({
      description:
        'Whether containers on a network that the tenant makes reach each other. On the network that a container gets by default they never do.',
    }),
    swarm: Type.Boolean({
      description: 'Whether services, secrets and configurations of a swarm may be made.',
    }),
    containers: count('Containers of one tenant, running or not.'),
    volumes: count('Volumes with a name of one tenant.'),
    networks: count('Networks that one tenant makes.'),
    ports: count('Ports of the host that one container publishes.'),
    sharedRoot: Type.Enum(['refused', sharedRootAccepted], {
      description:
        'Whether an engine may stand behind the guard that has neither rootless mode nor userns-remap.',
    }),
  },
  { ...closed, description: 'What tenants may ask of a Docker Engine through the guard.' },
)
export type GrantDocker = Static<typeof GrantDocker>
