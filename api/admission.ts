// From a judged job to what the queue admits, and from what the queue answers to a refusal: the same for one job and for a batch.
import type { FastifyRequest } from 'fastify'
import type { Dependency } from '../contract/dependency.js'
import type { JobSpec } from '../contract/job.js'
import type { Plan } from '../contract/plan.js'
import type { Evaluation } from '../contract/verdict.js'
import type { Admission, Admitted } from '../queue/job-store.js'
import { type AskedForJob, tellDenial } from './audit-acts.js'
import { callerOf } from './auth.js'
import { Refusal } from './problem.js'
import { quotaStateOf, rateLimitHeaders } from './rate-limit.js'
import type { Service } from './service.js'

export type JudgedSpec = {
  readonly spec: JobSpec
  readonly evaluation: Evaluation
  readonly grant: Admission['grant']
  /** Where it stands among the tenant's own. */
  readonly priority: number
}

type Identity = Pick<Admission, 'after' | 'batch' | 'idempotency' | 'auditLine'> & {
  readonly jobId: string
  readonly tenant: string
  readonly acceptedAtMs: number
}

export function admissionFrom(
  { spec, evaluation, grant, priority }: JudgedSpec,
  plan: Plan,
  { jobId, tenant, acceptedAtMs, ...rest }: Identity,
): Admission {
  const expiresAtMs = acceptedAtMs + plan.expiresAfterMs
  const by = { grant: grant.name, grantRevision: grant.revision }
  return {
    payload: { jobId, tenant, ...by, acceptedAtMs, expiresAtMs, spec },
    language: spec.language ?? null,
    image: plan.imageName,
    labels: spec.labels ?? {},
    warnings: evaluation.warnings,
    priority,
    attemptsMax: plan.attempts,
    lifetimeMs: plan.lifetimeMs,
    grant,
    ...rest,
  }
}

/** What a job that came alone is to run after. @throws Refusal invalid-request for a name, which only a batch has. */
export function dependenciesOf({ after = [] }: JobSpec): readonly Dependency[] {
  const violations = after.flatMap(({ job }, index) =>
    job.startsWith('job_')
      ? []
      : [
          {
            rule: 'schema',
            pointer: `/after/${index}/job`,
            message: 'A job outside of a batch names others by their ids.',
          },
        ],
  )
  if (violations.length > 0) throw new Refusal('invalid-request', undefined, { violations })
  return after.map(({ job, on = 'success' }) => ({ job, on }))
}

const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/

/** `isSecret`: whether the body may hold a secret. Redis holds the digest: nobody who reads there may try secrets against it. */
export function idempotencyOf(
  service: Service,
  request: FastifyRequest,
  isSecret: boolean,
): Admission['idempotency'] {
  const caller = callerOf(request)
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !idempotencyKeyPattern.test(key)) {
    throw new Refusal('invalid-header', 'Idempotency-Key is 1 to 255 visible ASCII characters.')
  }
  const { sealer } = service.store
  const text = `${caller.grant}\n${sealer.digest(request.bodyBytes ?? '')}`
  const requestDigest = isSecret ? sealer.authenticate(text) : sealer.digest(text)
  return { key, requestDigest }
}

type Taken = Extract<Admitted, { jobId: string }>

function refusalDetail(admitted: Admitted): string | undefined {
  if ('of' in admitted && admitted.of === 'bytes') return 'The jobs that wait hold too many bytes.'
  if (admitted.kind !== 'quota-exceeded') return undefined
  const { name, limit, used, freesAt } = admitted.over
  const when = freesAt === null ? 'when jobs that are kept go' : `at ${freesAt}`
  return `The quota ${name} of your tenant is ${limit}, and ${used} of it is used. Some is free again ${when}.`
}

/** @throws Refusal unless it was taken, now or before. */
export function refuseUnlessAdmitted(
  service: Service,
  asked: AskedForJob,
  admitted: Admitted,
): asserts admitted is Taken {
  if (admitted.kind === 'conflict') throw new Refusal('idempotency-conflict')
  if (admitted.kind === 'accepted' || admitted.kind === 'repeated') return
  tellDenial(service, asked, admitted.kind)
  if ('dependency' in admitted)
    throw new Refusal(admitted.kind, `The job to run after is ${admitted.dependency}.`)
  const standings =
    'quotas' in admitted ? admitted.quotas : 'over' in admitted ? [admitted.over] : []
  const headers = {
    'retry-after': String(admitted.retryAfterSeconds),
    ...rateLimitHeaders(standings),
  }
  const quota = 'over' in admitted ? { quota: quotaStateOf(admitted.over) } : {}
  throw new Refusal(admitted.kind, refusalDetail(admitted), { headers, ...quota })
}
