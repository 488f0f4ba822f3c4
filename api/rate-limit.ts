// How a tenant's quotas stand, as headers (draft-ietf-httpapi-ratelimit-headers-10, structured fields of RFC 9651) and in a problem.
// Units beside requests are our own: the draft's registry has none for them.
import type { QuotaName, QuotaState } from '../contract/quota.js'
import type { Standing } from '../queue/quota.js'

/** Unit (`qu`) and window in seconds (`w`) of each; requests are the draft's default unit. */
const policies: Readonly<Record<QuotaName, { readonly unit: string; readonly window?: number }>> = {
  submits: { unit: 'requests', window: 60 },
  'cpu-seconds': { unit: 'cpu-seconds', window: 86_400 },
  'memory-seconds': { unit: 'mebibyte-seconds', window: 86_400 },
  sessions: { unit: 'sessions' },
  'stored-bytes': { unit: 'bytes' },
  'queued-jobs': { unit: 'jobs' },
  'queued-bytes': { unit: 'bytes' },
}

function policyOf({ name, limit }: Standing): string {
  const { unit, window } = policies[name]
  const quota = unit === 'requests' ? '' : `;qu="${unit}"`
  return `"${name}";q=${limit}${quota}${window === undefined ? '' : `;w=${window}`}`
}

function limitOf({ name, limit, used, secondsLeft }: Standing): string {
  const left = Math.max(0, limit - used)
  return `"${name}";r=${left}${secondsLeft === null ? '' : `;t=${secondsLeft}`}`
}

/** Nothing where there is no quota. */
export function rateLimitHeaders(quotas: readonly Standing[]): Record<string, string> {
  if (quotas.length === 0) return {}
  return {
    'ratelimit-policy': quotas.map(policyOf).join(', '),
    ratelimit: quotas.map(limitOf).join(', '),
  }
}

export const quotaStateOf = ({ name, limit, used, freesAt }: Standing): QuotaState => ({
  name,
  limit,
  used,
  freesAt,
})
