// The admin socket: tenants, keys and usage without a key. A UNIX socket in a directory of ours, so that the file system decides who
// may (root and the service's own user).
import { unlinkSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { openFrame } from './http-frame.js'
import { routeAsked } from './route-asked.js'
import { routeKeys } from './route-keys.js'
import { routeTenants } from './route-tenants.js'
import { routeUsage } from './route-usage.js'
import { routeWebhookSecrets } from './route-webhook-secrets.js'
import type { Service } from './service.js'

export async function buildAdminServer(service: Service): Promise<FastifyInstance> {
  const app = openFrame(service)
  routeTenants(app, service)
  routeKeys(app, service)
  routeWebhookSecrets(app, service)
  routeUsage(app, service)
  routeAsked(app, service)
  await app.ready()
  return app
}

/** Listens with mode 0600 from the first moment: bind takes the mode from the umask, and is synchronous here. */
export function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return new Promise((resolve, reject) => {
    app.server.once('error', reject)
    const before = process.umask(0o177)
    try {
      app.server.listen(path, () => {
        app.server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
}
