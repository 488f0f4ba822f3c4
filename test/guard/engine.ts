// A real Docker Engine of a test's own: Debian's, unpacked and not installed, by root, in mount and network namespaces of its own, with its
// root mapped away (--userns-remap). Its bridges, rules of iptables, data and sockets are gone with it.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startDaemon } from '../docker-daemon.js'

export type LiveEngine = {
  readonly socket: string
  readonly directory: string
  /** Debian's client. */
  readonly client: string
  /** It, on the bare engine. */
  docker(...words: string[]): string
  end(): Promise<void>
}

const repository = join(import.meta.dirname, '..', '..', '..')

const unpack = 'source test/bench/packages.sh && unpack_docker "$1"'

/** The directory of the programs; empty where they are installed. */
function programs(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stockade-bench')
  const words = ['-c', unpack, 'bash', cache]
  return execFileSync('bash', words, { cwd: repository, encoding: 'utf8' }).trim()
}

/** The user whose ids containers get, in an /etc whose changes are lost. */
const preparation = `ip link set lo up &&
  echo dockremap:x:990:990::/:/bin/false >> /etc/passwd && echo dockremap:x:990: >> /etc/group &&
  echo dockremap:500000000:65536 >> /etc/subuid && echo dockremap:500000000:65536 >> /etc/subgid`

/** Of the machine's own root: what the tests' containers run. No hub is asked. */
const pack = `cd / && { tar --create bin sbin lib lib64 usr/bin/{true,sleep,cat,echo,sh,dash,ls,head,env,id,mkdir,rm,touch,seq,dd,wc,stat,tail,kill,printenv} usr/lib64 usr/lib/*-linux-gnu*/ld-linux* usr/lib/*-linux-gnu*/lib{c.so.6,tinfo.so*,selinux.so*,pcre2*,acl*,attr*,m.so*} 2> /dev/null || true; }`

export const remapped = ['--userns-remap=dockremap'] as const

/** @throws Error when it is not ready in time, with the end of its log. */
export async function startEngine(more: readonly string[] = remapped): Promise<LiveEngine> {
  if (process.getuid?.() !== 0) {
    t.plan(0, 'an engine of a test is started by root: run the tests as root')
    process.exit(0)
  }
  const directory = mkdtempSync(join(tmpdir(), 'guard-engine-'))
  chmodSync(directory, 0o711) // the root of containers, who is nobody here, walks through
  const daemon = await startDaemon({
    ...{ directory, programs: programs(), group: `stockade-guard-${process.pid}` },
    ...{ namespaces: ['--net'], preparation, options: more, readySeconds: 120 },
  }).catch((error: unknown) => {
    rmSync(directory, { recursive: true, force: true })
    throw error
  })
  const { socket, client } = daemon
  const docker = (...asked: string[]): string =>
    execFileSync(client, ['--host', `unix://${socket}`, ...asked], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const end = async (): Promise<void> => {
    if (!daemon.isGone())
      for (const id of docker('ps', '--quiet', '--all').split('\n').filter(Boolean))
        docker('rm', '--force', id)
    await daemon.end()
    rmSync(directory, { recursive: true, force: true })
  }
  execFileSync(
    'bash',
    ['-c', `${pack} | "$0" --host "unix://$1" import - base:latest`, client, socket],
    { stdio: 'ignore' },
  )
  return { socket, directory, client, docker, end }
}
