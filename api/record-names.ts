// Names of the records of keys and tenants in Redis. They lie outside of the class of jobs: the worker’s access list has no way there.

export const keyRecord = (id: string): string => `stockade:key:record:${id}`
export const keyIndex = 'stockade:key:ids'
/** Ids of one tenant’s keys. */
export const keysOfTenant = (tenant: string): string => `stockade:key:of:${tenant}`
/** Key id → when it was used last, milliseconds. */
export const keyUses = 'stockade:key:used'
export const tenantRecord = (name: string): string => `stockade:key:tenant:${name}`
export const tenantIndex = 'stockade:key:tenants'
/** A tenant’s stored secrets: name → sealed. */
export const secretsOfTenant = (tenant: string): string => `stockade:key:secrets:${tenant}`
/** Sealed: the secret itself. */
export const webhookSecret = (tenant: string): string => `stockade:key:webhook:${tenant}`
/** Set once keys from before there were tenants have got theirs. */
export const tenantsAdopted = 'stockade:key:tenants-adopted'
