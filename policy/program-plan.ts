// A program of a plan: its argument vector, its environment, and where it starts.
import type { Language } from '../contract/catalogue.js'
import type { Ask } from './ask.js'

export const workspace = '/work'

const baseEnvironment: ReadonlyArray<readonly [string, string]> = [
  ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  ['HOME', workspace],
  ['LANG', 'C.UTF-8'],
]

/** Language data may say `{halfMemoryMiB}`: half of the step’s memory, for runtimes that must be told a heap size. */
export function fill(text: string, memoryBytes: number): string {
  if (!text.includes('{')) return text
  return text.replaceAll('{halfMemoryMiB}', String(Math.max(1, Math.floor(memoryBytes / 2097152))))
}

/** Ours, then the language’s, then the caller’s: the last of a name counts. */
export function environmentOf(
  language: Language | null,
  memoryBytes: number,
  callers: Ask['environment'],
): string[] {
  const variables = new Map(baseEnvironment)
  if (language !== null)
    for (const [name, value] of Object.entries(language.environment))
      variables.set(name, fill(value, memoryBytes))
  for (const { name, value } of callers) variables.set(name, value)
  return Array.from(variables, ([name, value]) => `${name}=${value}`)
}

/** A program path with a slash is taken from the starting directory, as a shell would; the launcher wants it absolute. */
export function absoluteProgram(argv: string[], directory: string): string[] {
  const [program = '', ...rest] = argv
  if (program.startsWith('/') || !program.includes('/')) return argv
  return [`${directory === '/' ? '' : directory}/${program}`, ...rest]
}
