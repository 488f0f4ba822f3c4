// Step 7 of 10: a profile → the BPF program the launcher installs. Fails closed: a fault anywhere, no program.
import { createHash } from 'node:crypto'
import { release } from 'node:os'
import type { SeccompEntry, SeccompProfile } from '../contract/profile.js'
import { type Architecture, nativeArchitecture, seccompAddon } from './seccomp-addon.js'
import { namesOf, SeccompProfileError } from './seccomp-check.js'
import {
  buildLayers,
  missingLauncherCalls,
  type PermittedCall,
  permittedCalls,
  shadowedCalls,
} from './seccomp-layers.js'
import { type LoadedProfile, loadProfile, type SeccompFolders } from './seccomp-load.js'
import { encodeRequest, type Layer } from './seccomp-request.js'
import { actionNumber, resolveEntries, type Source } from './seccomp-resolve.js'

export type SeccompOptions = SeccompFolders & {
  /** Default: this machine's. The other one is for review only, it cannot run here. */
  architecture?: Architecture
}

/** What loading a profile changed or left out; for logs and review, not for decisions. */
export type SeccompReport = {
  /** Calls that do not exist on this architecture. */
  skippedCalls: readonly string[]
  /** Entries whose capability, architecture or kernel condition does not hold. */
  skippedEntries: readonly { profile: string; pointer: string }[]
  /** Calls that are both permitted and refused without condition: they are refused. */
  shadowedCalls: readonly string[]
  /** Architectures of the profile that are not compiled in: only the native one ever is. */
  droppedArchitectures: readonly string[]
}

export type CompiledSeccomp = {
  /** SHA-256 of `program`, hexadecimal: what is in force, as the result reports it. */
  digest: string
  /** `struct sock_filter[]`, 8 to 32,768 bytes. Shared by the cache: treat as read-only. */
  program: Buffer
  instructions: number
  /** What its rules let through, by name. */
  permitted: readonly PermittedCall[]
  /** Whether it answers any call by SIGSYS, which a program can also send to itself. */
  traps: boolean
  report: SeccompReport
  /** What was compiled, in the order in which it decides; for writing it in another form. */
  layers: readonly Layer[]
  /** The name of each call that a rule is about, by its number here. */
  callNames: ReadonlyMap<number, string>
  /** libseccomp's pseudo filter code, layer by layer; made on demand. */
  pfc(): string
}

const cacheEntriesMax = 64

/** Most recently used last. */
const cache = new Map<string, CompiledSeccomp>()

function sourceOf(profile: string, entry: SeccompEntry, position: number): Source {
  const pointer = `/syscalls/${position}`
  const names = namesOf(entry).map((name, at) => ({
    name,
    pointer: entry.names === undefined ? `${pointer}/name` : `${pointer}/names/${at}`,
  }))
  return { profile, pointer, entry, names }
}

/** Every entry that counts: those of the base less the removed calls, then our own. */
function sourcesOf([own, base]: readonly LoadedProfile[]): Source[] {
  const removed = new Set(own?.profile.remove ?? [])
  const sources = (loaded: LoadedProfile | undefined): Source[] =>
    (loaded?.profile.syscalls ?? []).map((entry, at) => sourceOf(loaded?.name ?? '', entry, at))
  const kept = sources(base).map((source) => ({
    ...source,
    names: source.names.filter(({ name }) => !removed.has(name)),
  }))
  return [...kept.filter((source) => source.names.length > 0), ...sources(own)]
}

/** A removed call that the base does not name is a slip of the pen that would leave a hole unnoticed. */
function checkRemoved([own, base]: readonly LoadedProfile[]): void {
  const known = new Set((base?.profile.syscalls ?? []).flatMap(namesOf))
  const removed = own?.profile.remove ?? []
  const faults = removed.flatMap((name, position) =>
    known.has(name)
      ? []
      : [{ pointer: `/remove/${position}`, message: `${base?.name} does not name ${name}` }],
  )
  if (faults.length > 0) throw new SeccompProfileError(own?.name ?? '', faults)
}

