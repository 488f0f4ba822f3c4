// What the seccomp tests share: paths, the built C tools, and calls as the tools read them.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CompiledSeccomp, compileSeccomp } from '../../native/seccomp.js'

/** From dist/test/native/ up to the repository. */
export const repository = fileURLToPath(new URL('../../../', import.meta.url))
export const profilesFolder = join(repository, 'profiles')
export const buildFolder = join(repository, 'native', 'build')

/** The verdict the probe prints for what the filter lets through. */
export const permitted = 222

export type Call = { number: number; arguments: readonly bigint[] }

/** Builds addon and tools. Test files run side by side, so make runs under a lock. */
export function buildTools(): void {
  mkdirSync(buildFolder, { recursive: true })
  const lock = join(buildFolder, '.addon.lock')
  const folder = join(repository, 'native', 'addon')
  execFileSync('flock', [lock, 'make', '-s', '-C', folder, 'all', 'tests'], { stdio: 'pipe' })
}

export const compiled = (name: string): CompiledSeccomp => compileSeccomp(name, { profilesFolder })

/** Writes a program where the C tools, also as another uid, can read it. */
export function programFile(program: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-seccomp-'))
  const file = join(folder, 'filter.bpf')
  writeFileSync(file, program)
  execFileSync('chmod', ['-R', 'a+rX', folder])
  process.once('exit', () => rmSync(folder, { recursive: true }))
  return file
}

const hexadecimal = (value: bigint): string => BigInt.asUintN(64, value).toString(16)

const line = (call: Call): string => {
  const all = [0, 1, 2, 3, 4, 5].map((index) => call.arguments[index] ?? 0n)
  return `${call.number} ${all.map(hexadecimal).join(' ')}`
}

function probe(filter: string, mode: string, calls: readonly Call[]): string[] {
  const input = calls.map((call) => `${line(call)}\n`).join('')
  const run = spawnSync(join(buildFolder, 'seccomp-probe'), [filter, mode], {
    input,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  })
  if (run.status !== 0) throw new Error(`probe ${mode}: ${run.status} ${run.signal} ${run.stderr}`)
  return run.stdout.trim().split('\n')
}

/** What the kernel makes of each call under the filter, without executing any: errno, or `permitted`. */
export function verdicts(filter: string, calls: readonly Call[]): number[] {
  const answers: number[] = []
  for (let at = 0; at < calls.length; at += 4000) {
    answers.push(...probe(filter, 'verdict', calls.slice(at, at + 4000)).map(Number))
  }
  return answers
}

/** Each call made for real in a child: `result`, `errno N` or `signal N`. Filter `-` is the control. */
export const realCalls = (filter: string, calls: readonly Call[]): string[] =>
  probe(filter, 'real', calls)

export const probeOnce = (filter: string, mode: 'foreign' | 'threads'): string =>
  probe(filter, mode, []).join('\n')

/**
 * Runs a program as a job would run: that uid, no capabilities, the filter on, and no environment but `env`. Through env(1), since
 * the test runner adds NODE_OPTIONS of its own to whatever this process spawns, and a Node.js that runs as another uid then
 * fails to write the runner's notes.
 */
export function runUnder(
  filter: string,
  uid: number,
  command: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const program = [join(buildFolder, 'seccomp-run'), filter, String(uid), ...command]
  return spawnSync('/usr/bin/env', ['-i', ...variables, ...program], {
    cwd,
    encoding: 'utf8',
    timeout: 240_000,
  })
}
