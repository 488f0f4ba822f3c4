// Step 2 of 10: a request → a job that policy allows, handed to the queue; or every reason why not.
// Nothing is queued and nothing written before the last of the checks has passed.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract/error.js'
import { CreateHeaders, WaitQuery } from '../contract/http.js'
import { JobSpec } from '../contract/job.js'
import type { Plan } from '../contract/plan.js'
import { Job, type KeptJob } from '../contract/result.js'
import type { Evaluation } from '../contract/verdict.js'
import { judge } from '../policy/engine.js'
import { priorityOf } from '../policy/job-plan.js'
import { checkJobSpec } from '../policy/schema.js'
import { withSuggestion } from '../policy/suggest.js'
import type { Told } from '../queue/end-message.js'
import { newJobId } from '../queue/job-id.js'
import type { Admission } from '../queue/job-store.js'
import { jobOf } from '../queue/record.js'
import { claimSession, releaseSession } from '../queue/sessions.js'
import {
  admissionFrom,
  dependenciesOf,
  idempotencyOf,
  type JudgedSpec,
  refuseUnlessAdmitted,
} from './admission.js'
import type { Admission as AdmissionLine } from './admission-lines.js'
import {
  type AskedForJob,
  admissionLine,
  askedForJob,
  requireAudit,
  tellDenial,
} from './audit-acts.js'
import { type Caller, callerOf } from './auth.js'
import { requireWebhookSecret } from './callback-secret.js'
import { sendJob } from './job-answer.js'
import { withStoredSecrets } from './job-secrets.js'
import { Refusal } from './problem.js'
import { quotasInForce } from './quotas-in-force.js'
import { quotaStateOf, rateLimitHeaders } from './rate-limit.js'
import { bodyOf, forgetBody, releaseBody } from './request-body.js'
import type { Service } from './service.js'
import { beginWait, firstOf, waitSecondsOf } from './waiting.js'

/** Form, then policy. @throws Refusal invalid-request with every fault of form; policy-denied when the grant is gone. */
export function judgeBody(service: Service, caller: Caller, body: unknown): JudgedSpec {
  const checked = checkJobSpec(body)
  if (!checked.ok)
    throw new Refusal('invalid-request', undefined, { violations: checked.violations })
  const { grants, catalogue, platform } = service.files()
  const loaded = grants.get(caller.grant)
  const quotas = quotasInForce(service, caller.tenantGrant, caller.quotas)
  if (loaded === undefined || quotas === null) {
    const missing = loaded === undefined ? caller.grant : caller.tenantGrant
    const message = `the grant ${missing} of this key does not exist (any more)`
    throw new Refusal('policy-denied', undefined, {
      violations: [{ rule: 'grant', pointer: '', message }],
    })
  }
  const before = performance.now()
  const judged = judge(checked.spec, loaded, catalogue, platform)
  service.telemetry.observe('stockade_policy_seconds', {}, (performance.now() - before) / 1000)
  const evaluation = withSuggestion(checked.spec, judged, loaded, catalogue, platform)
  const { name } = loaded.grant
  // Of the tenant, as its quotas are: its keys may have grants of their own.
  const weight = grants.get(caller.tenantGrant)?.grant.weight ?? loaded.grant.weight
  const grant = { name, revision: loaded.revision, weight, ...quotas }
  const priority = priorityOf(checked.spec.priority, loaded.grant)
  return { spec: checked.spec, evaluation, grant, priority }
}

function allowedPlan(service: Service, evaluation: Evaluation, asked: AskedForJob): Plan {
  const { plan, violations, suggestion } = evaluation
  if (evaluation.verdict === 'allow' && plan !== null && violations.length === 0) return plan
  for (const { rule } of violations) service.telemetry.count('stockade_jobs_denied_total', { rule })
  tellDenial(
    service,
    asked,
    'policy-denied',
    violations.map(({ rule }) => rule),
  )
  throw new Refusal('policy-denied', undefined, {
    violations,
    ...(suggestion === null ? {} : { suggestion }),
  })
}

function admissionOf(
  service: Service,
  request: FastifyRequest,
  jobId: string,
  acceptedAtMs: number,
  shape: Shape,
): { admission: Admission; asked: AskedForJob; line: AdmissionLine; isSession: boolean } {
  const caller = callerOf(request)
  const judged = judgeBody(service, caller, shape(bodyOf(request)))
  const { spec, evaluation, grant } = judged
  const { tenant } = caller
  service.store.asked.note({ tenant, grant: grant.name, verdict: evaluation.verdict, spec })
  const asked = askedForJob(request, spec, evaluation)
  const plan = allowedPlan(service, evaluation, asked)
  const line = admissionLine(asked, jobId)
  const admission = admissionFrom(judged, plan, {
    ...{ jobId, tenant, acceptedAtMs, after: dependenciesOf(judged.spec), batch: null },
    idempotency: idempotencyOf(service, request, spec.secrets !== undefined),
    auditLine: service.admissionLines.seal(line),
  })
  return { admission, asked, line, isSession: plan.sessionIdleMs > 0 }
}

/** The job as it stands right after admission, without asking Redis for what we just wrote. */
function queuedJob(admission: Admission): KeptJob {
  return jobOf(
    admission.payload.jobId,
    new Map([
      ['state', 'queued'],
      ['language', admission.language ?? ''],
      ['image', admission.image ?? ''],
      ['labels', JSON.stringify(admission.labels)],
      ['warnings', JSON.stringify(admission.warnings)],
      ['grant', admission.grant.name],
      ['grantRevision', admission.grant.revision],
      ['createdAt', String(admission.payload.acceptedAtMs)],
    ]),
  )
}

