// A real Docker Engine of a test's own: Debian's, unpacked and not installed, by root, in mount and network namespaces of its own, with its
// root mapped away (--userns-remap). Its bridges, rules of iptables, data and sockets are gone with it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'

export type LiveEngine = {
  readonly socket: string
  readonly directory: string
  /** Debian's client. */
  readonly client: string
  /** It, on the bare engine. */
  docker(...words: string[]): string
  end(): Promise<void>
}

const readySeconds = 120
const group = `stockade-guard-${process.pid}`
const repository = join(import.meta.dirname, '..', '..', '..')

const unpack = 'source test/bench/packages.sh && unpack_docker "$1"'

/** The directory of the programs; empty where they are installed. */
function programs(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stockade-bench')
  const words = ['-c', unpack, 'bash', cache]
  return execFileSync('bash', words, { cwd: repository, encoding: 'utf8' }).trim()
}

/** Its own /run for the fixed places of shims and plug-ins, its own /etc for the engine's key and for the user whose ids containers get. */
const alone = `ip link set lo up && mount -t tmpfs tmpfs /run && mkdir /run/etc /run/work &&
  mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work overlay /etc &&
  echo dockremap:x:990:990::/:/bin/false >> /etc/passwd && echo dockremap:x:990: >> /etc/group &&
  echo dockremap:500000000:65536 >> /etc/subuid && echo dockremap:500000000:65536 >> /etc/subgid && exec dockerd "$@"`

const wordsOf = (directory: string, more: readonly string[]): string[] => [
  ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
  ...['--pidfile', join(directory, 'pid'), '--host', `unix://${join(directory, 'socket')}`],
  ...['--config-file', join(directory, 'settings.json'), '--cgroup-parent', `/${group}`],
  ...more,
]

/** Of the machine's own root: what the tests' containers run. No hub is asked. */
const pack = `cd / && { tar --create bin sbin lib lib64 usr/bin/{true,sleep,cat,echo,sh,dash,ls,head,env,id,mkdir,rm,touch,seq,dd,wc,stat,tail,kill,printenv} usr/lib64 usr/lib/*-linux-gnu*/ld-linux* usr/lib/*-linux-gnu*/lib{c.so.6,tinfo.so*,selinux.so*,pcre2*,acl*,attr*,m.so*} 2> /dev/null || true; }`

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

export const remapped = ['--userns-remap=dockremap'] as const

/** @throws Error when it is not ready in time, with the end of its log. */
export async function startEngine(more: readonly string[] = remapped): Promise<LiveEngine> {
  if (process.getuid?.() !== 0) {
    t.plan(0, 'an engine of a test is started by root: run the tests as root')
    process.exit(0)
  }
  const directory = mkdtempSync(join(tmpdir(), 'guard-engine-'))
  chmodSync(directory, 0o711) // the root of containers, who is nobody here, walks through
  const unpacked = programs()
  const path = `${unpacked}/usr/bin:${unpacked}/usr/sbin:${process.env.PATH}:/usr/sbin:/sbin`
  writeFileSync(join(directory, 'settings.json'), '{}')
  const log = openSync(join(directory, 'log'), 'w')
  const words = ['--mount', '--net', 'sh', '-c', alone, 'sh', ...wordsOf(directory, more)]
  const daemon = spawn('unshare', words, {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', log, log],
  })
  let fault = ''
  daemon.on('exit', (code) => {
    fault = `dockerd ended with ${code}`
  })
  const socket = join(directory, 'socket')
  const client = [`${unpacked}/usr/bin/docker`, '/usr/bin/docker'].find(existsSync) ?? 'docker'
  const docker = (...asked: string[]): string =>
    execFileSync(client, ['--host', `unix://${socket}`, ...asked], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const end = async (): Promise<void> => {
    if (fault === '') {
      for (const id of docker('ps', '--quiet', '--all').split('\n').filter(Boolean))
        docker('rm', '--force', id)
      daemon.kill('SIGTERM')
      await once(daemon, 'exit')
    }
    endContainerd(directory)
    removeGroups()
    rmSync(directory, { recursive: true, force: true })
  }
  for (let waited = 0; waited < readySeconds * 10 && fault === ''; waited++) {
    if (isReady(docker)) {
      execFileSync(
        'bash',
        ['-c', `${pack} | "$0" --host "unix://$1" import - base:latest`, client, socket],
        { stdio: 'ignore' },
      )
      return { socket, directory, client, docker, end }
    }
    await setTimeout(100)
  }
  const tail = readFileSync(join(directory, 'log'), 'utf8').trim().split('\n').slice(-3).join(' ')
  await end()
  throw new Error(`dockerd is not ready: ${fault} ${tail}`)
}

function isReady(docker: LiveEngine['docker']): boolean {
  try {
    docker('info')
    return true
  } catch {
    return false
  }
}
