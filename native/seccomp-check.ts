// unknown → SeccompProfile: form by the TypeBox schema, then what a schema cannot say. Every fault at once.
import { constants } from 'node:os'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { type SeccompEntry, SeccompProfile } from '../contract/profile.js'
import { compareFault } from './seccomp-compare.js'

export type SeccompFault = { pointer: string; message: string }

/** A profile that cannot be compiled, with all of its faults. Nothing was compiled. */
export class SeccompProfileError extends Error {
  readonly faults: readonly SeccompFault[]
  constructor(profile: string, faults: readonly SeccompFault[]) {
    const lines = faults.map((fault) => `${fault.pointer || '/'}: ${fault.message}`)
    super(`seccomp profile ${profile}: ${lines.join('; ')}`)
    this.name = 'SeccompProfileError'
    this.faults = faults
  }
}

/** More faults than this help nobody, and a hostile document could have millions. */
const faultsMax = 1000

const validator = Compile(SeccompProfile)

/** TypeBox stops at 8 errors unless told otherwise, process-wide: the setting is put back at once. */
function schemaErrors(value: unknown): SeccompFault[] {
  const before = Settings.Get().maxErrors
  Settings.Set({ maxErrors: faultsMax })
  try {
    const errors = validator
      .Errors(value)
      .filter((error) => error.keyword !== 'additionalProperties')
    // "null or an array" reports both halves; the one about null says nothing.
    const telling = errors.filter(
      (error) => error.keyword !== 'anyOf' && error.message !== 'must be null',
    )
    return (telling.length > 0 ? telling : errors).map((error) => ({
      pointer: error.instancePath,
      message: error.keyword === 'boolean' ? 'unknown field' : error.message,
    }))
  } finally {
    Settings.Set({ maxErrors: before })
  }
}

/** Linux errno by name, from the C library Node was built with. */
function errnoByName(name: string): number | undefined {
  const known: Readonly<Record<string, number>> = constants.errno
  // ENOTSUP is EOPNOTSUPP on Linux; both are in Node's table.
  return Object.hasOwn(known, name) ? known[name] : undefined
}

/** The errno of an entry or default: the number, or the name; EPERM when neither is given. */
export function errnoOf(number: number | null | undefined, name: string | undefined): number {
  return number ?? (name === undefined ? constants.errno.EPERM : (errnoByName(name) ?? 0))
}

function errnoFaults(
  number: number | null | undefined,
  name: string | undefined,
  pointer: string,
): SeccompFault[] {
  if (name === undefined) return []
  const byName = errnoByName(name)
  if (byName === undefined) return [{ pointer, message: `no errno is called ${name}` }]
  if (number === undefined || number === null || number === byName) return []
  return [{ pointer, message: `${name} is ${byName}, but the number says ${number}` }]
}

/** The calls of an entry, in either of Docker's two spellings. */
export function namesOf(entry: SeccompEntry): string[] {
  return entry.names ?? (entry.name === undefined ? [] : [entry.name])
}

export const isPermit = (action: string): boolean =>
  action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG'

function argumentFaults(entry: SeccompEntry, pointer: string): SeccompFault[] {
  const faults: SeccompFault[] = []
  const seen = new Set<number>()
  const list = entry.args ?? []
  list.forEach((argument, position) => {
    const at = `${pointer}/args/${position}`
    if (seen.has(argument.index)) {
      // Engines turn this into "or", readers expect "and", libseccomp refuses it: so do we.
      faults.push({ pointer: at, message: `argument ${argument.index} is compared twice` })
    }
    seen.add(argument.index)
    const messages = new Set(
      namesOf(entry)
        .map((name) => compareFault(name, argument))
        .filter((message) => message !== undefined),
    )
    for (const message of messages) faults.push({ pointer: at, message })
  })
  return faults
}

function entryFaults(entry: SeccompEntry, pointer: string): SeccompFault[] {
  const faults = errnoFaults(entry.errnoRet, entry.errno, `${pointer}/errno`)
  if ((entry.names === undefined) === (entry.name === undefined)) {
    faults.push({ pointer, message: 'give names or name, one of them' })
  }
  if (entry.otherwise === true && isPermit(entry.action)) {
    faults.push({ pointer: `${pointer}/otherwise`, message: 'only a refusal can be otherwise' })
  }
  return [...faults, ...argumentFaults(entry, pointer)]
}

function documentFaults(profile: SeccompProfile): SeccompFault[] {
  const faults = errnoFaults(profile.defaultErrnoRet, profile.defaultErrno, '/defaultErrno')
  if (profile.extends === undefined) {
    if (profile.defaultAction === undefined) {
      faults.push({ pointer: '/defaultAction', message: 'is required' })
    }
    if (profile.remove !== undefined) {
      faults.push({ pointer: '/remove', message: 'there is nothing to remove from' })
    }
  }
  const flags = profile.flags ?? []
  flags.forEach((flag, position) => {
    if (flag === 'SECCOMP_FILTER_FLAG_SPEC_ALLOW') {
      const message = 'would switch off the mitigation of speculative store bypass'
      faults.push({ pointer: `/flags/${position}`, message })
    }
  })
  return faults
}

/** Throws SeccompProfileError with all faults. `name` is only for the message. */
export function checkProfile(value: unknown, name: string): SeccompProfile {
  if (!validator.Check(value)) throw new SeccompProfileError(name, schemaErrors(value))
  const entries = value.syscalls ?? []
  const faults = [
    ...documentFaults(value),
    ...entries.flatMap((entry, position) => entryFaults(entry, `/syscalls/${position}`)),
  ]
  if (faults.length > 0) throw new SeccompProfileError(name, faults.slice(0, faultsMax))
  return value
}
