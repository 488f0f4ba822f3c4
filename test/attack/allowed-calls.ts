// Numbers of the system calls that a seccomp profile lets through in some form, by the golden table of the profile tests.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nativeArchitecture } from '../../native/seccomp-addon.js'
import { flatten, numbersOf } from '../native/seccomp-model.js'
import { repository } from '../tidy-source.js'

/**
 * Calls that no filter sees on x86_64: uretprobe and uprobe belong to the kernel's own trampolines, end the caller anywhere else, and
 * are let through before seccomp looks (kernel/seccomp.c, Linux 6.12 and later). 462 is mseal, allowed, whose name libseccomp 2.5 lacks.
 */
const unfiltered = [335, 336, 462]

/** What the kernel answered, in that table, when all arguments have all bits set. */
export function allowedCalls(profile: string): number[] {
  const folder = join(repository, 'test', 'profiles')
  const golden = JSON.parse(readFileSync(join(folder, 'seccomp.golden.json'), 'utf8'))
  const document = readFileSync(join(repository, 'profiles', 'seccomp', `${profile}.json`), 'utf8')
  const names = flatten(JSON.parse(document)).flatMap((entry) => entry.names ?? [])
  const numbers = numbersOf(names, nativeArchitecture())
  const table = golden[profile] as Record<string, string>
  // Calls that libseccomp has no name for stand in the table by their number.
  const byNumber = Object.keys(table).filter((name) => /^\d+$/.test(name))
  return [...numbers, ...byNumber.map((name) => [name, Number(name)] as const)]
    .filter(([name]) => table[name] === 'permitted')
    .map(([, number]) => number)
    .concat(unfiltered)
    .sort((one, other) => one - other)
}
