// Batches: many jobs in one request, taken or refused as a whole; how they stand together; an end to all of them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Batch, BatchCreated, BatchCreation, BatchQuery, batchJobsMax } from '../contract/batch.js'
import type { Dependency } from '../contract/dependency.js'
import { Problem } from '../contract/error.js'
import { CreateHeaders, NoQuery } from '../contract/http.js'
import { newBatchId, newJobId } from '../queue/job-id.js'
import type { Admission } from '../queue/job-store.js'
import { admissionFrom, idempotencyOf, refuseUnlessAdmitted } from './admission.js'
import type { Admission as AdmissionLine } from './admission-lines.js'
import { admissionLine, requireAudit, tellCancel } from './audit-acts.js'
import { callerOf } from './auth.js'
import { type JudgedEntry, judgeBatch, withSecretsOfAll } from './batch-judgement.js'
import { requireWebhookSecret } from './callback-secret.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { rateLimitHeaders } from './rate-limit.js'
import { forgetBody, releaseBody } from './request-body.js'
import type { Service } from './service.js'
import { beginWait, firstOf, waitSecondsOf } from './waiting.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')
const checkQuery = checker(BatchQuery, 'invalid-header', '/query')
const idPattern = /^bat_[0-9a-z]{26}$/
export const BatchPath = Type.Object({
  id: Type.String({ pattern: idPattern.source, description: 'The batch’s id.' }),
})
const pageDefault = 20

/** @throws Refusal not-found */
export function batchIdOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string }
  if (!idPattern.test(id)) throw new Refusal('not-found')
  return id
}

type Prepared = {
  readonly admission: Admission
  readonly line: AdmissionLine
  readonly name: string
}

/** Ids are given first, so that those who wait for others can name them. */
function prepare(
  service: Service,
  tenant: string,
  batchId: string,
  judged: readonly JudgedEntry[],
): readonly Prepared[] {
  const acceptedAtMs = Date.now()
  const ids = judged.map(() => newJobId())
  return judged.map(({ entry, judged: one, plan, asked }, at) => {
    const jobId = ids[at] ?? ''
    const line = admissionLine(asked, jobId)
    const after: readonly Dependency[] = entry.after.map(({ job, on }) => ({
      job: typeof job === 'number' ? (ids[job] ?? '') : job,
      on,
    }))
    const admission = admissionFrom(one, plan, {
      ...{ jobId, tenant, acceptedAtMs, after, batch: { id: batchId, name: entry.name } },
      idempotency: null,
      auditLine: service.admissionLines.seal(line),
    })
    return { admission, line, name: entry.name }
  })
}

/** What was taken before, by the same key: its jobs as they were made then. */
async function createdBefore(service: Service, tenant: string, id: string): Promise<BatchCreated> {
  const page = { from: 0, limit: batchJobsMax }
  const batch = await service.store.batches.read(tenant, id, page)
  if (batch === null) throw new Refusal('not-found', 'The batch is no longer kept.')
  const jobs = batch.jobs.map(({ id: jobId, batch: own }) => ({ id: jobId, name: own?.name ?? '' }))
  return { id, total: batch.total, jobs }
}

