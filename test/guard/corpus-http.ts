// Hostile requests, by form: what is no HTTP/1.1, or could be read in two ways.
import type { Hostile } from './corpus.js'
import { request } from './raw.js'

const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`
const ping = (...headers: readonly string[]): string =>
  head('GET /_ping HTTP/1.1', 'Host: docker', ...headers)
const post =
  '{"HostConfig":{"CapAdd":["SYS_ADMIN"]},"Image":"base","Cmd":["/bin/true"],"Labels":{"zz-mark":""}}'
const create = (...headers: readonly string[]): string =>
  head(
    'POST /v1.41/containers/create HTTP/1.1',
    'Host: docker',
    'Content-Type: application/json',
    ...headers,
  )
const target = (path: string): string => request('GET', path)
const hidden = `POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: ${post.length}\r\n\r\n${post}`

const lines: readonly Hostile[] = [
  { name: 'no Host', bytes: head('GET /_ping HTTP/1.1') },
  { name: 'Host twice', bytes: ping('Host: other') },
  { name: 'HTTP/1.0', bytes: head('GET /_ping HTTP/1.0', 'Host: docker'), bare: 200 },
  {
    name: 'HTTP/1.0 with keep-alive',
    bytes: head('GET /_ping HTTP/1.0', 'Host: docker', 'Connection: keep-alive'),
    bare: 200,
  },
  { name: 'HTTP/0.9', bytes: 'GET /_ping\r\n\r\n' },
  { name: 'HTTP/1.2', bytes: head('GET /_ping HTTP/1.2', 'Host: docker') },
  { name: 'HTTP/2 preface', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { name: 'TLS client hello', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n' },
  {
    name: 'lines that end with LF alone',
    bytes: 'GET /_ping HTTP/1.1\nHost: docker\nX: y\n\n\r\n\r\n',
    bare: 200,
  },
  { name: 'a bare CR in a header', bytes: ping('X-A: a\rContent-Length: 5') },
  { name: 'a NUL in a header', bytes: ping('X-A: a\0b') },
  { name: 'a folded header', bytes: ping('X-A: a\r\n b') },
  { name: 'a space before a colon', bytes: ping('Transfer-Encoding : chunked') },
  { name: 'a header without a name', bytes: ping(': x') },
  { name: 'a header line without a colon', bytes: ping('nonsense') },
  { name: 'a tab in the request line', bytes: head('GET\t/_ping HTTP/1.1', 'Host: docker') },
  { name: 'a header of 64 KiB', bytes: ping(`X-A: ${'a'.repeat(65_536)}`), bare: 200 },
  {
    name: 'two thousand headers',
    bytes: ping(...Array.from({ length: 2000 }, (_, at) => `X-${at}: aaaaaaaa`)),
    bare: 200,
  },
  {
    name: 'a target of 100 KiB',
    bytes: target(`/v1.41/containers/json?all=${'1'.repeat(102_400)}`),
    bare: 200,
  },
]

const methods: readonly Hostile[] = [
  { name: 'CONNECT', bytes: head('CONNECT docker:80 HTTP/1.1', 'Host: docker') },
  { name: 'TRACE', bytes: request('TRACE', '/_ping') },
  { name: 'OPTIONS *', bytes: request('OPTIONS', '*') },
  { name: 'PATCH', bytes: request('PATCH', '/v1.41/containers/json') },
  { name: 'PUT of a list', bytes: request('PUT', '/v1.41/containers/json') },
  { name: 'DELETE of the list', bytes: request('DELETE', '/v1.41/containers/json') },
  { name: 'a method in lower case', bytes: request('get', '/_ping') },
  { name: 'X-HTTP-Method-Override', bytes: ping('X-HTTP-Method-Override: DELETE'), bare: 200 },
  { name: 'X-Original-URL', bytes: ping('X-Original-URL: /v1.41/containers/json'), bare: 200 },
  { name: 'X-Rewrite-URL', bytes: ping('X-Rewrite-URL: /v1.41/containers/json'), bare: 200 },
  { name: 'X-Forwarded-For', bytes: ping('X-Forwarded-For: 127.0.0.1'), bare: 200 },
  { name: 'Authorization', bytes: ping('Authorization: Basic eDp5'), bare: 200 },
  { name: 'Range', bytes: ping('Range: bytes=0-'), bare: 200 },
]

const framing: readonly Hostile[] = [
  {
    name: 'Content-Length and Transfer-Encoding',
    bytes: `${create('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  },
  {
    name: 'Content-Length twice',
    bytes: `${create('Content-Length: 2', `Content-Length: ${post.length}`)}${post}`,
  },
  {
    name: 'Content-Length twice, alike',
    bytes: `${create(`Content-Length: ${post.length}`, `Content-Length: ${post.length}`)}${post}`,
    bare: 201,
  },
  {
    name: 'Content-Length as a list',
    bytes: `${create(`Content-Length: ${post.length}, ${post.length}`)}${post}`,
  },
  {
    name: 'Content-Length with a sign',
    bytes: `${create(`Content-Length: +${post.length}`)}${post}`,
  },
  { name: 'Content-Length below zero', bytes: `${create('Content-Length: -1')}${post}` },
  { name: 'Content-Length in hexadecimal', bytes: `${create('Content-Length: 0x10')}${post}` },
  {
    name: 'Content-Length with a zero before it',
    bytes: `${create(`Content-Length: 0${post.length}`)}${post}`,
    bare: 201,
  },
  {
    name: 'Content-Length beyond all bounds',
    bytes: `${create('Content-Length: 99999999999999999999')}${post}`,
  },
  {
    name: 'Content-Length 0 with a body after it (CVE-2024-41110)',
    bytes: `${create('Content-Length: 0')}${post}`,
  },
  {
    name: 'Content-Length 0 with a whole request after it',
    bytes: `${create('Content-Length: 0')}${hidden}`,
  },
  {
    name: 'a length that cuts the body',
    bytes: `${create(`Content-Length: ${post.length - 2}`)}${post}`,
  },
  {
    name: 'Transfer-Encoding: gzip, chunked',
    bytes: `${create('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
  },
  {
    name: 'Transfer-Encoding: chunked, identity',
    bytes: `${create('Transfer-Encoding: chunked, identity')}0\r\n\r\n`,
  },
  { name: 'Transfer-Encoding: identity', bytes: `${create('Transfer-Encoding: identity')}${post}` },
  {
    name: 'Transfer-Encoding: xchunked',
    bytes: `${create('Transfer-Encoding: xchunked')}0\r\n\r\n`,
  },
  {
    name: 'Transfer-Encoding twice',
    bytes: `${create('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n`,
  },
  {
    name: 'Transfer-Encoding after a vertical tab',
    bytes: `${create('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`,
  },
  {
    name: 'a chunk size with a sign',
    bytes: `${create('Transfer-Encoding: chunked')}+2\r\n{}\r\n0\r\n\r\n`,
  },
  {
    name: 'a chunk size that overflows',
    bytes: `${create('Transfer-Encoding: chunked')}fffffffffffffffff\r\n{}\r\n0\r\n\r\n`,
  },
  {
    name: 'a chunk longer than it says',
    bytes: `${create('Transfer-Encoding: chunked')}2\r\n{}zz-mark\r\n0\r\n\r\n`,
  },
  {
    name: 'a request behind the last chunk',
    bytes: `${create('Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n${hidden.replace('/create', '/create?zz-mark=1')}`,
  },
  { name: 'a GET with a body', bytes: `${ping('Content-Length: 4')}abcd`, bare: 200 },
  {
    name: 'a GET with a request in its body',
    bytes: `${ping(`Content-Length: ${hidden.length}`)}${hidden}`,
    bare: 200,
  },
  {
    name: 'a GET with chunks',
    bytes: `${ping('Transfer-Encoding: chunked')}4\r\nabcd\r\n0\r\n\r\n`,
    bare: 200,
  },
  { name: 'a DELETE with a body', bytes: request('DELETE', '/v1.41/containers/none', '{}') },
  { name: 'Expect: 100-continue', bytes: create('Expect: 100-continue', 'Content-Length: 2') },
  { name: 'Expect of something else', bytes: create('Expect: zz-mark', 'Content-Length: 0') },
  { name: 'TE: trailers', bytes: ping('TE: trailers'), bare: 200 },
  {
    name: 'Trailer',
    bytes: `${create('Transfer-Encoding: chunked', 'Trailer: Content-Length')}0\r\n\r\n`,
  },
  {
    name: 'a compressed body',
    bytes: `${create('Content-Encoding: gzip', `Content-Length: ${post.length}`)}${post}`,
    bare: 201,
  },
]

const upgrades: readonly Hostile[] = [
  {
    name: 'Upgrade: h2c',
    bytes: ping(
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ),
    bare: 200,
  },
  {
    name: 'Upgrade: websocket',
    bytes: ping(
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ),
    bare: 200,
  },
  {
    name: 'Upgrade: tcp of what is no stream',
    bytes: ping('Connection: Upgrade', 'Upgrade: tcp'),
    bare: 200,
  },
  { name: 'Upgrade: tcp, h2c', bytes: ping('Connection: Upgrade', 'Upgrade: tcp, h2c'), bare: 200 },
  {
    name: 'Upgrade twice',
    bytes: ping('Connection: Upgrade', 'Upgrade: tcp', 'Upgrade: h2c'),
    bare: 200,
  },
  { name: 'Upgrade without Connection', bytes: ping('Upgrade: tcp'), bare: 200 },
  { name: 'Connection: Upgrade without Upgrade', bytes: ping('Connection: Upgrade'), bare: 200 },
  {
    name: 'Connection names another header',
    bytes: ping('Connection: close, Content-Length'),
    bare: 200,
  },
  {
    name: 'a create that is upgraded',
    bytes: `${create('Connection: Upgrade', 'Upgrade: tcp', `Content-Length: ${post.length}`)}${post}`,
    bare: 201,
  },
  {
    name: 'POST /session',
    bytes: request('POST', '/v1.41/session', null, ['Connection: Upgrade', 'Upgrade: h2c']),
  },
  {
    name: 'POST /grpc',
    bytes: request('POST', '/v1.41/grpc', null, ['Connection: Upgrade', 'Upgrade: h2c']),
  },
]

export const httpCorpus: readonly Hostile[] = [...lines, ...methods, ...framing, ...upgrades]
