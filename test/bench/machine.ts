// What machine the figures are from: without it they mean nothing.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  readonly commit: string
  readonly date: string
  /** Of the last minute, before the bench began: above the number of cores the figures are worth nothing. */
  readonly load: number
  /** First line of what each program that we compare with says of its version. */
  readonly versions: Readonly<Record<string, string>>
}

const compared = ['bwrap', 'runc', 'crun', 'dockerd']

function versionOf(program: string): string {
  const docker = process.env.STOCKADE_BENCH_DOCKER ?? ''
  const path = [`${docker}/usr/sbin`, process.env.PATH, '/usr/sbin'].join(':')
  try {
    const text = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    })
    return text.split('\n')[0] ?? ''
  } catch {
    return 'not there'
  }
}

/** The virtual machine of the tests has the checkout without its history. */
function commitOf(): string {
  if (!existsSync('.git')) return 'unknown'
  return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
}

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    commit: commitOf(),
    date: new Date().toISOString().slice(0, 10),
    load: loadavg()[0] ?? Number.NaN,
    versions: Object.fromEntries(compared.map((program) => [program, versionOf(program)])),
  }
}
