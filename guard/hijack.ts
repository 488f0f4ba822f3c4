// A connection that a client takes over: attach and exec. Bytes go both ways as they come, each way ends by itself, and what is not read on
// one side is not taken from the other.
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream'
import { engineRefusal, passStream } from './answer.js'
import type { Call } from './endpoint.js'
import type { EngineRequest } from './engine.js'

/** Both ways at once; settled when both sides are closed. */
function join(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2
    const gone = (from: Duplex, to: Duplex): void => {
      finished(from, { readable: true, writable: true }, (error) => {
        // A half that ends is passed on by the pipe; a side that breaks takes the other with it.
        if (error !== undefined && error !== null) to.destroy()
        if (--open === 0) resolve()
      })
    }
    gone(one, other)
    gone(other, one)
    one.pipe(other)
    other.pipe(one)
  })
}

/** Docker's own bytes: a client that asked for `Upgrade: tcp` takes nothing but 101. */
const switching = (contentType: string): string =>
  [
    'HTTP/1.1 101 UPGRADED',
    `Content-Type: ${contentType}`,
    'Connection: Upgrade',
    'Upgrade: tcp',
    '',
    '',
  ].join('\r\n')

/** The kinds of stream that engines send; anything else is told as the older of both. */
const kindOf = (type: string | undefined): string =>
  type === 'application/vnd.docker.multiplexed-stream' ? type : 'application/vnd.docker.raw-stream'

/** With `Upgrade` the connection is taken over; without it, output comes as the answer's body and there is no input. */
export async function passHijacked(call: Call, asked: EngineRequest): Promise<void> {
  if (call.upgrade === null) return passStream(call, asked)
  const { socket } = call.upgrade
  const upstream = await call.engine.hijack({ signal: call.signal, ...asked })
  if (!('first' in upstream)) throw await engineRefusal(call, upstream)
  call.response.detachSocket(socket as Parameters<typeof call.response.detachSocket>[0])
  socket.write(switching(kindOf(upstream.head.headers['content-type'])))
  if (upstream.first.length > 0) socket.write(upstream.first)
  await join(socket, upstream.socket)
}
