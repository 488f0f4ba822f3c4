// The requests whose content is judged: shape, claims and adapter of each. An endpoint that is not here is not judged, and so not allowed.

import type { DockerShape } from '../contract/docker-container.js'
import { dockerContainerCreate } from '../contract/docker-container.js'
import type { Adapter } from './docker-adapted.js'
import type { DockerClaims } from './docker-claim.js'
import { judged, passed, written } from './docker-claim.js'
import { adaptContainerCreate } from './docker-container.js'
import { containerClaims } from './docker-container-claims.js'
import type { DockerEndpoint } from './docker-door.js'
import type { QueryShape } from './docker-query.js'

export type DockerEndpointJudge = {
  readonly shape: DockerShape
  readonly claims: DockerClaims
  readonly query: QueryShape
  readonly queryClaims: DockerClaims
  readonly adapt: Adapter
  /** Rules that judge it, where it is less than a container; all, where absent. */
  readonly rules?: readonly string[]
}

/** dockerode repeats the body in the query, where engines read only these two. */
const repeated = written('dockerode repeats the body there; no engine reads it.')
const createQuery: QueryShape = {
  ...Object.fromEntries(Object.keys(dockerContainerCreate).map((name) => [name, 'words' as const])),
  name: 'text',
  platform: 'text',
}

export const judgedEndpoints: Readonly<Record<DockerEndpoint, DockerEndpointJudge>> = {
  'container-create': {
    shape: dockerContainerCreate,
    claims: containerClaims,
    query: createQuery,
    queryClaims: {
      ...Object.fromEntries(
        Object.keys(dockerContainerCreate).map((name) => [`/${name}`, repeated]),
      ),
      '/name': judged('docker-name'),
      '/platform': passed('Which variant of an image is meant.'),
    },
    adapt: adaptContainerCreate,
  },
} as unknown as Readonly<Record<DockerEndpoint, DockerEndpointJudge>>
