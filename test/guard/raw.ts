// Requests byte by byte on a UNIX socket, where a client library would correct what a test means to be wrong.
import { once } from 'node:events'
import { connect } from 'node:net'

export type RawAnswer = {
  readonly status: number
  readonly statuses: readonly number[]
  readonly text: string
  readonly closed: boolean
}

const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]))

/** Sends bytes, and reads until the peer closes, or until nothing has come for a while after the first answer. */
export async function exchange(
  socketPath: string,
  bytes: string | Buffer,
  quietMs = 40,
): Promise<RawAnswer> {
  const socket = connect({ path: socketPath, allowHalfOpen: true })
  await once(socket, 'connect')
  let text = ''
  let closed = false
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      clearTimeout(timer)
      timer = setTimeout(resolve, quietMs)
    })
    socket.on('end', () => {
      closed = true
      resolve()
    })
    socket.on('error', () => resolve())
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
  socket.destroy()
  const statuses = statusesIn(text)
  return { status: statuses[0] ?? 0, statuses, text, closed }
}

/** A whole request, as clients of Docker write it; a character is a byte. */
export function request(
  method: string,
  target: string,
  body: string | null = null,
  headers: readonly string[] = [],
): string {
  const content =
    body === null ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]
  return [
    `${method} ${target} HTTP/1.1`,
    'Host: docker',
    ...headers,
    ...content,
    '',
    body ?? '',
  ].join('\r\n')
}