type Accepted = {
  readonly jobId: string
  readonly isNew: boolean
  readonly queued: KeptJob
  readonly headers: Readonly<Record<string, string>>
}

/** What a route makes of a body before it is judged. */
type Shape = (body: unknown) => unknown

/** A session more of the tenant. @throws Refusal quota-exceeded */
async function claim(service: Service, asked: AskedForJob, admission: Admission): Promise<void> {
  const { jobId, tenant } = admission.payload
  const limit = admission.grant.sessions
  const { isGiven, used } = await claimSession(service.store.redis, tenant, jobId, limit)
  if (isGiven) return
  tellDenial(service, asked, 'quota-exceeded')
  const over = { name: 'sessions' as const, limit, used, freesAt: null, secondsLeft: null }
  const detail = `Your tenant may have ${limit} sessions at one time, and has ${used}.`
  const headers = { 'retry-after': '5', ...rateLimitHeaders([over]) }
  throw new Refusal('quota-exceeded', detail, { headers, quota: quotaStateOf(over) })
}

/** Everything that needs the body happens in here, so that a waiting request holds none of it. */
export async function accept(
  service: Service,
  request: FastifyRequest,
  jobId: string,
  shape: Shape = (body) => body,
): Promise<Accepted> {
  requireAudit(service)
  const found = admissionOf(service, request, jobId, Date.now(), shape)
  const { admission: judged, asked, line } = found
  await requireWebhookSecret(service, judged.payload.tenant, judged.payload.spec)
  forgetBody(request)
  const { payload } = judged
  const spec = await withStoredSecrets(service.store, payload.tenant, payload.spec)
  const admission = { ...judged, payload: { ...payload, spec } }
  if (found.isSession) await claim(service, asked, admission)
  const admitted = await service.store.admit(admission)
  if (found.isSession && admitted.kind !== 'accepted')
    await releaseSession(service.store.redis, admission.payload.tenant, jobId)
  // Only now: while it is sealed and written, the job takes as much as its body did.
  releaseBody(request, service.budget)
  refuseUnlessAdmitted(service, asked, admitted)
  const isNew = admitted.kind === 'accepted'
  if (isNew) {
    service.admissionLines.tell(line)
    service.telemetry.count('stockade_jobs_admitted_total', { grant: admission.grant.name })
  }
  const headers = admitted.kind === 'accepted' ? rateLimitHeaders(admitted.quotas) : {}
  return { jobId: admitted.jobId, isNew, queued: queuedJob(admission), headers }
}

async function answerAsItStands(
  service: Service,
  tenant: string,
  jobId: string,
  reply: FastifyReply,
  told: Told | null = null,
): Promise<FastifyReply> {
  const job = await service.store.read(tenant, jobId, told)
  if (job === null) throw new Refusal('not-found', 'The job is no longer kept.')
  return sendJob(service, tenant, reply.code(job.state === 'finished' ? 200 : 202), job)
}

/** Waits for a job that this process has accepted just now: its own channel tells the end. */
async function createAndWait(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
  seconds: number,
): Promise<FastifyReply> {
  const { tenant } = callerOf(request)
  const jobId = newJobId()
  const waiter = service.store.whenFinished(jobId)
  try {
    const accepted = await accept(service, request, jobId)
    locate(request, reply.headers(accepted.headers), accepted.jobId)
    if (!accepted.isNew) return await waitForJob(service, tenant, accepted.jobId, reply, seconds)
    const end = await firstOf(service, reply, waiter.promise, seconds)
    if (end === 'client-gone') return reply.code(202).send(accepted.queued)
    const told = end === 'finished' ? await waiter.promise : null
    return await answerAsItStands(service, tenant, jobId, reply, told)
  } finally {
    waiter.stop()
  }
}

/** Waits for a job that may have been accepted by any process. The read that answers checks whose it is. */
export async function waitForJob(
  service: Service,
  tenant: string,
  jobId: string,
  reply: FastifyReply,
  seconds: number,
): Promise<FastifyReply> {
  const following = new AbortController()
  try {
    await firstOf(service, reply, service.store.awaitEnd(jobId, following.signal), seconds)
  } finally {
    following.abort()
  }
  return answerAsItStands(service, tenant, jobId, reply)
}

function locate(request: FastifyRequest, reply: FastifyReply, jobId: string): void {
  request.jobId = jobId
  reply.header('location', `/v1/jobs/${jobId}`)
}

export function routeJobs(app: FastifyInstance, service: Service): void {
  app.post('/v1/jobs', {
    config: { scope: 'submit', isCounted: true },
    schema: {
      operationId: 'createJob',
      tags: ['jobs'],
      summary: 'Send a job',
      description:
        'Judged at once: a refusal names every reason. Accepted, it waits in the queue. With `wait` (or `Prefer: wait=SECONDS`) the ' +
        'answer is the finished job, if it ends in time. `Idempotency-Key` makes repeating safe: the same key and body give the same job.',
      querystring: WaitQuery,
      headers: CreateHeaders,
      body: JobSpec,
      response: { 200: Job, 202: Job, default: Problem },
    },
    handler: async (request, reply) => {
      const seconds = waitSecondsOf(request, reply, service.settings.waitSecondsMax)
      const leave = beginWait(service, request, reply, seconds)
      if (leave !== null)
        return await createAndWait(service, request, reply, seconds).finally(leave)
      const accepted = await accept(service, request, newJobId())
      locate(request, reply.headers(accepted.headers), accepted.jobId)
      if (accepted.isNew) return reply.code(202).send(accepted.queued)
      return answerAsItStands(service, callerOf(request).tenant, accepted.jobId, reply)
    },
  })
}
