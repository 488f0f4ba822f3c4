// A Redis of the test's own, configured as set-up does it (ops/redis.sh): UNIX socket, no port, a log, access lists.
// Beside it in its directory lies all that an api or a worker reads: passwords, seal key, folders.
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { readSettings, type Settings } from '../../contract/config.js'
import type { ProcessKind } from '../../queue/connect.js'
import { releaseDirectory } from '../../queue/settings-file.js'

export type LiveRedis = {
  readonly directory: string
  /** Sees and may do everything; a connection of its own. */
  readonly look: Redis
  settings(kind: ProcessKind, other?: Partial<Settings>): Settings
  start(): Promise<void>
  stop(): Promise<void>
  /** Ends without a word, as a loss of power does to a process. */
  kill(): Promise<void>
  /** There, but silent. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

/** As ops/redis.sh writes them, but for the passwords. */
const common = 'resetchannels &stockade:* +@all -@admin -@dangerous +info +role'
const users = [
  // Redis 7.0 replays transactions of its log as the default user: without rights it would drop them in silence.
  'user default off resetpass ~* &* +@all',
  `user api on >api-password resetkeys ~stockade:* ${common} +client|setname +client|id`,
  `user worker on >worker-password resetkeys ~stockade:{* ${common} +client|setname +client|id`,
  'user test on >test-password ~* &* +@all',
]

function writeDirectory(directory: string): void {
  const lines = [
    'port 0',
    `unixsocket ${join(directory, 'redis.sock')}`,
    `dir ${directory}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    ...users,
  ]
  writeFileSync(join(directory, 'redis.conf'), `${lines.join('\n')}\n`)
  for (const kind of ['api', 'worker'])
    writeFileSync(join(directory, `${kind}.password`), `${kind}-password\n`)
  writeFileSync(join(directory, 'seal.key'), randomBytes(32))
  const { privateKey } = generateKeyPairSync('ed25519')
  const receiptKey = privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(directory, 'receipt.key'), receiptKey)
  for (const name of ['blobs', 'outputs', 'grants', 'images']) mkdirSync(join(directory, name))
  chmodSync(directory, 0o755)
}

/** Resolves when Redis says that it takes connections. */
function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString('latin1')
      if (/ready to accept connections/i.test(said)) resolve()
    })
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)))
  })
}

function settingsIn(directory: string, kind: ProcessKind, other: Partial<Settings>): Settings {
  return readSettings(
    {
      instance: 'stockade-test',
      address: '127.0.0.1:0',
      redisSocket: join(directory, 'redis.sock'),
      redisPasswordFile: join(directory, `${kind}.password`),
      sealKeyFile: join(directory, 'seal.key'),
      receiptKeyFile: join(directory, 'receipt.key'),
      attestationDirectory: join(directory, 'attestation'),
      blobDirectory: join(directory, 'blobs'),
      outputDirectory: join(directory, 'outputs'),
      grantDirectory: join(directory, 'grants'),
      imageDirectory: join(directory, 'images'),
      auditDirectory: join(directory, 'audit'),
      profileDirectory: join(releaseDirectory, 'profiles'),
      launcherSocket: join(directory, 'launcher.sock'),
      adminSocket: join(directory, 'admin.sock'),
      workerMetricsAddress: '',
      ...other,
    },
    {},
  )
}

type Server = Pick<LiveRedis, 'start' | 'stop' | 'kill' | 'pause' | 'resume'>

/** The process, started and ended at will. */
function serverIn(directory: string): Server {
  let child: ChildProcess | null = null
  // A test that fails outright must not leave a server behind.
  process.once('exit', () => child?.kill('SIGKILL'))
  process.once('SIGTERM', () => process.exit(1))
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (child === null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    child = null
  }
  return {
    async start() {
      child = spawn('redis-server', [join(directory, 'redis.conf')], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      await saysReady(child)
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
}

/** Every key of jobs and tenants, but the one by which every process says once a second that it is there. */
export async function jobKeys(look: Redis): Promise<string[]> {
  const names = await look.keys('stockade:{*')
  return names.filter((name) => !name.endsWith(':pulse'))
}

/** When a connection is there, however often it fails before that: events.once would end at the first error. */
export async function whenReady(connection: Redis): Promise<void> {
  if (connection.status === 'ready') return
  await new Promise<void>((resolve) => connection.once('ready', () => resolve()))
}

export async function openLiveRedis(): Promise<LiveRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-redis-test-'))
  writeDirectory(directory)
  const server = serverIn(directory)
  await server.start()
  const path = join(directory, 'redis.sock')
  const look = new Redis({ path, username: 'test', password: 'test-password' })
  look.on('error', () => undefined)
  return {
    ...server,
    directory,
    look,
    settings: (kind, other = {}) => settingsIn(directory, kind, other),
    async close() {
      look.disconnect()
      await server.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
