// A guard as a process of its own, in front of a recorder in front of a real engine, with two tenants.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type LiveEngine, startEngine } from './engine.js'
import { type Recorder, startRecorder } from './recorder.js'

export type Said = { readonly code: number; readonly out: string; readonly err: string }

export type LiveGuard = {
  readonly engine: LiveEngine
  readonly recorder: Recorder
  /** The client of Docker: a newer one where it is at hand. */
  readonly client: string
  socketOf(tenant: 'acme' | 'other'): string
  /** The client of Docker, as a tenant. */
  docker(tenant: 'acme' | 'other', words: readonly string[], input?: string): Promise<Said>
  log(): string
  /** Of the guard process, resident. Bytes. */
  memory(): number
  end(): Promise<void>
}

const repository = join(import.meta.dirname, '..', '..', '..')

const tenants = `tenants:
  acme: { grant: platform, ports: { address: 127.0.0.1, first: 20000, last: 20099 } }
  other: { grant: platform, ports: { address: 127.0.0.1, first: 20100, last: 20199 } }
`

/** What a guard process is told; `text` is its guard.yaml. */
export function spawnGuard(directory: string, text: string) {
  mkdirSync(join(directory, 'grants'), { recursive: true })
  writeFileSync(join(directory, 'guard.yaml'), text)
  const log = openSync(join(directory, 'guard.log'), 'w')
  return spawn(process.execPath, [join(repository, 'dist/guard/main.js')], {
    env: {
      PATH: process.env.PATH,
      STOCKADE_GUARD_FILE: join(directory, 'guard.yaml'),
      STOCKADE_GUARD_DIRECTORY: join(directory, 'guard'),
      STOCKADE_GRANT_DIRECTORY: join(directory, 'grants'),
    },
    stdio: ['ignore', log, log],
  })
}

export function run(program: string, words: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      words,
      { maxBuffer: 2 ** 28, timeout: 120_000 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

export async function startGuard(): Promise<LiveGuard> {
  const engine = await startEngine()
  const recorder = await startRecorder(join(engine.directory, 'recorded'), engine.socket)
  const child = spawnGuard(engine.directory, `engine: unix://${recorder.socket}\n${tenants}`)
  const socketOf = (tenant: string): string =>
    join(engine.directory, 'guard', tenant, 'docker.sock')
  const log = (): string => readFileSync(join(engine.directory, 'guard.log'), 'utf8')
  for (let waited = 0; waited < 600 && !log().includes('"listening"'); waited++) {
    if (child.exitCode !== null) throw new Error(`the guard has ended: ${log()}`)
    await setTimeout(100)
  }
  const client =
    ['/usr/local/bin/docker', '/usr/bin/docker'].find((path) => existsSync(path)) ?? engine.client
  return {
    ...{ engine, recorder, client, socketOf, log },
    docker: (tenant, words, input) =>
      run(client, ['--host', `unix://${socketOf(tenant)}`, ...words], input),
    memory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) *
      1024,
    async end() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      await recorder.end()
      await engine.end()
    },
  }
}
