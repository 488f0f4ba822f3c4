// What the launcher's unit tests share: the built drivers, and their answers, which must be the same plain and under sanitizers.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Pair } from '../../native/launch-frame.js'
import { buildFolder, repository } from './seccomp-tools.js'

export const testFolder = join(repository, 'test', 'native')
export const launcherBuildFolder = join(buildFolder, 'launcher-tests')

/** Makes `drivers` or `fuzzers`. Test files run side by side, so make runs under a lock. */
export function buildLauncherTests(target: 'drivers' | 'fuzzers'): void {
  mkdirSync(launcherBuildFolder, { recursive: true })
  const lock = join(launcherBuildFolder, '.lock')
  execFileSync('flock', [lock, 'make', '-s', '-C', testFolder, target], { stdio: 'pipe' })
}

/** A finding ends the process with 66: it is never taken for an answer. */
export const sanitizerOptions = {
  ASAN_OPTIONS: 'exitcode=66:detect_leaks=1:allocator_may_return_null=1',
  UBSAN_OPTIONS: 'halt_on_error=1:exitcode=66:print_stacktrace=1',
}

function run(driver: string, verb: string, input: Buffer): string {
  const { status, signal, stdout, stderr } = spawnSync(join(launcherBuildFolder, driver), [verb], {
    input,
    env: sanitizerOptions,
    maxBuffer: 256 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`${driver} ${verb}: ${status} ${signal}\n${stderr}`)
  return stdout.toString()
}

/** One answer for each case, from both drivers. */
export function answers(verb: string, cases: readonly Buffer[]): unknown[] {
  const pieces = cases.flatMap((bytes) => {
    const head = Buffer.alloc(4)
    head.writeUInt32LE(bytes.length, 0)
    return [head, bytes]
  })
  const plain = run('driver', verb, Buffer.concat(pieces))
  const sanitized = run('driver-sanitized', verb, Buffer.concat(pieces))
  if (plain !== sanitized) throw new Error(`${verb}: not the same under sanitizers`)
  const lines = plain.split('\n').slice(0, -1)
  if (lines.length !== cases.length) throw new Error(`${verb}: ${lines.length} answers`)
  return lines.map((line) => JSON.parse(line))
}

/** Words, each ended by NUL. */
export const words = (...all: readonly (string | number | bigint)[]): Buffer =>
  Buffer.from(all.map((word) => `${word}\0`).join(''))

export const hexadecimal = (text: string): string => Buffer.from(text).toString('hex')

export const refused = { refused: true }

export const goodSandbox: readonly Pair[] = [
  ['id', 'job_1-Az'],
  ['image', '0123456789abcdef'.repeat(4)],
  ['hostname', 'job-1'],
  ['uid', 1000],
  ['gid', 1001],
  ['workspace', '/work'],
  ['memory-bytes', 67_108_864],
  ['disk-bytes', 16_777_216],
  ['disk-inodes', 1024],
  ['processes', 32],
  ['cpu-millis', 1500],
  ['proc', 'masked'],
  ['loopback', 'down'],
  ['apparmor', 'none'],
  ['landlock-abi-minimum', 3],
  ['lifetime-ms', 60_000],
]

export const goodStep: readonly Pair[] = [
  ['name', 'run'],
  ['argument', '/bin/cat'],
  ['argument', '-'],
  ['environment', 'PATH=/bin'],
  ['directory', '/work'],
  ['wall-ms', 5000],
  ['cpu-ms', 2000],
  ['memory-bytes', 67_108_864],
  ['processes', 31],
  ['open-files', 64],
  ['file-bytes', 1_048_576],
  ['stack-bytes', 8_388_608],
  ['output-bytes', 65_536],
  ['stdin', 'stream'],
]

export const goodCollect: readonly Pair[] = [
  ['root', '/work'],
  ['contents', 'yes'],
  ['path', 'a/b'],
  ['path', 'c'],
  ['entries', 1000],
  ['files', 100],
  ['bytes', 1_048_576],
  ['file-bytes', 65_536],
  ['name-bytes', 4096],
  ['depth', 8],
  ['wall-ms', 5000],
  ['cpu-ms', 2000],
  ['memory-bytes', 67_108_864],
]

/** The pairs with one value changed. */
export const withValue = (pairs: readonly Pair[], key: string, value: string | bigint): Pair[] =>
  pairs.map((pair) => (pair[0] === key ? [key, String(value)] : pair))

/** Pairs as a script has them (launcher-script.h). */
export const scriptPairs = (pairs: readonly Pair[]): string =>
  pairs.map(([key, value]) => `${key}\n${value}\n`).join('')
