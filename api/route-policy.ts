// Policy without running anything: what would be said of a job, and which rules there are.
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract/error.js'
import { NoQuery, RuleList } from '../contract/http.js'
import { JobSpec } from '../contract/job.js'
import { Evaluation } from '../contract/verdict.js'
import { policyRevision, rules } from '../policy/rules.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { judgeBody } from './route-jobs.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

const ruleList: RuleList = {
  policyRevision,
  rules: rules.map(({ id, title, why, fields, revisions }) => ({
    id,
    revision: revisions.at(-1)?.since ?? 0,
    title,
    why,
    fields: [...fields],
  })),
}

export function routePolicy(app: FastifyInstance, service: Service): void {
  app.post('/v1/policy/evaluate', {
    config: { scope: 'submit' },
    schema: {
      operationId: 'evaluateJob',
      tags: ['policy'],
      summary: 'Ask policy about a job',
      description:
        'The verdict with every violation, and the plan if it is allowed. Runs nothing and keeps nothing.',
      querystring: NoQuery,
      body: JobSpec,
      response: { 200: Evaluation, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      if (request.bodyBytes === null) throw new Refusal('malformed-json', 'the body is empty')
      return reply.send(judgeBody(service, callerOf(request), request.body).evaluation)
    },
  })
  app.get('/v1/policy/rules', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listRules',
      tags: ['policy'],
      summary: 'List the rules',
      description: 'Every rule judges every job.',
      querystring: NoQuery,
      response: { 200: RuleList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.send(ruleList)
    },
  })
}
