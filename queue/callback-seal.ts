// The address of a callback in a job’s record: sealed, since its path often holds a secret of the caller’s, and bound to its job, so that
// whoever can write to Redis cannot put another in its place.
import type { Payload } from '../contract/payload.js'
import { type CallbackState, callbackStates } from '../contract/webhook.js'
import type { Binding, Sealer } from './seal.js'

/** Not the payload’s own binding: what is sealed as one is never opened as the other. */
const place = (jobId: string): string => `callback of ${jobId}`

export const callbackBinding = (jobId: string, fields: ReadonlyMap<string, string>): Binding => ({
  jobId: place(jobId),
  tenant: fields.get('tenant') ?? '',
  grant: fields.get('grant') ?? '',
  expiresAtMs: Number(fields.get('expiresAt')),
})

/** Fields of the record: the sealed address, and the states to tell of. Empty without a callback. */
export function callbackFields(sealer: Sealer, payload: Payload): string[] {
  const { jobId, tenant, grant, expiresAtMs, spec } = payload
  if (spec.callback === undefined) return []
  const binding = { jobId: place(jobId), tenant, grant, expiresAtMs }
  const states: readonly CallbackState[] = spec.callbackOn ?? callbackStates
  const sealed = sealer.seal(Buffer.from(spec.callback), binding)
  return ['callback', sealed.toString('base64'), 'callbackOn', states.join(',')]
}
