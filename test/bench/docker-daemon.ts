// A Docker Engine of the bench's own: its data, socket and pid file below one directory, no bridge, no rule of iptables; gone at the end.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Place } from './way.js'

const startSeconds = 30
/** Control groups of its containers, one directory in each hierarchy. */
const group = `stockade-bench-${process.pid}`

export type DockerDaemon = {
  /** The client's words up to the command. */
  readonly client: readonly string[]
  end(): Promise<void>
}

const wordsOf = (directory: string): string[] => [
  ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
  ...['--pidfile', join(directory, 'pid'), '--host', `unix://${join(directory, 'socket')}`],
  ...['--config-file', join(directory, 'settings.json'), '--cgroup-parent', `/${group}`],
  ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
]

/** The daemon ends its containerd itself; one whose daemon has crashed is ended here. */
function endContainerd(directory: string): void {
  const file = join(directory, 'exec/containerd/containerd.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8'))
  if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGTERM')
}

function removeGroups(): void {
  for (const hierarchy of ['.', ...readdirSync('/sys/fs/cgroup')]) {
    const tree = join('/sys/fs/cgroup', hierarchy, group)
    if (existsSync(tree)) rmdirSync(tree)
  }
}

/**
 * In a mount namespace of its own, with a /run of its own and an /etc whose changes are lost: containerd's shims and the engine's plugins
 * have fixed places in the one, the engine's key in the other. Its mounts end with it.
 */
const alone = `mount -t tmpfs tmpfs /run && mkdir /run/etc /run/work &&
  mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work overlay /etc && exec dockerd "$@"`

/** @throws Error when it is not ready in time, with the end of its log. */
export async function startDocker(place: Place, programs: string): Promise<DockerDaemon> {
  const directory = join(place.directory, 'docker')
  execFileSync('mkdir', ['-p', directory])
  const path = `${programs}/usr/bin:${programs}/usr/sbin:${process.env.PATH}:/usr/sbin:/sbin`
  writeFileSync(join(directory, 'settings.json'), '{}') // not those of a Docker that is installed
  const log = openSync(join(directory, 'log'), 'w')
  const daemon = spawn('unshare', ['--mount', 'sh', '-c', alone, 'sh', ...wordsOf(directory)], {
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
  const end = async (): Promise<void> => {
    if (fault === '') {
      const gone = once(daemon, 'exit')
      daemon.kill('SIGTERM')
      await gone
    }
    endContainerd(directory)
    removeGroups()
  }
  const docker = [`${programs}/usr/bin/docker`, '/usr/bin/docker'].find(existsSync) ?? 'docker'
  const client = [docker, '--host', `unix://${join(directory, 'socket')}`]
  for (let waited = 0; waited < startSeconds * 10 && fault === ''; waited++) {
    try {
      execFileSync(client[0] ?? '', [...client.slice(1), 'info'], { stdio: 'ignore' })
      return { client, end }
    } catch {
      await setTimeout(100)
    }
  }
  await end()
  const tail = readFileSync(join(directory, 'log'), 'utf8').trim().split('\n').slice(-2).join(' ')
  throw new Error(`dockerd is not ready: ${fault} ${tail}`)
}
