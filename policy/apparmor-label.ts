// Which AppArmor profile a job gets: the one of its program's class of seccomp profile. The texts are made by ops/apparmor.sh.
import type { Grant } from '../contract/grant.js'
import { type Ask, seccompLearn } from './ask.js'

/** Classes with a profile of their own; whatever else a grant names (an operator's own seccomp profile) counts as `default`. */
export const apparmorClasses: readonly string[] = ['default', 'strict', 'build']

/** The seccomp profile of the program. Learning is no profile: it gets what it would get if it asked for none. */
export function seccompOf(ask: Ask, grant: Grant): string {
  const asked = ask.seccomp?.value === seccompLearn ? undefined : ask.seccomp?.value
  const profile = asked ?? grant.seccompProfiles[0]
  if (profile === undefined) throw new Error('the grant names no seccomp profile')
  return profile
}

/** The label of all steps of a job: a compile step is confined by what its program will be. */
export function apparmorLabelOf(ask: Ask, grant: Grant): string {
  const profile = seccompOf(ask, grant)
  return `stockade-job-${apparmorClasses.includes(profile) ? profile : 'default'}`
}
