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

export const dockerRequests: readonly DockerRequest[] = [
  {
    endpoint: 'POST /containers/create',
    shape: dockerContainerCreate,
    claims: containerClaims,
  },
  {
    endpoint: 'POST /containers/{id}/update',
    shape: dockerContainerUpdate,
    claims: updateClaims,
  },
  { endpoint: 'POST /containers/{id}/exec', shape: dockerExecCreate, claims: execClaims },
  { endpoint: 'POST /exec/{id}/start', shape: dockerExecStart, claims: execStartClaims },
  { endpoint: 'POST /build', shape: dockerBuild, claims: buildClaims },
  { endpoint: 'POST /volumes/create', shape: dockerVolumeCreate, claims: volumeClaims },
  { endpoint: 'POST /networks/create', shape: dockerNetworkCreate, claims: networkClaims },
  { endpoint: 'POST /networks/{id}/connect', shape: dockerNetworkConnect, claims: connectClaims },
  {
    endpoint: 'POST /networks/{id}/disconnect',
    shape: dockerNetworkDisconnect,
    claims: disconnectClaims,
  },
  { endpoint: 'POST /images/create', shape: dockerImageCreate, claims: imageCreateClaims },
  { endpoint: 'POST /images/load', shape: dockerImageLoad, claims: imageLoadClaims },
  { endpoint: 'POST /images/{name}/push', shape: dockerImagePush, claims: imagePushClaims },
  { endpoint: 'POST /images/{name}/tag', shape: dockerImageTag, claims: imageTagClaims },
  { endpoint: 'POST /commit', shape: dockerCommit, claims: commitClaims },
  { endpoint: 'POST /secrets/create', shape: dockerSecretCreate, claims: secretClaims },
  { endpoint: 'POST /configs/create', shape: dockerConfigCreate, claims: configClaims },
  { endpoint: 'POST /services/create', shape: dockerServiceCreate, claims: serviceClaims },
  { endpoint: 'POST /services/{id}/update', shape: dockerServiceCreate, claims: serviceClaims },
]
