// The sender of webhooks, one in each api process: takes what is due, a bounded number at one time, and says what became of each. What a
// process that dies was sending is taken by another when its lease ends; receivers that hang hold their own tenant’s places alone.
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import type { DeliveryFault } from '../contract/webhook.js'
import type { LoadedGrant } from '../policy/grant-file.js'
import { StoreUnavailable } from '../queue/connect.js'
import type { DeliveryQueue, DueDelivery, Sent, Taken } from '../queue/delivery-queue.js'
import type { Service } from './service.js'
import type { Telemetry } from './telemetry.js'
import type { TenantStore } from './tenant-store.js'
import { openResolve } from './webhook-connect.js'
import type { WebhookSecrets } from './webhook-secret.js'
import { type SendParts, sendWebhook, type Try } from './webhook-send.js'

export type SenderParts = {
  readonly deliveries: DeliveryQueue
  readonly secrets: WebhookSecrets
  readonly tenants: TenantStore
  readonly grants: () => ReadonlyMap<string, LoadedGrant>
  readonly settings: Settings
  readonly telemetry: Telemetry
  readonly log: Logger
}

export type WebhookSender = { close(): Promise<void> }

/** Looked for at least so often: a try that waits tells nobody when its time has come. Milliseconds. */
const turnMs = 1000
/** Beyond the longest try, before another process takes it over. Milliseconds. */
const leaseSlackMs = 2000
const waitMsMax = 3_600_000

/** These cannot become right by trying again. */
const finalFaults: ReadonlySet<DeliveryFault> = new Set([
  'callback-refused',
  'address-refused',
  'no-secret',
])

/** Four times as long each time, a quarter of it by chance, so that what failed together is not tried together. */
function backoffMs(tries: number, firstMs: number): number {
  const whole = Math.min(firstMs * 4 ** Math.max(0, tries - 1), waitMsMax)
  return Math.round(whole * (0.75 + Math.random() / 4))
}

/** 410 is how a receiver says that it wants no more of them (RFC 9110, 15.5.11). */
const gone = 410

export function sentOf(tried: Try, tries: number, settings: Settings): Sent {
  const { status, fault, retryAfterMs } = tried
  if (fault === null) return { is: 'delivered', waitMs: 0, status, fault }
  if (finalFaults.has(fault)) return { is: 'refused', waitMs: 0, status, fault }
  if (status === gone || tries >= settings.callbackTriesMax)
    return { is: 'failed', waitMs: 0, status, fault }
  const waitMs = Math.max(backoffMs(tries, settings.callbackRetryMs), retryAfterMs)
  return { is: 'waiting', waitMs, status, fault }
}

async function tryOne(parts: SenderParts, send: SendParts, due: DueDelivery): Promise<Try> {
  const { secrets, tenants, grants } = parts
  const tenant = await tenants.trusted(due.tenant)
  if (tenant === null || tenant.disabled)
    return { status: null, fault: 'callback-refused', retryAfterMs: 0 }
  const grant = grants().get(due.grant) ?? null
  return sendWebhook(due, grant, await secrets.signing(due.tenant), send)
}

async function deliver(parts: SenderParts, send: SendParts, taken: Taken): Promise<void> {
  const { deliveries, settings, telemetry, log } = parts
  const due = await deliveries.read(taken)
  if (due === null || !due.isWaiting) {
    const fault = due === null ? ('callback-refused' as const) : null
    return deliveries.settle(taken, { is: 'refused', waitMs: 0, status: null, fault })
  }
  const before = performance.now()
  const tried = await tryOne(parts, send, due)
  telemetry.observe('stockade_webhook_seconds', {}, (performance.now() - before) / 1000)
  const sent = sentOf(tried, due.tries, settings)
  await deliveries.settle(taken, sent)
  telemetry.count('stockade_webhook_tries_total', { result: sent.is, fault: sent.fault ?? '' })
  const { tenant, id } = due
  log.debug({ tenant, delivery: id, result: sent.is, fault: sent.fault }, 'webhook')
}

/** Of Redis that is away nothing is said here; what was taken is taken again when its lease ends. */
function noteFailure({ log }: SenderParts, error: unknown): void {
  if (error instanceof StoreUnavailable) log.debug({ error: error.message }, 'webhooks wait')
  else log.error({ err: error }, 'a webhook failed by our fault')
}

export function openWebhookSender(parts: SenderParts): WebhookSender {
  const { deliveries, settings } = parts
  const { callbackTimeoutMs, callbackAuthorityFile, callbackSendsMax } = settings
  const send: SendParts = {
    resolve: openResolve(settings.callbackResolvers),
    authorities: callbackAuthorityFile === '' ? null : readFileSync(callbackAuthorityFile, 'utf8'),
    timeoutMs: callbackTimeoutMs,
  }
  const sending = new Set<Promise<void>>()
  let isClosed = false
  let isLooking = false
  let lookAgain = false
  const start = (taken: Taken): void => {
    const one = deliver(parts, send, taken).catch((error: unknown) => noteFailure(parts, error))
    sending.add(one)
    void one.finally(() => {
      sending.delete(one)
      void look()
    })
  }
  const lookOnce = async (): Promise<void> => {
    const free = callbackSendsMax - sending.size
    if (free <= 0) return
    const taken = await deliveries.take(free, callbackTimeoutMs + leaseSlackMs)
    for (const one of taken) start(one)
  }
  const look = async (): Promise<void> => {
    lookAgain = true
    if (isLooking || isClosed) return
    isLooking = true
    while (lookAgain && !isClosed) {
      lookAgain = false
      await lookOnce().catch((error: unknown) => noteFailure(parts, error))
    }
    isLooking = false
  }
  const stopListening = deliveries.listen(() => void look()).catch(() => () => undefined)
  const timer = setInterval(() => void look(), turnMs).unref()
  void look()
  return {
    async close() {
      isClosed = true
      clearInterval(timer)
      ;(await stopListening)()
      await Promise.all(sending)
    },
  }
}

export function openServiceSender(service: Service): WebhookSender {
  const { store, webhookSecrets: secrets, keys, files, settings, telemetry, log } = service
  const { deliveries } = store
  const grants = (): ReadonlyMap<string, LoadedGrant> => files().grants
  return openWebhookSender({
    ...{ deliveries, secrets, tenants: keys.tenants, grants, settings, telemetry, log },
  })
}
