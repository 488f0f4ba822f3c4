// The requests whose content is judged: shape, claims and adapter of each. An endpoint that is not here is not judged, and so not allowed.
import type { DockerShape } from '../contract/docker-container.js'
import type { Adapter } from './docker-adapted.js'
import { adaptBuild } from './docker-build.js'
import { type DockerClaims, judged, passed, written } from './docker-claim.js'
import { adaptContainerCreate } from './docker-container.js'
import type { DockerEndpoint } from './docker-door.js'
import {
  adaptCommit,
  adaptContainerUpdate,
  adaptExecCreate,
  adaptExecStart,
} from './docker-exec.js'
import { adaptImageCreate, adaptImageLoad, adaptImagePush, adaptImageTag } from './docker-image.js'
import {
  adaptKept,
  adaptNetworkConnect,
  adaptNetworkCreate,
  adaptNetworkDisconnect,
  adaptNever,
  adaptVolumeCreate,
} from './docker-object.js'
import type { QueryShape } from './docker-query.js'
import { type DescribedEndpoint, dockerRequestsById } from './docker-requests.js'
import { adaptService } from './docker-service.js'

export type DockerEndpointJudge = {
  readonly shape: DockerShape
  readonly claims: DockerClaims
  readonly query: QueryShape
  readonly queryClaims: DockerClaims
  readonly adapt: Adapter
  /** Rules that judge it; null: all, as they judge a job. */
  readonly rules: readonly string[] | null
}

/** Rules that a table names: what is less than a container is judged by those alone, since it has no program and no image. */
function rulesOf(claims: DockerClaims): string[] {
  return [
    ...new Set(
      Object.values(claims).flatMap((claim) => (claim.kind === 'judged' ? claim.rules : [])),
    ),
  ]
}

function ofBody(id: DescribedEndpoint, adapt: Adapter): DockerEndpointJudge {
  const { shape, claims } = dockerRequestsById[id]
  return { shape, claims, query: {}, queryClaims: {}, adapt, rules: rulesOf(claims) }
}

/** Headers that the shape has are the guard’s to carry. */
function ofQuery(
  id: DescribedEndpoint,
  adapt: Adapter,
  headers: readonly string[] = [],
): DockerEndpointJudge {
  const { shape, claims } = dockerRequestsById[id]
  const query = Object.fromEntries(
    Object.entries(shape).filter(([name]) => !headers.includes(name)),
  )
  return {
    ...{ shape: {}, claims: {}, query: query as QueryShape, queryClaims: claims },
    ...{ adapt, rules: rulesOf(claims) },
  }
}

/** What no request of its kind may be. */
const never = (adapt: Adapter): DockerEndpointJudge => ({
  shape: {},
  claims: {},
  query: {},
  queryClaims: {},
  adapt,
  rules: [],
})

/** dockerode repeats the body in the query, where engines read only these two. */
const repeated = written('dockerode repeats the body there; no engine reads it.')
const fieldNames = Object.keys(dockerRequestsById['container-create'].shape)

const containerCreate: DockerEndpointJudge = {
  ...ofBody('container-create', adaptContainerCreate),
  query: {
    ...Object.fromEntries(fieldNames.map((name) => [name, 'words' as const])),
    name: 'text',
    platform: 'text',
  },
  queryClaims: {
    ...Object.fromEntries(fieldNames.map((name) => [`/${name}`, repeated])),
    '/name': judged('docker-name'),
    '/platform': passed('Which variant of an image is meant.'),
  },
  rules: null,
}

const service = (id: 'service-create' | 'service-update'): DockerEndpointJudge => ({
  ...ofBody(id, adaptService),
  query: { version: 'number', registryAuthFrom: 'text', rollback: 'text' },
  queryClaims: {
    '/version': passed('Which state of the service is meant.'),
    '/registryAuthFrom': passed('Whose credentials for pulls are taken: the service’s own.'),
    '/rollback': passed('Whether the state before is taken again, which was judged.'),
  },
  rules: null,
})

export const judgedEndpoints: Readonly<Record<DockerEndpoint, DockerEndpointJudge>> = {
  'container-create': containerCreate,
  'container-update': ofBody('container-update', adaptContainerUpdate),
  'exec-create': ofBody('exec-create', adaptExecCreate),
  'exec-start': ofBody('exec-start', adaptExecStart),
  'image-build': ofQuery('image-build', adaptBuild, ['X-Registry-Config', 'Content-type']),
  'image-create': ofQuery('image-create', adaptImageCreate),
  'image-load': ofQuery('image-load', adaptImageLoad),
  'image-push': ofQuery('image-push', adaptImagePush),
  'image-tag': ofQuery('image-tag', adaptImageTag),
  commit: ofQuery('commit', adaptCommit),
  'volume-create': ofBody('volume-create', adaptVolumeCreate),
  'network-create': ofBody('network-create', adaptNetworkCreate),
  'network-connect': ofBody('network-connect', adaptNetworkConnect),
  'network-disconnect': ofBody('network-disconnect', adaptNetworkDisconnect),
  'service-create': service('service-create'),
  'service-update': service('service-update'),
  'secret-create': ofBody('secret-create', adaptKept('secret')),
  'config-create': ofBody('config-create', adaptKept('config')),
  swarm: never(adaptNever('docker-grant', 'The swarm itself is the operator’s.')),
  plugin: never(adaptNever('docker-plugin', 'No plug-in is installed or changed here.')),
}