async function create(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<BatchCreated> {
  requireAudit(service)
  const { tenant } = callerOf(request)
  const idempotency = idempotencyOf(service, request, true)
  const { entries, callback } = await judgeBatch(service, request)
  const judged = await withSecretsOfAll(service, tenant, entries)
  for (const { judged: one } of judged) await requireWebhookSecret(service, tenant, one.spec)
  if (callback !== null) await requireWebhookSecret(service, tenant, { callback })
  const id = newBatchId()
  const prepared = prepare(service, tenant, id, judged)
  forgetBody(request)
  const admissions = prepared.map(({ admission }) => admission)
  const admitted = await service.store.batches.admit({ id, admissions, idempotency, callback })
  releaseBody(request, service.budget)
  const [first] = judged
  if (first === undefined) throw new Error('a batch without a job was judged')
  refuseUnlessAdmitted(service, first.asked, admitted)
  reply.header('location', `/v1/batches/${admitted.jobId}`)
  if (admitted.kind === 'repeated') return createdBefore(service, tenant, admitted.jobId)
  reply.headers(rateLimitHeaders(admitted.quotas))
  const grant = admissions[0]?.grant.name ?? ''
  service.telemetry.count('stockade_jobs_admitted_total', { grant }, prepared.length)
  for (const { line } of prepared) service.admissionLines.tell(line)
  const jobs = prepared.map(({ admission, name }) => ({ id: admission.payload.jobId, name }))
  return { id, total: jobs.length, jobs }
}

function routeCreate(app: FastifyInstance, service: Service): void {
  app.post('/v1/batches', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'createBatch',
      tags: ['jobs'],
      summary: 'Send many jobs',
      description:
        'All of them are taken, or none: a refusal names every fault of every job, as in `/jobs/3/limits/wallMs`. Each counts against the quotas. A job may ' +
        'have a `matrix` and is then made once for each combination; a job may run `after` others of the batch. `Idempotency-Key` as for one job.',
      headers: CreateHeaders,
      querystring: NoQuery,
      body: BatchCreation,
      response: { 202: BatchCreated, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.code(202).send(await create(service, request, reply))
    },
  })
}

async function read(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { tenant } = callerOf(request)
  const id = batchIdOf(request)
  const query = checkQuery(request.query)
  const { cursor = '0', limit } = query
  const page = { from: Number(cursor), limit: limit === undefined ? pageDefault : Number(limit) }
  const seconds = waitSecondsOf(request, reply, service.settings.waitSecondsMax, query)
  const { batches } = service.store
  const known = await batches.read(tenant, id, page)
  if (known === null) throw new Refusal('not-found')
  const leave = known.state === 'finished' ? null : beginWait(service, request, reply, seconds)
  if (leave === null) return reply.send(known)
  const following = new AbortController()
  try {
    await firstOf(service, reply, batches.awaitEnd(id, following.signal), seconds)
  } finally {
    following.abort()
    leave()
  }
  const batch = await batches.read(tenant, id, page)
  if (batch === null) throw new Refusal('not-found', 'The batch is no longer kept.')
  return reply.code(batch.state === 'finished' ? 200 : 202).send(batch)
}

export function routeBatches(app: FastifyInstance, service: Service): void {
  routeCreate(app, service)
  app.get('/v1/batches/:id', {
    config: { scope: 'read' },
    schema: {
      operationId: 'readBatch',
      tags: ['jobs'],
      summary: 'Read a batch',
      description:
        'How its jobs stand, counted by state and outcome, and a page of them. With `wait`: 200 when all have ended, 202 when time is up.',
      params: BatchPath,
      querystring: BatchQuery,
      response: { 200: Batch, 202: Batch, default: Problem },
    },
    handler: (request, reply) => read(service, request, reply),
  })
  app.delete('/v1/batches/:id', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'cancelBatch',
      tags: ['jobs'],
      summary: 'Cancel a batch',
      description: 'Each of its jobs, as `DELETE /v1/jobs/{id}` does. 202 while some still run.',
      params: BatchPath,
      querystring: NoQuery,
      response: { 200: Batch, 202: Batch, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const { tenant } = callerOf(request)
      const id = batchIdOf(request)
      const ends = await service.store.batches.cancel(tenant, id)
      if (ends === null) throw new Refusal('not-found')
      for (const [jobId, end] of ends)
        if (end === 'cancelled' || end === 'cancelling') tellCancel(service, request, jobId, end)
      const page = { from: 0, limit: pageDefault }
      const batch = await service.store.batches.read(tenant, id, page)
      if (batch === null) throw new Refusal('not-found')
      return reply.code(batch.state === 'finished' ? 200 : 202).send(batch)
    },
  })
}
