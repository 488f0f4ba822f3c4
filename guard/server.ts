// A door for one tenant: a UNIX socket of its own. Who may open it is said by the kernel (search right on its directory, write right on the
// socket), so that a request has a tenant before its first byte is read. Node gives no peer credentials (SO_PEERCRED) without reaching into
// its internals; a socket a tenant needs none, cannot be mapped wrongly, and can be handed into a container of the tenant's.
import { once } from 'node:events'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { sendRefusal, setStanding } from './answer.js'
import { readBody } from './body.js'
import type { Call } from './endpoint.js'
import type { Engine } from './engine.js'
import type { Front } from './front.js'
import { refuseHead, refuseUnclearHead } from './headers.js'
import { DockerRefusal, malformed, refusalText, refused } from './refusal.js'
import { type RouteTable, routeOf, versionOf } from './route.js'
import type { Tenant } from './tenant.js'

export type Door = { readonly tenant: Tenant; readonly server: Server; close(): Promise<void> }

export type DoorParts = {
  readonly front: Front
  readonly engine: Engine
  readonly routes: RouteTable
  readonly tenant: Tenant
}

const headBytesMax = 16_384
const headMs = 10_000
/** An archive of a large build comes for so long at most. */
const requestMs = 3_600_000
const connectionsMax = 512

type Upgrade = Call['upgrade']

async function answer(
  parts: DoorParts,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade,
  seen: { id: string },
): Promise<void> {
  const { front, engine, routes, tenant } = parts
  refuseUnclearHead(request)
  const route = routeOf(routes, request.method ?? '', request.url ?? '')
  seen.id = route.endpoint.id
  front.grantOf(tenant) // one that gives no engine, or is gone, is the end of it
  const version = versionOf(route.version, engine.apiVersion)
  refuseHead(route.endpoint, request)
  const body = await readBody(route.endpoint, request, upgrade)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const { endpoint, path, query } = route
  await endpoint.serve({
    ...{ front, engine, tenant, endpoint, version, path, query, body, request, response, upgrade },
    signal: gone.signal,
  })
}

function tellRefusal({ front, tenant }: DoorParts, endpoint: string, refusal: DockerRefusal): void {
  if (refusal.rules.length === 0) return
  for (const rule of refusal.rules) front.telemetry.denied(rule, endpoint)
  const { status, rules } = refusal
  front.log.info(
    { act: 'denial', tenant: tenant.name, endpoint, verdict: 'deny', rules, status },
    'refused',
  )
}

async function handle(
  parts: DoorParts,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade,
): Promise<void> {
  const { front, engine, tenant } = parts
  const began = performance.now()
  const seen = { id: 'none' }
  setStanding(response, engine.apiVersion)
  let status = 0
  try {
    await answer(parts, request, response, upgrade, seen)
    status = response.statusCode
    const changes = request.method !== 'GET' && request.method !== 'HEAD'
    if (changes)
      front.log.info(
        { act: 'request', tenant: tenant.name, endpoint: seen.id, verdict: 'allow', status },
        'passed',
      )
  } catch (error) {
    const refusal = refusalOf(front, error)
    status = refusal.status
    tellRefusal(parts, seen.id, refusal)
    if (request.complete) sendRefusal(response, refusal)
    else
      sendRefusal(response, new DockerRefusal(refusal.status, refusal.rules, refusal.message, true))
  }
  front.telemetry.request(seen.id, status, (performance.now() - began) / 1000)
}

function refusalOf({ log }: Front, error: unknown): DockerRefusal {
  if (error instanceof DockerRefusal) return error
  const { code, name, stack } = error as NodeJS.ErrnoException
  const isGone =
    name === 'AbortError' ||
    ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(
      code ?? '',
    )
  if (!isGone) log.error({ error: stack }, 'a request failed')
  return isGone
    ? new DockerRefusal(499, [], 'the client is gone')
    : new DockerRefusal(500, [], 'the guard failed; it is logged')
}

/** Node's parser stops at the head of such a request: its answer is written by the same means as any other. */
function takeUpgrade(
  parts: DoorParts,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Socket)
  response.once('finish', () => socket.end())
  socket.on('error', () => socket.destroy())
  void handle(parts, request, response, { socket, head })
}

/** Bytes that are no request: answered once. */
function refuseBytes(parts: DoorParts, error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const refusal = malformed(
    'docker-header',
    `this is not HTTP/1.1 as it is spoken here (${error.code ?? 'unreadable'})`,
  )
  tellRefusal(parts, 'none', refusal)
  const text = refusalText(refusal.message)
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      `Api-Version: ${parts.engine.apiVersion}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(text)}`,
      'Connection: close',
      '',
      text,
    ].join('\r\n'),
  )
}

export function buildDoor(parts: DoorParts): Server {
  const server = createServer({
    maxHeaderSize: headBytesMax,
    headersTimeout: headMs,
    requestTimeout: requestMs,
    keepAliveTimeout: 60_000,
    insecureHTTPParser: false,
    requireHostHeader: false, // refused in words, by headers.ts
    joinDuplicateHeaders: false,
  })
  server.maxConnections = connectionsMax
  server.on('request', (request, response) => void handle(parts, request, response, null))
  server.on('upgrade', (request, socket, head) => takeUpgrade(parts, request, socket, head))
  server.on('checkContinue', (request, response) => void handle(parts, request, response, null))
  server.on('checkExpectation', (request, response) => void handle(parts, request, response, null))
  server.on('connect', (_request, socket) => refuseBytes(parts, new Error('CONNECT'), socket))
  server.on('clientError', (error, socket) => refuseBytes(parts, error, socket))
  server.on('connection', (socket: Socket) => {
    parts.front.telemetry.open(1)
    socket.once('close', () => parts.front.telemetry.open(-1))
  })
  server.on('drop', () =>
    parts.front.log.warn({ tenant: parts.tenant.name }, 'too many connections'),
  )
  return server
}

/** Whether somebody listens there: a second guard must not take the first one's door. */
async function isServed(path: string): Promise<boolean> {
  const socket = connect(path)
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  socket.destroy()
  return isOpen
}

/** Its directory is made by set-up, with the tenant's group on it, which the socket inherits. */
export async function openDoor(parts: DoorParts, path: string): Promise<Door> {
  const server = buildDoor(parts)
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  if (await isServed(path)) throw refused('docker-busy', `${path} is served by another process`)
  await rm(path, { force: true })
  const mask = process.umask(0o117)
  // Bound before this returns: nobody can come in between the making of the socket and its mode.
  server.listen(path)
  process.umask(mask)
  await once(server, 'listening')
  await chmod(path, 0o660)
  return {
    ...{ tenant: parts.tenant, server },
    async close() {
      server.close()
      server.closeAllConnections()
      await rm(path, { force: true })
    },
  }
}
