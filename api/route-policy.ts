// Policy without running anything: what would be said of a job, and which rules there are.
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract/error.js'
import {
  NoQuery,
  type RuleExplanation,
  RuleExplanation as RuleExplanationSchema,
  RuleList,
  RuleParameters,
} from '../contract/http.js'
import { JobSpec } from '../contract/job.js'
import { Evaluation } from '../contract/verdict.js'
import type { Rule } from '../policy/rule.js'
import { policyRevision, rules } from '../policy/rules.js'
import { type WarningRule, warningRules } from '../policy/warnings.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { bodyOf } from './request-body.js'
import { judgeBody } from './route-jobs.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

type Explained = Pick<RuleExplanation, 'id' | 'title' | 'why' | 'references'>

function explained({ id, title, why, references }: Rule | WarningRule): Explained {
  return { id, title, why, references: [...references] }
}

const ruleList: RuleList = {
  policyRevision,
  rules: rules.map((rule) => ({
    ...explained(rule),
    revision: rule.revisions.at(-1)?.since ?? 0,
    fields: [...rule.fields],
  })),
  warnings: warningRules.map(explained),
}

/** What `docs` of a violation or a warning leads to. Examples may be large: only their names are kept. */
const explanations: ReadonlyMap<string, RuleExplanation> = new Map<string, RuleExplanation>([
  ...rules.map((rule): [string, RuleExplanation] => [
    rule.id,
    {
      ...explained(rule),
      effect: 'deny',
      fields: [...rule.fields],
      denied: rule.fixtures().deny.map((fixture) => fixture.name),
    },
  ]),
  ...warningRules.map((warning): [string, RuleExplanation] => [
    warning.id,
    { ...explained(warning), effect: 'warn', fields: [], denied: [] },
  ]),
])

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
      return reply.send(judgeBody(service, callerOf(request), bodyOf(request)).evaluation)
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
  app.get('/v1/policy/rules/:rule', {
    config: { scope: 'read' },
    schema: {
      operationId: 'explainRule',
      tags: ['policy'],
      summary: 'Explain a rule or a warning',
      description: 'Where `docs` of a violation or a warning leads.',
      params: RuleParameters,
      querystring: NoQuery,
      response: { 200: RuleExplanationSchema, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      const found = explanations.get((request.params as RuleParameters).rule)
      if (found === undefined) throw new Refusal('not-found', 'There is no such rule.')
      return reply.send(found)
    },
  })
}
