// What this process tells the audit log: who was allowed or refused what, who cancelled, what an administrator did. docs/audit.md.
import type { FastifyRequest } from 'fastify'
import type { AuditAdmin, AuditCaller } from '../contract/audit.js'
import type { ErrorCode } from '../contract/error.js'
import type { JobSpec } from '../contract/job.js'
import { withoutSecretValues } from '../contract/secret.js'
import type { Evaluation } from '../contract/verdict.js'
import { canonicalDigest } from '../queue/canonical-digest.js'
import type { Cancelled } from '../queue/job-store.js'
import type { Admission } from './admission-lines.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

/** A request for a job, as far as the log tells of it. Made while the body is still there. */
export type AskedForJob = {
  readonly caller: AuditCaller
  readonly requestId: string
  readonly request: { readonly sha256: string }
  readonly grant: { readonly name: string; readonly revision: string }
  readonly policyRevision: number
}

function callerOf({ caller }: FastifyRequest): AuditCaller {
  if (caller === null) return { door: 'admin-socket' }
  return { door: 'http', tenant: caller.tenant, key: caller.keyId }
}

export function askedForJob(
  request: FastifyRequest,
  spec: JobSpec,
  evaluation: Evaluation,
): AskedForJob {
  const { policyRevision, grant } = evaluation
  return {
    ...{ caller: callerOf(request), requestId: request.id, policyRevision },
    grant: { name: grant.name, revision: grant.revision },
    request: { sha256: canonicalDigest(withoutSecretValues(spec)) },
  }
}

/** Nothing new is allowed while it could not be written down. @throws Refusal audit-unavailable */
export function requireAudit({ audit, settings }: Service): void {
  if (audit.isWritable || settings.auditWhenFull === 'admit') return
  throw new Refusal('audit-unavailable', undefined, { headers: { 'retry-after': '5' } })
}

export function admissionLine(asked: AskedForJob, job: string): Admission {
  return { act: 'admission', ...asked, job, verdict: 'allow' }
}

export function tellDenial(
  { audit }: Service,
  asked: AskedForJob,
  code: ErrorCode,
  rules: readonly string[] = [],
): void {
  const verdict = code === 'policy-denied' ? 'deny' : 'allow'
  audit.tell({ act: 'denial', ...asked, verdict, code, rules: [...new Set(rules)] })
}

/** What had ended already is not told: nothing has happened, and it can be asked for ever. */
export function tellCancel(
  { audit }: Service,
  request: FastifyRequest,
  job: string,
  result: Exclude<Cancelled, 'unknown' | 'finished'>,
): void {
  const who = { caller: callerOf(request), requestId: request.id }
  audit.tell({ act: 'cancel', ...who, job, result })
}

/** What an administrator has done: whom it was about, and what else was asked, of which the log has the digest. */
export type AdminAct = {
  readonly what:
    | 'tenant-create'
    | 'tenant-change'
    | 'tenant-delete'
    | 'key-create'
    | 'key-rotate'
    | 'key-revoke'
    | 'secret-store'
    | 'secret-delete'
    | 'webhook-secret-rotate'
    | 'webhook-secret-revoke'
  readonly tenant?: string
  readonly key?: string
  readonly grant?: string
  readonly scopes?: AuditAdmin['scopes']
  readonly change?: unknown
}

/** For every route of an administrator, once it has done its work. Never a secret, never a free text. */
export function tellAdmin(
  { audit, log }: Service,
  request: FastifyRequest,
  { change, ...act }: AdminAct,
): void {
  const { what, tenant = null, key = null, grant = null, scopes = null } = act
  const { caller, id: requestId } = request
  audit.tell({
    ...{ act: 'admin', caller: callerOf(request), requestId, what, tenant, key, grant, scopes },
    change: change === undefined ? null : { sha256: canonicalDigest(change) },
  })
  const actor = caller === null ? 'admin socket' : `key ${caller.keyId}`
  log.info({ requestId, actor, tenant, keyId: key, grant, scopes }, what)
}
