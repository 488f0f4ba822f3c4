// The bench's Docker Engine: no bridge, no rule of iptables.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon } from '../docker-daemon.js'
import type { Place } from './way.js'

export type DockerDaemon = {
  /** The client's words up to the command. */
  readonly client: readonly string[]
  end(): Promise<void>
}

/** @throws Error when it is not ready in time, with the end of its log. */
export async function startDocker(place: Place, programs: string): Promise<DockerDaemon> {
  const directory = join(place.directory, 'docker')
  mkdirSync(directory, { recursive: true })
  const { client, socket, end } = await startDaemon({
    ...{ directory, programs, group: `stockade-bench-${process.pid}`, readySeconds: 30 },
    ...{ namespaces: [], preparation: '' },
    options: ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
  })
  return { client: [client, '--host', `unix://${socket}`], end }
}
