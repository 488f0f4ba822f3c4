// Step 1 of 10: bytes on a socket → a request that is well formed, in bounds, and has a caller.
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { requireKeys } from './auth.js'
import { openFrame } from './http-frame.js'
import { openKeyRate } from './key-rate.js'
import { describeRoutes, serveDocument } from './openapi.js'
import { routeArtifacts } from './route-artifacts.js'
import { routeAttach } from './route-attach.js'
import { routeAttestation } from './route-attestation.js'
import { routeBatches } from './route-batches.js'
import { routeCatalogue } from './route-catalogue.js'
import { routeDeliveries } from './route-deliveries.js'
import { routeEvents } from './route-events.js'
import { routeExec } from './route-exec.js'
import { routeHealth } from './route-health.js'
import { routeJob } from './route-job.js'
import { routeJobList } from './route-job-list.js'
import { routeJobs } from './route-jobs.js'
import { routeKeys } from './route-keys.js'
import { routeMetrics } from './route-metrics.js'
import { routeOutput } from './route-output.js'
import { routePolicy } from './route-policy.js'
import { routeSecrets } from './route-secrets.js'
import { routeSessions } from './route-sessions.js'
import { routeTenants } from './route-tenants.js'
import { routeUsage } from './route-usage.js'
import { routeWebhookSecrets } from './route-webhook-secrets.js'
import type { Service } from './service.js'

/** The public interface, ready but not listening. */
export async function buildServer(service: Service): Promise<FastifyInstance> {
  const app = openFrame(service)
  await describeRoutes(app)
  await app.register(websocket, { options: { maxPayload: 1_048_576, perMessageDeflate: false } })
  routeHealth(app, service)
  routeAttestation(app, service)
  if (service.settings.metricsAddress === '') routeMetrics(app, service)
  await app.register(async (keyed) => {
    requireKeys(keyed, service.keys, openKeyRate(service.settings.keyRequestsPerMinute))
    routeJobs(keyed, service)
    routeBatches(keyed, service)
    routeJobList(keyed, service)
    routeJob(keyed, service)
    routeEvents(keyed, service)
    routeDeliveries(keyed, service)
    routeOutput(keyed, service)
    routeArtifacts(keyed, service)
    routeSessions(keyed, service)
    routeExec(keyed, service)
    routeAttach(keyed, service)
    routePolicy(keyed, service)
    routeCatalogue(keyed, service)
    routeSecrets(keyed, service)
    routeUsage(keyed, service)
    routeTenants(keyed, service)
    routeKeys(keyed, service)
    routeWebhookSecrets(keyed, service)
  })
  await serveDocument(app)
  await app.ready()
  return app
}

/** The listener of metrics alone, where settings name one. */
export async function buildMetricsServer(service: Service): Promise<FastifyInstance> {
  const app = openFrame(service)
  routeMetrics(app, service)
  await app.ready()
  return app
}
