// What the tests of the shipped profiles share: the documents, calls by name, and verdicts of the kernel.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SeccompProfile } from '../../contract/profile.js'
import { nativeArchitecture } from '../../native/seccomp-addon.js'
import { flatten, numbersOf } from '../native/seccomp-model.js'
import {
  buildTools,
  type Call,
  compiled,
  profilesFolder,
  programFile,
  verdicts,
} from '../native/seccomp-tools.js'

export const profileNames = ['default', 'strict', 'build'] as const

buildTools()

export type ProfileName = (typeof profileNames)[number]

export const architecture = nativeArchitecture()
export const EPERM = 1
export const ENOSYS = 38
export const EPROTONOSUPPORT = 93
export const EAFNOSUPPORT = 97
export const allOnes = (1n << 64n) - 1n
export const highBits = [0n, 1n << 32n, 1n << 63n, 0xffffffffn << 32n]

export const document = (name: string): SeccompProfile =>
  JSON.parse(readFileSync(join(profilesFolder, 'seccomp', `${name}.json`), 'utf8'))

export const entriesOf = (name: string) => {
  const own = document(name)
  return own.extends === undefined ? flatten(own) : flatten(own, document(own.extends))
}

export const numbers = numbersOf(
  entriesOf('default').flatMap((entry) => entry.names ?? []),
  architecture,
)

const filters = new Map(profileNames.map((name) => [name, programFile(compiled(name).program)]))
export const filterOf = (name: ProfileName): string => filters.get(name) ?? ''

/** A call by name. Throws for a name this architecture lacks, so that no row is skipped unseen. */
export function call(name: string, ...values: (bigint | number)[]): Call {
  const number = numbers.get(name)
  if (number === undefined) throw new Error(`no number for ${name}`)
  return { number, arguments: values.map(BigInt) }
}

export const verdictsOf = (name: ProfileName, calls: Call[]): number[] =>
  verdicts(filterOf(name), calls)
