// Requests byte by byte, where fetch would correct what a test means to be wrong.
import { once } from 'node:events'
import { connect } from 'node:net'

export type RawAnswer = {
  readonly status: number
  readonly text: string
  readonly answers: number
  readonly closed: boolean
}

/** Sends bytes and reads until the peer closes, or until `answersMax` answers have come. */
export async function exchange(
  port: number,
  pieces: readonly (string | Buffer)[],
  answersMax = 99,
): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let text = ''
  let closed = false
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      if (answersIn(text) >= answersMax) resolve()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      closed = true
      resolve()
    })
  })
  for (const piece of pieces) socket.write(piece)
  await ended
  socket.destroy()
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
  return { status: Number(status ?? 0), text, answers: answersIn(text), closed }
}

const answersIn = (text: string): number => text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly json: unknown
  readonly text: string
}

/** One request by fetch, its answer read whole. */
export async function ask(
  origin: string,
  method: string,
  path: string,
  options: {
    key?: string
    body?: unknown
    bytes?: Buffer | string
    headers?: Record<string, string>
  } = {},
): Promise<Answer> {
  const hasBody = options.body !== undefined || options.bytes !== undefined
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...options.headers,
    },
    ...(hasBody ? { body: options.bytes ?? JSON.stringify(options.body) } : {}),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : null,
  }
}
