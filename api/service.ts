// What every route stands on: settings, store, keys, grants and catalogue, metrics, and whether the process is ending.
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { AuditLog } from '../queue/audit-log.js'
import type { ApiJobStore } from '../queue/job-store.js'
import type { LocalFiles } from '../queue/local-files.js'
import type { AdmissionLines } from './admission-lines.js'
import type { KeyStore } from './key-store.js'
import type { Places } from './places.js'
import type { BodyBudget } from './request-body.js'
import type { Telemetry } from './telemetry.js'
import type { WebhookSecrets } from './webhook-secret.js'

export type Service = {
  readonly settings: Settings
  readonly store: ApiJobStore
  readonly keys: KeyStore
  readonly webhookSecrets: WebhookSecrets
  /** Grants, languages and images as they are now. */
  readonly files: () => LocalFiles
  readonly telemetry: Telemetry
  readonly budget: BodyBudget
  /** Requests that wait and event streams, by tenant. */
  readonly waits: Places
  readonly log: Logger
  readonly audit: AuditLog
  /** Of which each admission has one in it. */
  readonly admissionLines: AdmissionLines
  /** Aborted when the process is told to end. */
  readonly stopping: AbortSignal
}
