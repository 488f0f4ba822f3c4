// Waiting for the end of a job inside a request: how long one may, and everything that ends the wait.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WaitQuery } from '../contract/http.js'
import { checker } from './check.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

const checkWait = checker(WaitQuery, 'invalid-header', '/query')

/**
 * Seconds to wait, 0 for not at all. A `wait` above the longest is refused, a preference above it is cut (RFC 7240: preferences
 * never fail a request).
 */
export function waitSecondsOf(
  request: FastifyRequest,
  reply: FastifyReply,
  secondsMax: number,
): number {
  const { wait } = checkWait(request.query)
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
