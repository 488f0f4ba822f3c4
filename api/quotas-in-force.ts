// What a tenant may use: the quotas of its grant, and what its record says otherwise.
import { type QuotaOverrides, type Quotas, quotaFieldNames } from '../contract/quota.js'
import type { Service } from './service.js'

/** Null when the grant does not exist (any more). */
export function quotasInForce(
  service: Service,
  grant: string,
  overrides: QuotaOverrides,
): Quotas | null {
  const loaded = service.files().grants.get(grant)
  if (loaded === undefined) return null
  const own = quotaFieldNames.map((name) => [name, overrides[name] ?? loaded.grant[name]])
  return Object.fromEntries(own) as Quotas
}
