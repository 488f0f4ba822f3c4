// A Docker Engine as its users meet it: the client's `docker run`, and `docker exec` into a container that runs already.
import { execFileSync } from 'node:child_process'
import { type DockerDaemon, startDocker } from './docker-daemon.js'
import { absence, type Place, reasonOf, type Way, type Ways } from './way.js'

const image = 'stockade-bench'
const container = 'stockade-bench'
/** Of the image's root: what `true` and `sleep` need. No hub is asked. */
const pack = `cd "$1" && tar --create bin sbin lib lib64 usr/bin/true usr/bin/sleep usr/lib64 usr/lib/*-linux-gnu*/ld-linux* usr/lib/*-linux-gnu*/libc.so.6`

function waysOf(client: readonly string[], place: Place): Way[] {
  const way = (name: string, words: readonly string[]): Way => ({
    name,
    batch: 1,
    watch: [place.spawn, 'exec'],
    words: () => [...client, ...words],
    lanesMax: 32,
  })
  return [
    way('docker run, no network', ['run', '--rm', '--network', 'none', image, '/bin/true']),
    way('docker exec', ['exec', container, '/bin/true']),
  ]
}

function bringUp(daemon: DockerDaemon, place: Place): void {
  const [docker = '', ...words] = daemon.client
  const quiet = { stdio: ['pipe', 'ignore', 'pipe'] as ['pipe', 'ignore', 'pipe'] }
  const root = execFileSync('sh', ['-c', pack, 'sh', place.root], { maxBuffer: 2 ** 28 })
  execFileSync(docker, [...words, 'import', '-', image], { ...quiet, input: root })
  const run = ['run', '--detach', '--init=false', '--network', 'none', '--name', container]
  execFileSync(docker, [...words, ...run, image, '/bin/sleep', '3600'], quiet)
}

export async function docker(place: Place): Promise<Ways> {
  const programs = process.env.STOCKADE_BENCH_DOCKER ?? ''
  let daemon: DockerDaemon | null = null
  try {
    daemon = await startDocker(place, programs)
    bringUp(daemon, place)
  } catch (error) {
    await daemon?.end()
    return absence('docker run and docker exec', reasonOf(error))
  }
  const { client, end } = daemon
  const [program = '', ...words] = client
  return {
    ways: waysOf(client, place),
    absent: [],
    end: async () => {
      execFileSync(program, [...words, 'rm', '--force', container], { stdio: 'ignore' })
      await end()
    },
  }
}
