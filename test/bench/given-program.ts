// A program that Debian does not have, given by a path in the environment: its binary, or the directory of its source.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from './way.js'

/** The binary of what `variable` names, built in a copy when it is source. @throws Error with the reason when there is none. */
export function givenProgram(
  place: Place,
  variable: string,
  build: (copy: string) => { command: readonly string[]; binary: string },
): string {
  const given = process.env[variable] ?? ''
  if (given === '') throw new Error(`not given: ${variable} names its binary or its source`)
  if (!statSync(given).isDirectory()) return given
  const copy = join(place.directory, variable.toLowerCase())
  execFileSync('cp', ['-r', '--', given, copy])
  const { command, binary } = build(copy)
  const [program = '', ...words] = command
  execFileSync(program, words, { cwd: copy, stdio: ['ignore', 'ignore', 'pipe'] })
  return join(copy, binary)
}

/** One run of a way, so that what cannot work here is said before the measuring. @throws Error */
export function probe(command: readonly string[]): void {
  const [program = '', ...words] = command
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
