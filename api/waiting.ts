// Waiting for the end of a job inside a request: how long one may, and everything that ends the wait.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaitQuery } from '../contract/http.js'
import type { MetricName } from '../contract/metric.js'
import { callerOf } from './auth.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

const checkWait = checker(WaitQuery, 'invalid-header', '/query')

/**
 * Seconds to wait, 0 for not at all. A `wait` above the longest is refused, a preference above it is cut (RFC 7240: preferences
 * never fail a request). `query`: as checked, where it has other fields, too.
 */
export function waitSecondsOf(
  request: FastifyRequest,
  reply: FastifyReply,
  secondsMax: number,
  query: WaitQuery = checkWait(request.query),
): number {
  const { wait } = query
  if (wait !== undefined) {
    const seconds = Number(wait)
    if (seconds > secondsMax) {
      const violations = [
        { rule: 'schema', pointer: '/query/wait', message: `must be at most ${secondsMax}` },
      ]
      throw new Refusal('invalid-header', `wait is at most ${secondsMax} seconds.`, { violations })
    }
    return seconds
  }
  const [, preferred] =
    /(?:^|[,;\s])wait=(\d{1,6})(?=$|[,;\s])/i.exec(String(request.headers.prefer ?? '')) ?? []
  if (preferred === undefined) return 0
  const seconds = Math.min(Number(preferred), secondsMax)
  reply.header('preference-applied', `wait=${seconds}`)
  return seconds
}

/**
 * Takes a place among what the tenant may have open, and counts it in `gauge`. Returns how to leave.
 * @throws Refusal too-many-waits
 */
export function takePlace(service: Service, tenant: string, gauge: MetricName): () => void {
  const giveBack = service.waits.take(tenant)
  if (giveBack === null) {
    service.telemetry.count('stockade_waits_refused_total', {})
    const detail = `A tenant may have ${service.settings.tenantWaitsMax} open at one time.`
    throw new Refusal('too-many-waits', detail, { headers: { 'retry-after': '5' } })
  }
  service.telemetry.add(gauge, 1)
  return () => {
    service.telemetry.add(gauge, -1)
    giveBack()
  }
}

/**
 * Begins a wait of so many seconds; returns how to leave it, or null when there is none. A mere preference for which the
 * tenant has no place is passed over.
 * @throws Refusal too-many-waits
 */
export function beginWait(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
  seconds: number,
): (() => void) | null {
  if (seconds === 0) return null
  const { tenant } = callerOf(request)
  try {
    return takePlace(service, tenant, 'stockade_waiting_requests')
  } catch (error) {
    if (!(error instanceof Refusal) || !reply.hasHeader('preference-applied')) throw error
    reply.removeHeader('preference-applied')
    return null
  }
}

export type WaitEnd = 'finished' | 'time-up' | 'client-gone'

/** The first of: `finished` settles, time is up or the process ends, the client goes away. Leaves nothing behind. */
export function firstOf(
  service: Service,
  reply: FastifyReply,
  finished: Promise<unknown>,
  seconds: number,
): Promise<WaitEnd> {
  return new Promise((resolve, reject) => {
    const settle = (end: WaitEnd): void => {
      cleanUp()
      resolve(end)
    }
    const onTime = (): void => settle('time-up')
    const onClose = (): void => settle('client-gone')
    const timer = setTimeout(onTime, seconds * 1000)
    const cleanUp = (): void => {
      clearTimeout(timer)
      reply.raw.off('close', onClose)
      service.stopping.removeEventListener('abort', onTime)
    }
    reply.raw.once('close', onClose)
    service.stopping.addEventListener('abort', onTime)
    if (service.stopping.aborted) onTime()
    finished.then(
      () => settle('finished'),
      (error: unknown) => {
        cleanUp()
        reject(error as Error)
      },
    )
  })
}
