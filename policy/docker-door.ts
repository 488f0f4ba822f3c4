// The Docker door: what a guard hands over to be judged, and what it gets back. Pure: who owns what is looked up through functions that
// the guard gives, and the engine is never asked here.
import type { Violation } from '../contract/verdict.js'
import type { LoadedGrant } from './grant-file.js'

/** Requests whose content is judged. All others are the guard’s: allowed by ownership alone, or unknown and refused. */
export const dockerEndpoints = [
  'container-create',
  'container-update',
  'exec-create',
  'exec-start',
  'image-build',
  'image-create',
  'image-load',
  'image-push',
  'image-tag',
  'commit',
  'volume-create',
  'network-create',
  'network-connect',
  'network-disconnect',
  'service-create',
  'service-update',
  'secret-create',
  'config-create',
  'swarm',
  'plugin',
] as const
export type DockerEndpoint = (typeof dockerEndpoints)[number]

/** A request, strictly parsed: what is here is all that it says. */
export type DockerCall = {
  readonly endpoint: DockerEndpoint
  /** Decoded path parameters, by their names in the API: `id`, `name`. */
  readonly path: Readonly<Record<string, string>>
  /** Decoded; each value of a parameter that is given more than once. */
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Parsed JSON without duplicate keys; null where there is none, or where it is an archive. */
  readonly body: unknown
}

export type ObjectKind =
  | 'container'
  | 'image'
  | 'volume'
  | 'network'
  | 'service'
  | 'secret'
  | 'config'

export type OwnedImage = {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly id: string
  /** `80/tcp`, as the image’s configuration has them. */
  readonly exposedPorts: readonly string[]
  /** Paths at which the image declares volumes. */
  readonly volumes: readonly string[]
}

/** What is the tenant’s own, by any reference that Docker takes (name, id, beginning of an id). Null: none, or another’s. */
export type Owned = {
  /** The engine’s full id. */
  readonly container: (reference: string) => string | null
  readonly image: (reference: string) => OwnedImage | null
  /** The engine’s name. */
  readonly volume: (name: string) => string | null
  /** The engine’s id or name. */
  readonly network: (reference: string) => string | null
  readonly service: (reference: string) => string | null
  readonly secret: (reference: string) => string | null
  readonly config: (reference: string) => string | null
}

export type DockerContext = {
  readonly tenant: string
  readonly grant: LoadedGrant
  readonly owned: Owned
  /** The engine’s name for what the tenant calls so, whether it exists or not. Two tenants never come to one name. */
  readonly engineName: (kind: ObjectKind, name: string) => string
  /** How many of each the tenant has. */
  readonly counts: Readonly<Record<'containers' | 'volumes' | 'networks', number>>
  /** The engine’s name of the network that a container is on which asks for none: the tenant’s, with traffic between containers off. */
  readonly network: string
  /** Where ports are published: the tenant’s own address and range. */
  readonly ports: { readonly address: string; readonly first: number; readonly last: number }
  /** Seccomp profiles by their names in grants, as the JSON that engines take; the AppArmor profile, null where the engine has none. */
  readonly seccompProfiles: ReadonlyMap<string, unknown>
  readonly apparmor: string | null
  /** The control group below which the engine puts the tenant’s containers; null: the engine’s own. */
  readonly cgroupParent: string | null
  /** Whether the engine has a small init to put in as process 1. */
  readonly init: boolean
}

export type DockerAllowed = {
  readonly allowed: true
  /** Path parameters as the engine is to get them. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Built from nothing; null where the request has no JSON body. */
  readonly body: unknown
  /** What was changed and harms nobody: for `Warnings` of the answer. */
  readonly warnings: readonly string[]
}

export type DockerRefused = {
  readonly allowed: false
  /** 400: no such request; 403: not granted; 404: it names what is not there, or is another’s. */
  readonly status: 400 | 403 | 404
  /** For Docker’s `{"message"}`. It has no words from which clients guess an exit code (`no such file`, `permission denied`). */
  readonly message: string
  readonly violations: readonly Violation[]
}

export type DockerVerdict = DockerAllowed | DockerRefused
