// The requests of the Docker Engine API that make or change something: the shape of each, and what becomes of each of its fields.
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
import type { DockerClaims } from './docker-claim.js'
import { containerClaims, updateClaims } from './docker-container-claims.js'
import type { DockerEndpoint } from './docker-door.js'
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
  buildClaims,
  connectClaims,
  disconnectClaims,
  execClaims,
  execStartClaims,
  networkClaims,
  volumeClaims,
} from './docker-object-claims.js'
import { serviceClaims } from './docker-service-claims.js'

export type DockerRequest = {
  readonly endpoint: string
  readonly shape: DockerShape
  readonly claims: DockerClaims
}

/** Not here: what nobody may ask, whatever is in it. */
export type DescribedEndpoint = Exclude<DockerEndpoint, 'swarm' | 'plugin'>

const describe = (endpoint: string, shape: DockerShape, claims: DockerClaims): DockerRequest => ({
  endpoint,
  shape,
  claims,
})

export const dockerRequestsById: Readonly<Record<DescribedEndpoint, DockerRequest>> = {
  'container-create': describe('POST /containers/create', dockerContainerCreate, containerClaims),
  'container-update': describe('POST /containers/{id}/update', dockerContainerUpdate, updateClaims),
  'exec-create': describe('POST /containers/{id}/exec', dockerExecCreate, execClaims),
  'exec-start': describe('POST /exec/{id}/start', dockerExecStart, execStartClaims),
  'image-build': describe('POST /build', dockerBuild, buildClaims),
  'volume-create': describe('POST /volumes/create', dockerVolumeCreate, volumeClaims),
  'network-create': describe('POST /networks/create', dockerNetworkCreate, networkClaims),
  'network-connect': describe('POST /networks/{id}/connect', dockerNetworkConnect, connectClaims),
  'network-disconnect': describe(
    'POST /networks/{id}/disconnect',
    dockerNetworkDisconnect,
    disconnectClaims,
  ),
  'image-create': describe('POST /images/create', dockerImageCreate, imageCreateClaims),
  'image-load': describe('POST /images/load', dockerImageLoad, imageLoadClaims),
  'image-push': describe('POST /images/{name}/push', dockerImagePush, imagePushClaims),
  'image-tag': describe('POST /images/{name}/tag', dockerImageTag, imageTagClaims),
  commit: describe('POST /commit', dockerCommit, commitClaims),
  'secret-create': describe('POST /secrets/create', dockerSecretCreate, secretClaims),
  'config-create': describe('POST /configs/create', dockerConfigCreate, configClaims),
  'service-create': describe('POST /services/create', dockerServiceCreate, serviceClaims),
  'service-update': describe('POST /services/{id}/update', dockerServiceCreate, serviceClaims),
}

export const dockerRequests: readonly DockerRequest[] = Object.values(dockerRequestsById)
