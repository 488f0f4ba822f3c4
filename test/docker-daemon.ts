// A Docker Engine of a test's or the bench's own: dockerd in namespaces of its own, its data, socket and pid file below one directory. It is
// gone at the end, and its control groups with it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

export type DaemonWish = {
  readonly directory: string
  /** Of the control groups of its containers, one directory in each hierarchy. */
  readonly group: string
  /** Where the programs were unpacked; empty where they are installed. */
  readonly programs: string
  /** Options of unshare(1). */
  readonly namespaces: readonly string[]
  /** Run in those before it, by a shell. */
  readonly preparation: string
  /** Further options of dockerd. */
  readonly options: readonly string[]
  readonly readySeconds: number
}

export type Daemon = {
  readonly socket: string
  /** The client's program. */
  readonly client: string
  /** Whether it ended by itself. */
  isGone(): boolean
  end(): Promise<void>
}

const wordsOf = ({ directory, group, options }: DaemonWish): string[] => [
  ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
  ...['--pidfile', join(directory, 'pid'), '--host', `unix://${join(directory, 'socket')}`],
  ...['--config-file', join(directory, 'settings.json'), '--cgroup-parent', `/${group}`],
  ...options,
]

/**
 * In a mount namespace of its own, with a /run of its own and an /etc whose changes are lost: containerd's shims and the engine's plugins
 * have fixed places in the one, the engine's key in the other. Its mounts end with it.
 */
const scriptOf = ({ preparation }: DaemonWish): string =>
  [
    'mount -t tmpfs tmpfs /run && mkdir /run/etc /run/work',
    'mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work overlay /etc',
    ...(preparation === '' ? [] : [preparation]),
    'exec dockerd "$@"',
  ].join(' && ')

/** The daemon ends its containerd itself; one whose daemon has crashed is ended here. */
function endContainerd(directory: string): void {
  const file = join(directory, 'exec/containerd/containerd.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8'))
  if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGTERM')
}

function removeGroups(group: string): void {
  for (const hierarchy of ['.', ...readdirSync('/sys/fs/cgroup')]) {
    const tree = join('/sys/fs/cgroup', hierarchy, group)
    if (existsSync(tree)) rmdirSync(tree)
  }
}

function isReady(client: string, socket: string): boolean {
  try {
    execFileSync(client, ['--host', `unix://${socket}`, 'info'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** @throws Error when it is not ready in time, with the end of its log. */
export async function startDaemon(wish: DaemonWish): Promise<Daemon> {
  const { directory, group, programs, namespaces, readySeconds } = wish
  const path = `${programs}/usr/bin:${programs}/usr/sbin:${process.env.PATH}:/usr/sbin:/sbin`
  writeFileSync(join(directory, 'settings.json'), '{}') // not those of a Docker that is installed
  const log = openSync(join(directory, 'log'), 'w')
  const words = ['--mount', ...namespaces, 'sh', '-c', scriptOf(wish), 'sh', ...wordsOf(wish)]
  const daemon = spawn('unshare', words, {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', log, log],
  })
  let fault = ''
  daemon.on('error', (error) => {
    fault = error.message
  })
  daemon.on('exit', (code) => {
    fault = `dockerd ended with ${code}`
  })
  const isGone = (): boolean => fault !== ''
  const end = async (): Promise<void> => {
    if (!isGone()) {
      const gone = once(daemon, 'exit')
      daemon.kill('SIGTERM')
      await gone
    }
    endContainerd(directory)
    removeGroups(group)
  }
  const socket = join(directory, 'socket')
  const client = [`${programs}/usr/bin/docker`, '/usr/bin/docker'].find(existsSync) ?? 'docker'
  for (let waited = 0; waited < readySeconds * 10 && !isGone(); waited++) {
    if (isReady(client, socket)) return { socket, client, isGone, end }
    await setTimeout(100)
  }
  const why = fault
  await end()
  const tail = readFileSync(join(directory, 'log'), 'utf8').trim().split('\n').slice(-3).join(' ')
  throw new Error(`dockerd is not ready: ${why} ${tail}`)
}
