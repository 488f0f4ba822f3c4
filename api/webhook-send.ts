// One try of one webhook: judged again, sent, and what came of it. Nothing of the answer is kept but its status: whoever can choose the
// address must not be able to read by it.
import type { Dispatcher } from 'undici'
import { Client } from 'undici'
import type { DeliveryFault } from '../contract/webhook.js'
import { addressFaults } from '../policy/callback-address.js'
import { originGrant } from '../policy/callback-origin.js'
import type { LoadedGrant } from '../policy/grant-file.js'
import type { DueDelivery } from '../queue/delivery-queue.js'
import { AddressRefused, judgingConnector, type Resolve, Unresolved } from './webhook-connect.js'
import { messageOf, signedHeaders } from './webhook-message.js'

export type Try = {
  readonly status: number | null
  readonly fault: DeliveryFault | null
  /** What the receiver asked for by Retry-After, milliseconds. */
  readonly retryAfterMs: number
}

export type SendParts = {
  readonly resolve: Resolve
  readonly authorities: string | null
  readonly timeoutMs: number
}

const headerBytesMax = 16_384
const retryAfterSecondsMax = 3600

const failed = (fault: DeliveryFault): Try => ({ status: null, fault, retryAfterMs: 0 })

/** Errors of OpenSSL and of Node’s own check of a certificate. */
const isTls = (code: string): boolean =>
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|ERR_OSSL)/.test(code)

function faultOf(error: unknown): DeliveryFault {
  if (error instanceof AddressRefused) return 'address-refused'
  if (error instanceof Unresolved) return 'unresolved'
  const { name = '', code = '' } = error as { name?: string; code?: string }
  if (name === 'TimeoutError' || /TIMEOUT|TIMEDOUT/.test(code)) return 'timed-out'
  if (isTls(code)) return 'tls'
  if (/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES)/.test(code)) return 'answer-refused'
  return 'not-connected'
}

function retryAfterOf(headers: Dispatcher.ResponseData['headers']): number {
  const value = headers['retry-after']
  if (typeof value !== 'string' || !/^\d{1,6}$/.test(value)) return 0
  return Math.min(Number(value), retryAfterSecondsMax) * 1000
}

async function post(
  url: URL,
  body: string,
  headers: Record<string, string>,
  networks: readonly string[],
  { resolve, authorities, timeoutMs }: SendParts,
): Promise<Try> {
  const client = new Client(url.origin, {
    connect: judgingConnector({ resolve, networks, timeoutMs, authorities }),
    maxHeaderSize: headerBytesMax,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  try {
    // No redirect is followed: undici does so only when it is told to.
    const answer = await client.request({
      ...{ method: 'POST', path: `${url.pathname}${url.search}`, headers, body },
      signal: AbortSignal.timeout(timeoutMs),
    })
    answer.body.once('error', () => undefined)
    answer.body.destroy()
    const { statusCode: status } = answer
    const isTaken = status >= 200 && status < 300
    return { status, fault: isTaken ? null : 'status', retryAfterMs: retryAfterOf(answer.headers) }
  } catch (error) {
    return failed(faultOf(error))
  } finally {
    // With the connection: a receiver that goes on sending has nobody to send to.
    await client.destroy().catch(() => undefined)
  }
}

/** Never throws. `grant`: as it is now; null when there is none of the name any more. */
export async function sendWebhook(
  due: DueDelivery,
  grant: LoadedGrant | null,
  secrets: readonly string[],
  parts: SendParts,
): Promise<Try> {
  if (grant === null) return failed('callback-refused')
  const { callbackOrigins, callbackNetworks: networks } = grant.grant
  const { isGiven, isNamed } = originGrant(due.address, callbackOrigins)
  if (!isGiven || addressFaults(due.address, { isNamed, networks }).length > 0)
    return failed('callback-refused')
  if (secrets.length === 0) return failed('no-secret')
  const body = messageOf(due)
  const headers = signedHeaders(due.id, Math.floor(Date.now() / 1000), body, secrets)
  return post(new URL(due.address), body, headers, networks, parts)
}
