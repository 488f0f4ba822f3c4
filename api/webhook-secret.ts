// Secrets of webhooks in Redis, one record a tenant, sealed: unlike a key, whose hash is enough, a secret is needed to sign. Only this
// process kind can read the records (ACL).
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Compile } from 'typebox/compile'
import { WebhookSecretRecord } from '../contract/webhook.js'
import { reaching, run, script } from '../queue/script.js'
import { type Binding, SealError, type Sealer } from '../queue/seal.js'
import { webhookSecret } from './record-names.js'
import { openCache } from './record-seal.js'
import { redisNowMs } from './tenant-store.js'

export type WebhookSecrets = {
  /** Makes one; one that was there signs as well for so long. */
  rotate(tenant: string, overlapSeconds: number): Promise<WebhookSecretRecord>
  /** False when there was none. */
  revoke(tenant: string): Promise<boolean>
  /** Secrets that sign now, the newest first; as they were at most `trustMs` ago. Empty: the tenant has none. */
  signing(tenant: string): Promise<readonly string[]>
}

const bindingOf = (tenant: string): Binding => ({
  ...{ jobId: 'webhook secret', tenant, grant: '', expiresAtMs: 0 },
})

const check = Compile(WebhookSecretRecord)

// In: record, expected text ('' for none), new text. Out: whether it stood as expected.
const replaceScript = script(
  'replace-webhook-secret',
  `if (redis.call('GET', ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', ARGV[1], ARGV[3])
return 1`,
)

/** Null for whatever we did not write, or wrote for another tenant. */
function decode(sealer: Sealer, tenant: string, text: string | null): WebhookSecretRecord | null {
  if (text === null) return null
  try {
    const opened = sealer.open(Buffer.from(text, 'base64'), bindingOf(tenant))
    const record: unknown = JSON.parse(opened.toString('utf8'))
    return check.Check(record) && record.tenant === tenant ? record : null
  } catch (error) {
    if (error instanceof SealError) return null
    throw error
  }
}

function next(
  tenant: string,
  before: WebhookSecretRecord | null,
  nowMs: number,
  overlapSeconds: number,
): WebhookSecretRecord {
  const previous =
    before === null || overlapSeconds === 0
      ? null
      : { secret: before.secret, untilMs: nowMs + overlapSeconds * 1000 }
  return { tenant, secret: randomBytes(32).toString('base64'), createdAtMs: nowMs, previous }
}

/** Calls reject with StoreUnavailable when Redis is away. */
export function openWebhookSecrets(redis: Redis, sealer: Sealer): WebhookSecrets {
  const cache = openCache<WebhookSecretRecord>()
  const read = (tenant: string): Promise<string | null> =>
    reaching(() => redis.get(webhookSecret(tenant)))
  return {
    async rotate(tenant, overlapSeconds) {
      const nowMs = await redisNowMs(redis)
      for (;;) {
        const text = await read(tenant)
        const made = next(tenant, decode(sealer, tenant, text), nowMs, overlapSeconds)
        const sealed = sealer.seal(Buffer.from(JSON.stringify(made)), bindingOf(tenant))
        const values = [webhookSecret(tenant), text ?? '', sealed.toString('base64')]
        cache.drop(tenant)
        if ((await run(redis, replaceScript, values)) === 1) return made
      }
    },
    async revoke(tenant) {
      cache.drop(tenant)
      return (await reaching(() => redis.del(webhookSecret(tenant)))) > 0
    },
    async signing(tenant) {
      const known = cache.get(tenant) ?? decode(sealer, tenant, await read(tenant))
      if (known === null) return []
      cache.put(tenant, known)
      const { secret, previous } = known
      return previous !== null && previous.untilMs > Date.now()
        ? [secret, previous.secret]
        : [secret]
    },
  }
}
