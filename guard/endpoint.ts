// What a row of the table of endpoints says: the shape of a request, and who answers it. What is in no row is refused.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DockerEndpoint } from '../policy/docker-door.js'
import type { Engine, Query } from './engine.js'
import type { Front } from './front.js'
import type { Tenant } from './tenant.js'

/** How the text of a query parameter is read. Whatever is read is written anew; nothing is passed on as it came. */
export type QueryKind =
  | 'flag'
  | 'number'
  | 'time'
  | 'tail'
  | 'word'
  | 'name'
  | 'names'
  | 'signal'
  | 'path'
  | 'keys'
  | 'ps'
  | 'filters'
  | 'text'
  | 'texts'
  /** Taken, and not passed on: what clients send and nobody needs. */
  | 'dropped'

export type Endpoint = {
  /** Stable: it is in metrics, in the log and in the documentation. */
  readonly id: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** `{id}` is one segment, `{name}` may have several (images). */
  readonly path: string
  readonly query: Readonly<Record<string, QueryKind>>
  readonly body: 'none' | 'json' | 'archive'
  /** What the request asks for is judged by policy/ under this name. */
  readonly judged?: DockerEndpoint
  /** A client may take over the connection (`Upgrade: tcp`). */
  readonly upgrade?: true
  readonly serve: (call: Call) => Promise<void>
}

/** One request, read and taken apart. */
export type Call = {
  readonly front: Front
  readonly engine: Engine
  readonly tenant: Tenant
  readonly endpoint: Endpoint
  /** As the client wrote it, within what is served. */
  readonly version: string
  readonly path: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: unknown
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Present where the client has asked to take over the connection. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | null
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export const isSet = (query: Query, name: string): boolean =>
  query[name]?.[0] !== undefined && query[name][0] !== '0'
