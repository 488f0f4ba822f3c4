// What the tests of webhooks share: an api with a grant that names their receiver, tenants with a secret, and waiting for deliveries.
import { setTimeout } from 'node:timers/promises'
import type { Settings } from '../../contract/config.js'
import type { Job } from '../../contract/result.js'
import type { Delivery, DeliveryList, WebhookSecret } from '../../contract/webhook.js'
import type { LiveRedis } from '../queue/live-redis.js'
import { type LiveApi, openLiveApi } from './live-api.js'
import type { NameServer } from './name-server.js'
import { ask } from './raw-http.js'
import type { Receiver } from './receiver.js'

export const retryMs = 20

/** `named`: the receiver of the test by a name that its grant has. `open`: any public host, and no range beyond. */
export function hookGrants(port: number): Record<string, string> {
  return {
    'named.yaml': `extends: ci\ncallbackOrigins: ['http://hooks.internal:${port}']\ncallbackNetworks: [127.0.0.1/32]\n`,
    'open.yaml': `extends: ci\ncallbackOrigins: ['https://*', 'http://hooks.internal:${port}']\n`,
  }
}

export function openHookApi(
  redis: LiveRedis,
  names: NameServer,
  receiver: Receiver,
  settings: Partial<Settings> = {},
): Promise<LiveApi> {
  names.set('hooks.internal', ['127.0.0.1'])
  const own: Partial<Settings> = {
    ...{ callbackResolvers: names.address, callbackRetryMs: retryMs, callbackTimeoutMs: 1000 },
    callbackTriesMax: 4,
  }
  return openLiveApi(redis, {
    settings: { ...own, ...settings },
    grants: hookGrants(receiver.port),
  })
}

export type Hooks = {
  readonly key: string
  readonly secret: string
  readonly address: string
  submit(more?: object): Promise<Job>
  /** All deliveries of a job, as soon as none of them waits (or as `when` says). */
  settled(jobId: string, when?: (all: Delivery[]) => boolean): Promise<Delivery[]>
}

const isOver = (all: Delivery[]): boolean =>
  all.length > 0 && all.every(({ state }) => state !== 'waiting')

export async function newSecret(
  api: LiveApi,
  tenant: string,
  body: object = {},
): Promise<WebhookSecret> {
  const admin = await api.key('operator', ['admin'])
  const path = `/v1/admin/tenants/${tenant}/webhook-secret`
  const answer = await ask(api.origin, 'POST', path, { key: admin, body })
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.json as WebhookSecret
}

export async function openHooks(
  api: LiveApi,
  tenant: string,
  receiver: Receiver,
  grant = 'named',
): Promise<Hooks> {
  const key = await api.key(tenant, ['submit', 'read'], grant)
  const { secret } = await newSecret(api, tenant)
  const address = `http://hooks.internal:${receiver.port}/from/${tenant}?token=abc`
  return {
    ...{ key, secret, address },
    async submit(more = {}) {
      const body = { language: 'bash', source: 'true', callback: address, ...more }
      const answer = await ask(api.origin, 'POST', '/v1/jobs', { key, body })
      if (answer.status !== 202) throw new Error(answer.text)
      return answer.json as Job
    },
    async settled(jobId, when = isOver) {
      for (;;) {
        const path = `/v1/jobs/${jobId}/deliveries`
        const { deliveries } = (await ask(api.origin, 'GET', path, { key })).json as DeliveryList
        if (when(deliveries)) return deliveries
        await setTimeout(retryMs)
      }
    },
  }
}
