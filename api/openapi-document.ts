// The OpenAPI document without a running service: the same routes, registered and described, never called.
import { pino } from 'pino'
import { readSettings } from '../contract/config.js'
import { openPlaces } from './places.js'
import { bodyBudget } from './request-body.js'
import { buildServer } from './server.js'
import type { Service } from './service.js'
import { openTelemetry } from './telemetry.js'

/** Stands where describing needs nothing; any use is a mistake of ours. */
function absent<Part extends object>(name: string): Part {
  const refuse = (): never => {
    throw new Error(`there is no ${name} while routes are only described`)
  }
  return new Proxy({}, { get: refuse }) as Part
}

export async function openApiDocument(): Promise<Record<string, unknown>> {
  const settings = readSettings({}, {})
  const service: Service = {
    settings,
    store: absent('store'),
    keys: absent('key store'),
    webhookSecrets: absent('secrets'),
    files: absent('catalogue'),
    telemetry: openTelemetry(absent('store')),
    budget: bodyBudget(settings.bodyBytesMax),
    waits: openPlaces(settings.tenantWaitsMax),
    log: pino({ level: 'silent' }),
    audit: absent('audit log'),
    admissionLines: absent('lines of admissions'),
    stopping: new AbortController().signal,
  }
  const app = await buildServer(service)
  const document = app.swagger() as unknown as Record<string, unknown>
  await app.close()
  return document
}
