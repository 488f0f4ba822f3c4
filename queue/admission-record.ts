// What is written of a job at its admission, beside its sealed payload: from what the api knows to what the script needs.
import type { Settings } from '../contract/config.js'
import type { Dependency } from '../contract/dependency.js'
import type { Payload } from '../contract/payload.js'
import type { Quotas } from '../contract/quota.js'
import type { Warning } from '../contract/verdict.js'
import { deliveriesBytes } from '../contract/webhook.js'
import type { AdmissionRecord } from './admit.js'
import { byteLimits } from './byte-limits.js'
import { callbackFields } from './callback-seal.js'
import { recordOverheadBytes } from './fragment.js'
import type { MemoryWatch } from './memory-watch.js'
import { isBlob } from './payload-seal.js'
import { quotaLimitsOf } from './quota.js'
import type { Sealer } from './seal.js'

export type Admission = {
  readonly payload: Payload
  readonly language: string | null
  readonly image: string | null
  readonly labels: Readonly<Record<string, string>>
  /** What the job is told of, allowed as it is. */
  readonly warnings: readonly Warning[]
  readonly priority: number
  readonly attemptsMax: number
  /** The longest that a run of it may hold a slot. */
  readonly lifetimeMs: number
  /** By which grant it was judged, its share of the slots, and the quotas of its tenant. */
  readonly grant: {
    readonly name: string
    readonly revision: string
    readonly weight: number
  } & Quotas
  /** Jobs that must have ended before it may run. */
  readonly after: readonly Dependency[]
  /** The batch that it came with, and its name there. */
  readonly batch: { readonly id: string; readonly name: string } | null
  readonly idempotency: { readonly key: string; readonly requestDigest: string } | null
  /** For the audit log, should nobody be left who tells it (queue/untold.ts). */
  readonly auditLine: string
}

export type RecordParts = {
  readonly settings: Settings
  readonly sealer: Sealer
  readonly watch: MemoryWatch
  readonly diskBytes: number
  readonly processId: string
}

function dependencyFields({ after, batch }: Admission): string[] {
  return [
    ...(after.length === 0 ? [] : ['after', JSON.stringify(after)]),
    ...(batch === null ? [] : ['batch', batch.id, 'batchName', batch.name]),
  ]
}

/** What a record takes of Redis, beside its fields. */
const sizeOf = (fields: readonly string[]): number =>
  fields.reduce((sum, field) => sum + Buffer.byteLength(field), recordOverheadBytes)

/** Field and value of what is not sealed, in turn; and all that the script which admits needs. */
export function recordOf(
  parts: RecordParts,
  admission: Admission,
  sealed: Buffer,
): AdmissionRecord {
  const { payload, grant, idempotency } = admission
  const { settings } = parts
  const fields = [
    ...['state', 'queued', 'tenant', payload.tenant, 'createdAt', String(payload.acceptedAtMs)],
    ...['expiresAt', String(payload.expiresAtMs), 'attemptsMax', String(admission.attemptsMax)],
    ...['lifetimeMs', String(admission.lifetimeMs)],
    ...['grant', grant.name, 'grantRevision', grant.revision],
    ...['labels', JSON.stringify(admission.labels)],
    ...(admission.warnings.length > 0 ? ['warnings', JSON.stringify(admission.warnings)] : []),
    ...['language', admission.language ?? '', 'image', admission.image ?? ''],
    ...callbackFields(parts.sealer, payload),
    ...dependencyFields(admission),
  ]
  const told = payload.spec.callback === undefined ? 0 : deliveriesBytes
  const inlineBytes = isBlob(sealed) ? 0 : Math.ceil(sealed.length / 3) * 4
  return {
    jobId: payload.jobId,
    tenant: payload.tenant,
    priority: admission.priority,
    acceptedAtMs: payload.acceptedAtMs,
    expiresAtMs: payload.expiresAtMs,
    queuedMax: settings.queuedJobsMax,
    tenantQueuedMax: grant.queuedJobs,
    tenantRunningMax: grant.runningJobs,
    idempotency:
      idempotency === null
        ? null
        : {
            key: parts.sealer.digest(idempotency.key),
            requestDigest: idempotency.requestDigest,
            keepMs: settings.finishedKeepSeconds * 1000,
          },
    replyTo: parts.processId,
    auditLine: admission.auditLine,
    slots: settings.slots,
    weight: grant.weight,
    grant: grant.name,
    bytes: {
      queued: sizeOf(fields) + inlineBytes + told,
      blob: isBlob(sealed) ? sealed.length : 0,
    },
    limits: byteLimits(settings, {
      memoryBytes: parts.watch.memory.maximumBytes,
      diskBytes: parts.diskBytes,
    }),
    quota: quotaLimitsOf(grant, settings.finishedKeepSeconds * 1000),
    after: admission.after,
    fields,
  }
}
