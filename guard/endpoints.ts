// The table of all endpoints: what is not in it is refused, whatever the engine could do with it.
import type { Endpoint } from './endpoint.js'
import { containerEndpoints } from './endpoints-container.js'
import { containersEndpoints } from './endpoints-containers.js'
import { imageEndpoints } from './endpoints-image.js'
import { objectEndpoints } from './endpoints-object.js'
import { systemEndpoints } from './endpoints-system.js'

/** In this order: `/containers/create` before `/containers/{id}`. */
export const endpoints: readonly Endpoint[] = [
  ...systemEndpoints,
  ...containersEndpoints,
  ...containerEndpoints,
  ...objectEndpoints,
  ...imageEndpoints,
]