function defaultActionOf(list: readonly LoadedProfile[]): number {
  const owner = list.find((loaded) => loaded.profile.defaultAction !== undefined)
  const action = owner?.profile.defaultAction
  if (owner === undefined || action === undefined)
    throw new Error('a checked profile has a default')
  return actionNumber(action, owner.profile.defaultErrnoRet, owner.profile.defaultErrno)
}

/** Which architectures the profile names beside the one that is compiled; a fault when that one is missing. */
function droppedArchitectures(
  { name, profile }: LoadedProfile,
  architecture: Architecture,
): string[] {
  const wanted = `SCMP_ARCH_${architecture.toUpperCase()}`
  const mapped = profile.archMap ?? []
  const named = [
    ...(profile.architectures ?? []),
    ...mapped.flatMap((entry) => [entry.architecture, ...(entry.subArchitectures ?? [])]),
  ]
  if (named.length > 0 && !named.includes(wanted)) {
    const pointer = profile.archMap ? '/archMap' : '/architectures'
    throw new SeccompProfileError(name, [{ pointer, message: `does not hold ${wanted}` }])
  }
  return [...new Set(named)].filter((other) => other !== wanted).sort()
}

function isTrapping({ defaultAction, rules }: Layer): boolean {
  const trap = actionNumber('SCMP_ACT_TRAP', undefined, undefined)
  return defaultAction === trap || rules.some(({ action }) => action === trap)
}

function compile(list: readonly LoadedProfile[], architecture: Architecture): CompiledSeccomp {
  const name = list[0]?.name ?? ''
  checkRemoved(list)
  const dropped = list.flatMap((loaded) => droppedArchitectures(loaded, architecture))
  const defaultAction = defaultActionOf(list)
  const resolution = resolveEntries(sourcesOf(list), { architecture, kernel: release() })
  const faults = [
    ...resolution.faults,
    ...missingLauncherCalls(resolution.rules, defaultAction).map((call) => ({
      pointer: '/syscalls',
      message: `${call} must be permitted without condition: the launcher needs it to start the program`,
    })),
  ]
  if (faults.length > 0) throw new SeccompProfileError(name, faults)
  const layers = buildLayers(resolution.rules, defaultAction)
  const request = encodeRequest(architecture, layers)
  const program = seccompAddon().compile(request)
  if (program.length < 8 || program.length % 8 !== 0) throw new Error('the addon gave no program')
  return {
    digest: createHash('sha256').update(program).digest('hex'),
    program,
    instructions: program.length / 8,
    permitted: permittedCalls(resolution.rules),
    traps: layers.some(isTrapping),
    report: {
      skippedCalls: resolution.skippedCalls,
      skippedEntries: resolution.skippedEntries,
      shadowedCalls: shadowedCalls(resolution.rules),
      droppedArchitectures: [...new Set(dropped)],
    },
    layers,
    callNames: new Map(resolution.rules.map(({ call, name }) => [call, name])),
    pfc: () => seccompAddon().dump(request),
  }
}

/**
 * Compiles a profile by name or value. A file that has changed is read anew and is a new program; what
 * costs (checks, libseccomp, verification) is cached by the digest of the documents.
 *
 * Throws SeccompProfileError with every fault of the profile, or Error when the addon refuses.
 */
export function compileSeccomp(
  profile: string | SeccompProfile,
  options: SeccompOptions,
): CompiledSeccomp {
  const architecture = options.architecture ?? nativeArchitecture()
  const list = loadProfile(profile, options)
  const key = [architecture, ...list.map((loaded) => loaded.digest)].join(' ')
  const known = cache.get(key)
  cache.delete(key)
  const compiled = known ?? compile(list, architecture)
  cache.set(key, compiled)
  for (const oldest of cache.keys()) {
    if (cache.size <= cacheEntriesMax) break
    cache.delete(oldest)
  }
  return compiled
}
