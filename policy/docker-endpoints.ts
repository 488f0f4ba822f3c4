// The requests whose content is judged: shape, claims and adapter of each. An endpoint that is not here is not judged, and so not allowed.
import {
  type DockerShape,
  dockerContainerCreate,
  dockerContainerUpdate,
} from '../contract/docker-container.js'
import {
  dockerCommit,
  dockerConfigCreate,
  dockerImageCreate,
  dockerImageLoad,
  dockerImagePush,
  dockerImageTag,
  dockerSecretCreate,
} from '../contract/docker-image.js'
import {
  dockerBuild,
  dockerExecCreate,
  dockerExecStart,
  dockerNetworkConnect,
  dockerNetworkCreate,
  dockerNetworkDisconnect,
  dockerVolumeCreate,
} from '../contract/docker-object.js'
import { dockerServiceCreate } from '../contract/docker-service.js'
import type { Adapter } from './docker-adapted.js'
import { adaptBuild } from './docker-build.js'
import { type DockerClaims, judged, passed, written } from './docker-claim.js'
import { adaptContainerCreate } from './docker-container.js'
import { containerClaims, updateClaims } from './docker-container-claims.js'
import type { DockerEndpoint } from './docker-door.js'
import {
  adaptCommit,
  adaptContainerUpdate,
  adaptExecCreate,
  adaptExecStart,
} from './docker-exec.js'
import { adaptImageCreate, adaptImageLoad, adaptImagePush, adaptImageTag } from './docker-image.js'
import {
  commitClaims,
  configClaims,
  imageCreateClaims,
  imageLoadClaims,
  imagePushClaims,
  imageTagClaims,
  secretClaims,
} from './docker-image-claims.js'
import {
  adaptKept,
  adaptNetworkConnect,
  adaptNetworkCreate,
  adaptNetworkDisconnect,
  adaptNever,
  adaptVolumeCreate,
} from './docker-object.js'
import {
  buildClaims,
  connectClaims,
  disconnectClaims,
  execClaims,
  execStartClaims,
  networkClaims,
  volumeClaims,
} from './docker-object-claims.js'
import type { QueryShape } from './docker-query.js'
import { adaptService } from './docker-service.js'
import { serviceClaims } from './docker-service-claims.js'

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

function ofBody(shape: DockerShape, claims: DockerClaims, adapt: Adapter): DockerEndpointJudge {
  return { shape, claims, query: {}, queryClaims: {}, adapt, rules: rulesOf(claims) }
}

function ofQuery(
  query: QueryShape,
  queryClaims: DockerClaims,
  adapt: Adapter,
): DockerEndpointJudge {
  return { shape: {}, claims: {}, query, queryClaims, adapt, rules: rulesOf(queryClaims) }
}

/** dockerode repeats the body in the query, where engines read only these two. */
const repeated = written('dockerode repeats the body there; no engine reads it.')
const fieldNames = Object.keys(dockerContainerCreate)

const containerCreate: DockerEndpointJudge = {
  shape: dockerContainerCreate,
  claims: containerClaims,
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
  adapt: adaptContainerCreate,
  rules: null,
}

/** What stands in headers is the guard’s to carry. */
const { 'X-Registry-Config': _credentials, 'Content-type': _kind, ...buildQuery } = dockerBuild

const service: DockerEndpointJudge = {
  ...ofBody(dockerServiceCreate, serviceClaims, adaptService),
  query: { version: 'number', registryAuthFrom: 'text', rollback: 'text' },
  queryClaims: {
    '/version': passed('Which state of the service is meant.'),
    '/registryAuthFrom': passed('Whose credentials for pulls are taken: the service’s own.'),
    '/rollback': passed('Whether the state before is taken again, which was judged.'),
  },
  rules: null,
}

export const judgedEndpoints: Readonly<Record<DockerEndpoint, DockerEndpointJudge>> = {
  'container-create': containerCreate,
  'container-update': ofBody(dockerContainerUpdate, updateClaims, adaptContainerUpdate),
  'exec-create': ofBody(dockerExecCreate, execClaims, adaptExecCreate),
  'exec-start': ofBody(dockerExecStart, execStartClaims, adaptExecStart),
  'image-build': ofQuery(buildQuery, buildClaims, adaptBuild),
  'image-create': ofQuery(dockerImageCreate, imageCreateClaims, adaptImageCreate),
  'image-load': ofQuery(dockerImageLoad, imageLoadClaims, adaptImageLoad),
  'image-push': ofQuery(dockerImagePush, imagePushClaims, adaptImagePush),
  'image-tag': ofQuery(dockerImageTag, imageTagClaims, adaptImageTag),
  commit: ofQuery(dockerCommit, commitClaims, adaptCommit),
  'volume-create': ofBody(dockerVolumeCreate, volumeClaims, adaptVolumeCreate),
  'network-create': ofBody(dockerNetworkCreate, networkClaims, adaptNetworkCreate),
  'network-connect': ofBody(dockerNetworkConnect, connectClaims, adaptNetworkConnect),
  'network-disconnect': ofBody(dockerNetworkDisconnect, disconnectClaims, adaptNetworkDisconnect),
  'service-create': service,
  'service-update': service,
  'secret-create': ofBody(dockerSecretCreate, secretClaims, adaptKept('secret')),
  'config-create': ofBody(dockerConfigCreate, configClaims, adaptKept('config')),
  swarm: ofBody({}, {}, adaptNever('docker-grant', 'The swarm itself is the operator’s.')),
  plugin: ofBody({}, {}, adaptNever('docker-plugin', 'No plug-in is installed or changed here.')),
}
