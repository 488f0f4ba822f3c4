// A receiver of webhooks: what it hears, and how it answers, which a test may change. It verifies as a receiver in the field does.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { WebhookMessage } from '../../contract/webhook.js'

export type Heard = {
  readonly path: string
  readonly id: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly message: WebhookMessage
}
export type Answer = (response: ServerResponse, heard: Heard) => void

export type Receiver = {
  readonly port: number
  readonly heard: Heard[]
  answer: Answer
  /** Resolves when so many have been heard in all. */
  until(count: number): Promise<void>
  close(): Promise<void>
}

/** Standard Webhooks: one of the signatures is that of the secret, over id, timestamp and body. */
export function isSigned({ headers, body }: Heard, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': all } = headers
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const wanted = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest()
  return String(all)
    .split(' ')
    .map((one) => Buffer.from(one.replace('v1,', ''), 'base64'))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted))
}

export const say =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end()

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}

export async function openReceiver(
  tls: { readonly key: string; readonly cert: string } | null = null,
): Promise<Receiver> {
  const heard: Heard[] = []
  const news = new EventEmitter().setMaxListeners(0)
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const one: Heard = {
      path: request.url ?? '',
      id: String(request.headers['webhook-id']),
      headers: request.headers,
      body,
      message: JSON.parse(body) as WebhookMessage,
    }
    heard.push(one)
    receiver.answer(response, one)
    news.emit('heard')
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void handle(request, response).catch(() => response.destroy())
  const server: Server =
    tls === null ? createServer(listener) : createSecureServer({ ...tls }, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver: Receiver = {
    port: (server.address() as AddressInfo).port,
    heard,
    answer: say(204),
    async until(count) {
      while (heard.length < count) await once(news, 'heard')
    },
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return receiver
}
