// What a receiver is sent: the body, made of the job as it stood when it happened, and the headers that sign it. Standard Webhooks 1.0.0:
// HMAC-SHA-256 over id, timestamp and body, so that a receiver can check it with a library that exists, and refuse what is old.
import { createHmac } from 'node:crypto'
import type { BatchEnd } from '../contract/batch.js'
import type { WebhookMessage } from '../contract/webhook.js'
import { outcomesOf } from '../queue/batch.js'
import type { DueDelivery } from '../queue/delivery-queue.js'
import { listedJobOf } from '../queue/record.js'

/** The state that is told of, not the one that the job has by now. */
function fieldsThen({ type, attempt, fields }: DueDelivery): ReadonlyMap<string, string> {
  const then = new Map(fields)
  then.set('runs', String(attempt))
  if (type === 'job.finished') return then
  then.set('state', type === 'job.queued' ? 'queued' : 'running')
  const later = [
    'outcome',
    'summary',
    'finishedAt',
    ...(type === 'job.queued' ? ['startedAt'] : []),
  ]
  for (const name of later) then.delete(name)
  return then
}

function batchOf({ jobId: id, fields }: DueDelivery): BatchEnd {
  const instant = (name: string): string => new Date(Number(fields.get(name))).toISOString()
  const [total, outcomes] = [Number(fields.get('total')), outcomesOf(Object.fromEntries(fields))]
  return { id, total, outcomes, createdAt: instant('createdAt'), finishedAt: instant('finishedAt') }
}

export function messageOf(due: DueDelivery): string {
  const { type, atMs, jobId } = due
  const message: WebhookMessage = {
    type,
    timestamp: new Date(atMs).toISOString(),
    data:
      type === 'batch.finished'
        ? { batch: batchOf(due) }
        : { job: listedJobOf(jobId, fieldsThen(due)) },
  }
  return JSON.stringify(message)
}

/** One signature for each secret (base64), so that a rotation loses nothing. */
export function signedHeaders(
  id: string,
  timestampSeconds: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', Buffer.from(secret, 'base64'))
    return `v1,${hmac.update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`
  })
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'stockade-webhook/1',
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.join(' '),
  }
}
