// Sessions: sandboxes with a long life. One is a job without a program of its own, so that all that holds for jobs holds for it.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../contract/error.js'
import { CreateHeaders, NoQuery } from '../contract/http.js'
import { JobSpec } from '../contract/job.js'
import type { KeptJob } from '../contract/result.js'
import { Session, SessionList } from '../contract/session.js'
import { newJobId } from '../queue/job-id.js'
import { listSessions } from '../queue/sessions.js'
import { tellCancel } from './audit-acts.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import { accept } from './route-jobs.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

const states = { queued: 'queued', running: 'open', finished: 'ended' } as const

export function sessionOf(job: KeptJob): Session {
  const { id, outcome, cause, createdAt, startedAt, finishedAt } = job
  const state = states[job.state]
  return { id, state, outcome, cause: cause?.message ?? null, createdAt, startedAt, finishedAt }
}

/** What a body that asks for a session leaves unsaid. */
const asSession = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && !Array.isArray(body) && !('session' in body)
    ? { ...body, session: {} }
    : body

async function readSession(service: Service, tenant: string, id: string): Promise<Session> {
  const job = await service.store.read(tenant, id)
  if (job === null) throw new Refusal('not-found')
  return sessionOf(job)
}

function routeCreate(app: FastifyInstance, service: Service): void {
  app.post('/v1/sessions', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'createSession',
      tags: ['sessions'],
      summary: 'Open a session',
      description:
        'A sandbox with a long life, judged as a job is: a job with `session`, which may be left out here. `limits.wallMs` is its whole life. ' +
        'It waits in the queue as any job; a program that is started in it waits some seconds for that.',
      querystring: NoQuery,
      headers: CreateHeaders,
      body: JobSpec,
      response: { 201: Session, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const accepted = await accept(service, request, newJobId(), asSession)
      request.jobId = accepted.jobId
      reply.headers({ ...accepted.headers, location: `/v1/sessions/${accepted.jobId}` }).code(201)
      if (accepted.isNew) return reply.send(sessionOf(accepted.queued))
      return reply.send(await readSession(service, callerOf(request).tenant, accepted.jobId))
    },
  })
}

function routeList(app: FastifyInstance, service: Service): void {
  app.get('/v1/sessions', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listSessions',
      tags: ['sessions'],
      summary: 'List sessions',
      description: 'Those of the tenant that have not ended, the oldest first.',
      querystring: NoQuery,
      response: { 200: SessionList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const { tenant } = callerOf(request)
      const ids = await listSessions(service.store.redis, tenant)
      const jobs = await Promise.all(ids.map((id) => service.store.read(tenant, id)))
      const sessions = jobs.filter((job) => job !== null).map(sessionOf)
      return reply.send({ sessions })
    },
  })
}

function routeRead(app: FastifyInstance, service: Service): void {
  app.get('/v1/sessions/:id', {
    config: { scope: 'read' },
    schema: {
      operationId: 'readSession',
      tags: ['sessions'],
      summary: 'Read a session',
      description: 'As it stands. What it has used stands in its job, `/v1/jobs/{id}`.',
      params: JobPath,
      querystring: NoQuery,
      response: { 200: Session, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.send(await readSession(service, callerOf(request).tenant, jobIdOf(request)))
    },
  })
}

async function cancel(service: Service, request: FastifyRequest): Promise<Session> {
  const { tenant } = callerOf(request)
  const id = jobIdOf(request)
  const cancelled = await service.store.cancel(tenant, id)
  if (cancelled === 'cancelled' || cancelled === 'cancelling')
    tellCancel(service, request, id, cancelled)
  return readSession(service, tenant, id)
}

function routeEnd(app: FastifyInstance, service: Service): void {
  app.delete('/v1/sessions/:id', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'endSession',
      tags: ['sessions'],
      summary: 'End a session',
      description:
        'With all that runs in it. 200 when it has ended, 202 when its worker has been told to end it.',
      params: JobPath,
      querystring: NoQuery,
      response: { 200: Session, 202: Session, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const session = await cancel(service, request)
      return reply.code(session.state === 'ended' ? 200 : 202).send(session)
    },
  })
}

export function routeSessions(app: FastifyInstance, service: Service): void {
  routeCreate(app, service)
  routeList(app, service)
  routeRead(app, service)
  routeEnd(app, service)
}
