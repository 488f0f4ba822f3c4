// The positive control of an attack: the same probe on the bare host, where it must be able to succeed.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobSpec } from '../../contract/job.js'
import { asRoot, patience } from '../stack.js'
import { repository } from '../tidy-source.js'

export const attackFolder = join(repository, 'test', 'attack')

/** What each try of a probe may see: inside a sandbox; outside of any; and outside where this host lacks the matter. */
export type Try = {
  readonly inside: readonly string[]
  readonly outside: readonly string[]
  readonly lacking?: readonly string[]
}

/** Where the control runs: as root, as an ordinary user, or as root in namespaces thrown away afterwards. */
export type Outside = 'root' | 'user' | 'mount-namespace' | 'pid-namespace'

export type Expectation = {
  readonly row: number
  readonly title: string
  readonly property: string
  readonly outside: Outside
  readonly prefix?: readonly string[]
  readonly arguments?: readonly string[]
  readonly outsideArguments?: readonly string[]
  /** Arguments with which the same program runs beside the probe: outside as another process, inside as another job. */
  readonly beside?: readonly string[]
  readonly specs?: readonly Partial<JobSpec>[]
  /** Why the virtual machine's kernel can show what this one may lack. */
  readonly virtualMachine?: string
  readonly tries: Readonly<Record<string, Try>>
}

export type Sights = ReadonlyMap<string, string>

/** Folders with an attack, by row. */
export function attackNames(): string[] {
  return readdirSync(attackFolder)
    .filter((name) => /^\d{3}-[a-z0-9-]+$/.test(name))
    .sort()
}

const chosen = process.env.STOCKADE_TEST_ROWS ?? ''

/** What to run: all, or by STOCKADE_TEST_ROWS the rows of those numbers, or `virtual-machine`: those that want its kernel. */
export function chosenNames(): string[] {
  if (chosen === '') return attackNames()
  const wantsMachine = (name: string): boolean => expectationOf(name)?.virtualMachine !== undefined
  if (chosen === 'virtual-machine') return attackNames().filter(wantsMachine)
  const rows = chosen.split(',').map(Number)
  return attackNames().filter((name) => rows.includes(Number(name.slice(0, 3))))
}

/** The expectation of a probe; null for a folder whose attack is written in TypeScript alone. */
export function expectationOf(name: string): Expectation | null {
  const path = join(attackFolder, name, 'expect.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Expectation) : null
}

export const sourceOf = (name: string): string =>
  readFileSync(join(attackFolder, name, 'probe.c'), 'utf8')
/** What probes include, as files of a job. */
export const sharedHeaders = (): { path: string; content: string }[] =>
  readdirSync(attackFolder)
    .filter((name) => name.endsWith('.h'))
    .map((path) => ({ path, content: readFileSync(join(attackFolder, path), 'utf8') }))

/** A folder of probes compiled before, for a machine on which a compiler takes minutes (test/vm). */
const compiled = process.env.STOCKADE_TEST_PROBES

/** A probe as the program of a job. */
export function programOf(name: string): JobSpec {
  if (compiled === undefined)
    return { language: 'c', source: sourceOf(name), files: sharedHeaders() }
  const contentBase64 = readFileSync(join(compiled, name)).toString('base64')
  const files = [{ path: 'probe', contentBase64, mode: 0o755 }]
  return { language: 'bash', source: 'exec ./probe "$@"', files }
}

/** Compiles a probe for the host. The directory must be one that an ordinary user may enter. */
export function compileForHost(name: string, directory: string): string {
  if (compiled !== undefined) return join(compiled, name)
  const program = join(directory, name)
  const source = join(attackFolder, name, 'probe.c')
  execFileSync('gcc', ['-O1', '-I', attackFolder, '-o', program, source], { stdio: 'pipe' })
  return program
}

/** The lines of a probe: `{"try":…,"saw":…}`. */
export function sightsOf(output: string): Sights {
  const sights = new Map<string, string>()
  for (const line of output.split('\n')) {
    if (!line.startsWith('{"try":')) continue
    const { try: name, saw } = JSON.parse(line) as { try: string; saw: string }
    sights.set(name, saw)
  }
  return sights
}

const wrappers: Readonly<Record<Outside, readonly string[]>> = {
  root: [],
  user: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
  'mount-namespace': ['unshare', '--mount', '--propagation', 'private'],
  // A shell is process 1 there, so that what the probe does to process 1 hurts nobody.
  'pid-namespace': [
    'unshare',
    '--pid',
    '--fork',
    '--mount-proc',
    'sh',
    '-c',
    '"$@"; exit $?',
    'sh',
  ],
}

/** Longest run of a control, seconds. Asking a kernel for each protocol makes it start modprobe as often: minutes under emulation. */
const outsideSeconds = 120 * patience

/** Runs a compiled probe outside of any sandbox. */
export function runOutside(
  expectation: Expectation,
  program: string,
  values: readonly string[],
): Sights {
  const command = [
    ...wrappers[expectation.outside],
    ...(expectation.prefix ?? []),
    program,
    ...values,
  ]
  return sightsOf(asRoot(['timeout', String(outsideSeconds), ...command]))
}

/** Whether a sight is among those allowed: equal, or, written as /…/, matching. */
export function isAmong(saw: string, allowed: readonly string[]): boolean {
  return allowed.some((one) =>
    one.startsWith('/') && one.endsWith('/') && one.length > 2
      ? new RegExp(one.slice(1, -1)).test(saw)
      : one === saw,
  )
}
