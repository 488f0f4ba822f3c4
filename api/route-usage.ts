// Usage by day: a tenant’s own, with the scope `read`; any tenant’s, with the scope `admin` or on the admin socket.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../contract/error.js'
import type { QuotaState } from '../contract/quota.js'
import { isDay, UsageAnswer, UsageQuery, usageDaysMax } from '../contract/usage.js'
import { dayNumberOf } from '../queue/usage.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import { quotasInForce } from './quotas-in-force.js'
import { quotaStateOf } from './rate-limit.js'
import type { Service } from './service.js'

const checkQuery = checker(UsageQuery, 'invalid-header', '/query')

/** Whose usage is asked for. Who may not ask hears the same of a tenant that is there and of one that is not. */
function askedTenant(request: FastifyRequest, wanted: string | undefined): string {
  const { caller } = request
  if (caller === null) return wanted ?? '*'
  if (wanted === undefined || wanted === caller.tenant) return caller.tenant
  if (!caller.scopes.includes('admin'))
    throw new Refusal('scope-missing', 'Another tenant’s usage needs the scope admin.')
  return wanted
}

function checkDays(from: string, to: string, tenant: string): void {
  const days = dayNumberOf(to) - dayNumberOf(from) + 1
  if (![from, to].every(isDay) || days < 1)
    throw new Refusal(
      'invalid-header',
      '`from` and `to` are days, the first no later than the other.',
    )
  const most = tenant === '*' ? 1 : usageDaysMax
  if (days > most)
    throw new Refusal('invalid-header', `One answer has ${most} of such days at most.`)
}

async function standingsOf(service: Service, request: FastifyRequest): Promise<QuotaState[]> {
  const { caller } = request
  const quotas = caller === null ? null : quotasInForce(service, caller.tenantGrant, caller.quotas)
  if (caller === null || quotas === null) return []
  const standings = await service.store.standings(caller.tenant, quotas)
  return standings.map(quotaStateOf)
}

async function answer(service: Service, request: FastifyRequest): Promise<UsageAnswer> {
  const query = checkQuery(request.query)
  const { usage } = service.store
  const to = query.to ?? (await usage.today())
  const from = query.from ?? to
  const tenant = askedTenant(request, query.tenant)
  checkDays(from, to, tenant)
  const rows = tenant === '*' ? await usage.on(to) : await usage.of(tenant, from, to)
  const isOwn = tenant === request.caller?.tenant
  return { from, to, rows, quotas: isOwn ? await standingsOf(service, request) : [] }
}

export function routeUsage(app: FastifyInstance, service: Service): void {
  app.get('/v1/usage', {
    config: { scope: 'read', orScope: 'admin' },
    schema: {
      operationId: 'readUsage',
      tags: ['usage'],
      summary: 'Read usage by day',
      description:
        'A row for each day (UTC) on which there was something, and how the quotas stand now. Rows are added to in the step that ends a ' +
        'job, so that each job is in them exactly once.',
      querystring: UsageQuery,
      response: { 200: UsageAnswer, default: Problem },
    },
    handler: async (request, reply) => reply.send(await answer(service, request)),
  })
}
