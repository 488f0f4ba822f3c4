// Shapes of the Docker Engine API, 1.24 to 1.47: images as they are pulled, imported, loaded, tagged, pushed and committed (queries), and
// secrets and configurations of a swarm. See docker-container.ts.
import type { DockerShape } from './docker-container.js'

const texts = ['text'] as const
const map = { '*': 'text' } as const

/** `POST /images/create`: a pull or an import, by its query. */
export const dockerImageCreate = {
  fromImage: 'text',
  fromSrc: 'text',
  repo: 'text',
  tag: 'text',
  message: 'text',
  changes: texts,
  platform: 'text',
} as const satisfies DockerShape

/** `POST /images/load`. */
export const dockerImageLoad = { quiet: 'truth' } as const satisfies DockerShape

/** `POST /images/{name}/push`. */
export const dockerImagePush = { tag: 'text', platform: 'text' } as const satisfies DockerShape

/** `POST /images/{name}/tag`. */
export const dockerImageTag = { repo: 'text', tag: 'text' } as const satisfies DockerShape

/** `POST /commit`: its query. Its body is a container’s configuration without HostConfig. */
export const dockerCommit = {
  container: 'text',
  repo: 'text',
  tag: 'text',
  comment: 'text',
  author: 'text',
  pause: 'truth',
  changes: texts,
} as const satisfies DockerShape

const driver = { Name: 'text', Options: map } as const

/** `POST /configs/create`. */
export const dockerConfigCreate = {
  Name: 'text',
  Labels: map,
  Data: 'text',
  Templating: driver,
} as const satisfies DockerShape

/** `POST /secrets/create`. */
export const dockerSecretCreate = {
  ...dockerConfigCreate,
  Driver: driver,
} as const satisfies DockerShape
