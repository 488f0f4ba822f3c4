// What one guard knows while it runs: its engine, grants, tenants, and which full ids it has seen to be whose.
import type { Logger } from 'pino'
import type { LoadedGrant } from '../policy/grant-file.js'
import type { EngineLook } from './engine-look.js'
import type { Telemetry } from './telemetry.js'
import type { Tenant } from './tenant.js'

export type Front = {
  readonly log: Logger
  readonly telemetry: Telemetry
  /** What the engine was last seen to be. */
  look(): EngineLook
  /** @throws DockerRefusal while no grant of its name is there. */
  grantOf(tenant: Tenant): LoadedGrant
  readonly seccompProfiles: ReadonlyMap<string, unknown>
  readonly apparmor: string | null
  /** A full id names one container for ever, and its label cannot be changed: once is enough. */
  isKnownContainer(tenant: Tenant, id: string): boolean
  knowContainer(tenant: Tenant, id: string): void
}

const knownMax = 10_000

/** Full ids by tenant; the oldest go first. */
export function openKnown(): Pick<Front, 'isKnownContainer' | 'knowContainer'> {
  const known = new Map<string, string>()
  return {
    isKnownContainer: (tenant, id) => known.get(id) === tenant.name,
    knowContainer(tenant, id) {
      known.set(id, tenant.name)
      const [oldest] = known.keys()
      if (known.size > knownMax && oldest !== undefined) known.delete(oldest)
    },
  }
}
