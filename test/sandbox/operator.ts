// An operator's own seccomp profiles and a grant that gives them, on the running instance; all of it goes at the end.
import type { Grant } from '../../contract/grant.js'
import type { SeccompProfile } from '../../contract/profile.js'
import { asRoot, instance, openTenant, persist, type Tenant } from '../stack.js'

export type Operator = {
  /** Puts a profile into the instance's folder. */
  profile(name: string, profile: SeccompProfile): void
  /** Writes the grant, on the preset `ci`, over the one before. */
  grant(fields: Partial<Grant>): void
  /** A tenant under the grant, once api and worker both give it the profile. */
  tenant(profile: string): Promise<Tenant>
  close(): void
}

/** `name` is the grant's and the tenant's. */
export function openOperator(name: string): Operator {
  const written = new Set<string>()
  const write = (path: string, text: string): void => {
    written.add(path)
    asRoot(['tee', path], text)
  }
  let tenant: Tenant | null = null
  return {
    profile: (file, profile) =>
      write(`/etc/${instance}/seccomp/${file}.json`, JSON.stringify(profile)),
    grant: (fields) =>
      write(`/etc/${instance}/grants/${name}.yaml`, JSON.stringify({ extends: 'ci', ...fields })),
    tenant: (seccomp) =>
      persist(async () => {
        tenant ??= openTenant(name, name)
        const job = await tenant.run({ language: 'bash', source: ':', seccomp })
        if (job.outcome === 'policy-denied') throw new Error('the worker has not read it yet')
        return tenant
      }),
    close: () => void asRoot(['rm', '-f', ...written]),
  }
}
