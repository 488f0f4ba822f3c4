// Whether a job’s callback could be told anything: a webhook is signed, or it is not sent.
import type { JobSpec } from '../contract/job.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

/** @throws Refusal webhook-secret-missing */
export async function requireWebhookSecret(
  { webhookSecrets }: Service,
  tenant: string,
  { callback }: Pick<JobSpec, 'callback'>,
): Promise<void> {
  if (callback === undefined) return
  if ((await webhookSecrets.signing(tenant)).length === 0)
    throw new Refusal('webhook-secret-missing')
}
