// Numbers of the system calls that a seccomp profile lets through in some form, by the golden table of the profile tests.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nativeArchitecture } from '../../native/seccomp-addon.js'
import { flatten, numbersOf } from '../native/seccomp-model.js'
import { repository } from '../tidy-source.js'

/** What the kernel answered, in that table, when all arguments have all bits set. */
export function allowedCalls(profile: string): number[] {
  const folder = join(repository, 'test', 'profiles')
  const golden = JSON.parse(readFileSync(join(folder, 'seccomp.golden.json'), 'utf8'))
  const document = readFileSync(join(repository, 'profiles', 'seccomp', `${profile}.json`), 'utf8')
  const names = flatten(JSON.parse(document)).flatMap((entry) => entry.names ?? [])
  const numbers = numbersOf(names, nativeArchitecture())
  const table = golden[profile] as Record<string, string>
  return [...numbers]
    .filter(([name]) => table[name] === 'permitted')
    .map(([, number]) => number)
    .sort((one, other) => one - other)
}
