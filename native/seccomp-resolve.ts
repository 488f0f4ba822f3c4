// Checked entries → rules with numbers: names looked up, conditions judged, compares widened. What does not
// apply here is recorded, never dropped in silence.
import type { SeccompEntry } from '../contract/profile.js'
import { type Architecture, nativeArchitecture, seccompAddon } from './seccomp-addon.js'
import { errnoOf, isPermit, type SeccompFault } from './seccomp-check.js'
import { combine, type Rows, widen } from './seccomp-compare.js'

/** An entry, those of its names that count, and where each was written, for faults and the report. */
export type Source = {
  profile: string
  pointer: string
  entry: SeccompEntry
  names: { name: string; pointer: string }[]
}

export type ResolvedRule = {
  name: string
  call: number
  action: number
  otherwise: boolean
  rows: Rows
}

export type Resolution = {
  rules: ResolvedRule[]
  /** Calls that do not exist on this architecture. */
  skippedCalls: string[]
  /** Entries whose conditions (capability, architecture, kernel) do not hold. */
  skippedEntries: { profile: string; pointer: string }[]
  faults: SeccompFault[]
}

/** Where a profile is to be in force. `kernel` is a release such as `6.1.0-18-amd64`. */
export type Target = { architecture: Architecture; kernel: string }

/** Calls newer than Debian 12's libseccomp. Since 5.1 new calls have one number on every architecture. */
export const laterCalls: ReadonlyMap<string, number> = new Map(
  Object.entries({
    cachestat: 451,
    fchmodat2: 452,
    map_shadow_stack: 453,
    futex_wake: 454,
    futex_wait: 455,
    futex_requeue: 456,
    statmount: 457,
    listmount: 458,
    lsm_get_self_attr: 459,
    lsm_set_self_attr: 460,
    lsm_list_modules: 461,
    mseal: 462,
    setxattrat: 463,
    getxattrat: 464,
    listxattrat: 465,
    removexattrat: 466,
    open_tree_attr: 467,
    file_getattr: 468,
    file_setattr: 469,
    listns: 470,
  }),
)

/** Names that published profiles use, unknown to libseccomp 2.5, of no use on x86_64 and aarch64. */
const foreignCalls: ReadonlySet<string> = new Set(['riscv_hwprobe', 'uretprobe', 'uprobe'])

/** Go's architecture names, as profiles of this form spell them. */
const goNames: Readonly<Record<Architecture, string>> = { x86_64: 'amd64', aarch64: 'arm64' }

const actionNumbers = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL: 0,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
} as const

/** SECCOMP_RET_* with the errno in its low half. */
export function actionNumber(
  action: SeccompEntry['action'],
  errnoNumber: number | null | undefined,
  errnoName: string | undefined,
): number {
  const base = actionNumbers[action]
  return action === 'SCMP_ACT_ERRNO' ? base + errnoOf(errnoNumber, errnoName) : base
}

function kernelAtLeast(release: string, minimum: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).slice(0, 2).map(Number)
  const [major = 0, minor = 0] = numbers(release)
  const [wantedMajor = 0, wantedMinor = 0] = numbers(minimum)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** A job has no capability, so an entry that needs one never applies, and one that is for its absence does. */
function applies(entry: SeccompEntry, target: Target): boolean {
  const { includes = {}, excludes = {} } = entry
  const here = goNames[target.architecture]
  if ((includes.caps ?? []).length > 0) return false
  if ((includes.arches ?? []).length > 0 && !includes.arches?.includes(here)) return false
  if (includes.minKernel !== undefined && !kernelAtLeast(target.kernel, includes.minKernel)) {
    return false
  }
  if (excludes.arches?.includes(here)) return false
  return excludes.minKernel === undefined || !kernelAtLeast(target.kernel, excludes.minKernel)
}

/** The call's number, or why there is none. */
function lookUp(name: string, architecture: Architecture): number | 'absent' | 'unknown' {
  const number = seccompAddon().resolve(name, architecture)
  if (number >= 0) return number
  if (number < -1 || foreignCalls.has(name)) return 'absent'
  const later = laterCalls.get(name)
  if (later === undefined) return 'unknown'
  // libseccomp translates by name, so numbers it has no name for work on the machine's own architecture only.
  return architecture === nativeArchitecture() ? later : 'absent'
}

function resolveName(source: Source, name: string, at: string, into: Resolution, target: Target) {
  const { entry } = source
  const call = lookUp(name, target.architecture)
  if (call === 'absent') {
    into.skippedCalls.push(name)
    return
  }
  if (call === 'unknown') {
    into.faults.push({ pointer: at, message: `no system call is called ${name}` })
    return
  }
  const permits = isPermit(entry.action)
  const rows = combine((entry.args ?? []).map((argument) => widen(name, argument, permits)))
  const action = actionNumber(entry.action, entry.errnoRet, entry.errno)
  into.rules.push({ name, call, action, rows, otherwise: entry.otherwise ?? false })
}

export function resolveEntries(sources: readonly Source[], target: Target): Resolution {
  const into: Resolution = { rules: [], skippedCalls: [], skippedEntries: [], faults: [] }
  for (const source of sources) {
    if (!applies(source.entry, target)) {
      into.skippedEntries.push({ profile: source.profile, pointer: source.pointer })
      continue
    }
    for (const { name, pointer } of source.names) resolveName(source, name, pointer, into, target)
  }
  into.skippedCalls = [...new Set(into.skippedCalls)].sort()
  return into
}
