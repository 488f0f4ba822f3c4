// The headers of a request: what carries a meaning that is not kept here is refused, all else is dropped. None is passed on as it came.
import type { IncomingMessage } from 'node:http'
import { ambiguousHeader } from '../contract/strict-headers.js'
import type { Endpoint } from './endpoint.js'
import { malformed } from './refusal.js'

/** They change what a request is, whose it is or where it ends, for some reader on some way. */
const withMeaning = [
  /^expect$/,
  /^te$/,
  /^trailer$/,
  /^http2-settings$/,
  /^range$/,
  /^if-/,
  /^x-http-method(-override)?$/,
  /^x-method-override$/,
  /^x-original-/,
  /^x-rewrite-/,
  /^x-forwarded-/,
  /^forwarded$/,
  /^proxy-/,
  /^authorization$/,
  /^keep-alive$/,
]

const connectionOptions = new Set(['close', 'keep-alive', 'upgrade'])

function refuseConnection(endpoint: Endpoint | null, request: IncomingMessage): void {
  const options = (request.headers.connection ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
  if (options.some((one) => one !== '' && !connectionOptions.has(one)))
    throw malformed(
      'docker-header',
      'Connection names a header: only close, keep-alive and Upgrade are taken',
    )
  const upgrade = request.headers.upgrade
  if ((upgrade !== undefined) !== options.includes('upgrade'))
    throw malformed('docker-header', 'Upgrade and Connection do not say the same')
  if (upgrade === undefined) return
  if (upgrade.toLowerCase() !== 'tcp' || endpoint?.upgrade !== true)
    throw malformed('docker-header', 'nothing here is upgraded to that')
}

/** Before it is known what is asked. @throws DockerRefusal; the connection ends with it. */
export function refuseUnclearHead(request: IncomingMessage): void {
  if (request.httpVersion !== '1.1')
    throw malformed('docker-header', 'only HTTP/1.1 is spoken here', 505)
  const fault = ambiguousHeader(request.rawHeaders, request.httpVersion)
  if (fault !== null) throw malformed('docker-header', fault)
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (length !== undefined && encoding !== undefined)
    throw malformed('docker-header', 'Content-Length and Transfer-Encoding are both there')
  if (length !== undefined && !/^(0|[1-9]\d{0,15})$/.test(length))
    throw malformed('docker-header', 'Content-Length is no number')
  for (const name of Object.keys(request.headers))
    if (withMeaning.some((pattern) => pattern.test(name)))
      throw malformed('docker-header', `the header ${name} is not taken`)
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** @throws DockerRefusal */
export function refuseHead(endpoint: Endpoint, request: IncomingMessage): void {
  refuseConnection(endpoint, request)
  if (endpoint.method !== 'POST' && endpoint.method !== 'PUT' && hasBody(request))
    throw malformed('docker-body', `a ${endpoint.method} has no body`)
  const kind = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (endpoint.body === 'json' && hasBody(request) && kind !== 'application/json')
    throw malformed('docker-body', 'the body is not application/json', 415)
}
