// What an engine is, as it says itself: looked at before it is fronted, and again and again. An engine whose root is the host's root is
// fronted for nobody but a tenant whose entry says so in words.
import type { Engine } from './engine.js'

export type EngineLook = {
  readonly version: string
  readonly apiVersion: string
  readonly isRootless: boolean
  readonly hasUserNamespace: boolean
  readonly hasSeccomp: boolean
  readonly hasAppArmor: boolean
  readonly liveRestore: boolean
  readonly isSwarm: boolean
  /** A small init that it can put in as process 1. */
  readonly hasInit: boolean
}

export type EngineFault = { readonly fault: string; readonly advice: string }

type Info = {
  readonly ServerVersion?: string
  readonly SecurityOptions?: readonly string[] | null
  readonly LiveRestoreEnabled?: boolean
  readonly InitBinary?: string
  /** `N/A` where the program is named and is not there. */
  readonly InitCommit?: { readonly ID?: string }
  readonly Swarm?: { readonly LocalNodeState?: string } | null
}

/** The oldest engine whose answers the guard knows. */
const apiVersionMinimum = '1.41'

/** Null where it does not answer as an engine does. */
export async function lookAt(engine: Pick<Engine, 'read'>): Promise<EngineLook | null> {
  const [version, info] = await Promise.all([
    engine.read({ method: 'GET', path: ['version'] }).catch(() => null),
    engine.read({ method: 'GET', path: ['info'] }).catch(() => null),
  ])
  if (version?.status !== 200 || info?.status !== 200) return null
  const { ApiVersion } = version.value as { ApiVersion?: string }
  const { ServerVersion, SecurityOptions, LiveRestoreEnabled, Swarm, InitBinary, InitCommit } =
    info.value as Info
  if (typeof ApiVersion !== 'string' || !/^\d+\.\d+$/.test(ApiVersion)) return null
  const options = (SecurityOptions ?? []).map((option) => /^name=([a-z]+)/.exec(option)?.[1])
  return {
    version: String(ServerVersion),
    apiVersion: ApiVersion,
    isRootless: options.includes('rootless'),
    hasUserNamespace: options.includes('userns'),
    hasSeccomp: options.includes('seccomp'),
    hasAppArmor: options.includes('apparmor'),
    liveRestore: LiveRestoreEnabled === true,
    isSwarm: Swarm?.LocalNodeState === 'active',
    hasInit: (InitBinary ?? '') !== '' && !['', 'N/A'].includes(InitCommit?.ID ?? ''),
  }
}

/** Root in a container is root of the host, but for what the kernel keeps back: one mistake in a kernel is the host. */
export const sharesRoot = (look: EngineLook): boolean => !look.isRootless && !look.hasUserNamespace

/** What stands in the way of fronting it at all. */
export function faultsOf(look: EngineLook): EngineFault[] {
  const faults: EngineFault[] = []
  if (Number(look.apiVersion.split('.')[1]) < Number(apiVersionMinimum.split('.')[1]))
    faults.push({
      fault: `the engine speaks API ${look.apiVersion}`,
      advice: `the guard knows engines from ${apiVersionMinimum} on: install a newer one`,
    })
  if (!look.hasSeccomp)
    faults.push({
      fault: 'the engine has no seccomp',
      advice: 'use a kernel and an engine with seccomp: every container gets a profile',
    })
  return faults
}
