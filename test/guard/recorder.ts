// Stands between the guard and the engine and keeps what the guard sends: the proof of what reached the engine, and of what did not.
import { EventEmitter, once } from 'node:events'
import { connect, createServer } from 'node:net'

export type Recorder = {
  readonly socket: string
  /** Everything sent since the last call. */
  taken(): string
  /** Connections that are open. */
  open(): number
  /** When the next one closes. */
  closed(): Promise<void>
  end(): Promise<void>
}

export async function startRecorder(socket: string, engine: string): Promise<Recorder> {
  let pieces: Buffer[] = []
  let open = 0
  const ends = new EventEmitter()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: engine, allowHalfOpen: true })
    open += 1
    client.once('close', () => {
      open -= 1
      ends.emit('closed')
    })
    client.on('data', (piece) => pieces.push(piece))
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  server.listen(socket)
  await once(server, 'listening')
  return {
    socket,
    taken() {
      const text = Buffer.concat(pieces).toString('latin1')
      pieces = []
      return text
    },
    open: () => open,
    async closed() {
      await once(ends, 'closed')
    },
    async end() {
      server.close()
    },
  }
}

/** Requests that could change something. The guard's own looks (`GET`) are none. */
export const changesIn = (text: string): string[] =>
  text.match(/^(POST|PUT|DELETE|PATCH) \S+/gm) ?? []
