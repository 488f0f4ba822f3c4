// Requests whose bytes two readers could understand differently (CVE-2022-32213 and its kin): refused, and the connection ended.
import t from 'tap'
import { jobKeys, openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { exchange } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const key = await api.key('main')
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const head = (...lines: string[]): string =>
  [
    'POST /v1/jobs HTTP/1.1',
    'Host: here',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n')

const body = '{"language":"bash","source":"true"}'
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
const second = 'GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n'

const refused: Readonly<Record<string, string>> = {
  'both lengths':
    head(`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked') + chunked + second,
  'both lengths, the other way round':
    head('Transfer-Encoding: chunked', 'Content-Length: 4') + chunked + second,
  'two lengths that differ':
    head(`Content-Length: ${body.length}`, 'Content-Length: 0') + body + second,
  'two lengths that agree':
    head(`Content-Length: ${body.length}`, `Content-Length: ${body.length}`) + body + second,
  'a list of lengths': head(`Content-Length: ${body.length}, ${body.length}`) + body + second,
  'a length with a sign': head(`Content-Length: +${body.length}`) + body + second,
  'a negative length': head('Content-Length: -1') + body + second,
  'a length in hexadecimal': head('Content-Length: 0x23') + body + second,
  'a length that overflows': head('Content-Length: 99999999999999999999999') + body + second,
  'chunked, then identity': head('Transfer-Encoding: chunked, identity') + chunked + second,
  'identity, then chunked': head('Transfer-Encoding: identity, chunked') + chunked + second,
  'gzip, then chunked': head('Transfer-Encoding: gzip, chunked') + chunked + second,
  'two encodings':
    head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunked + second,
  'an encoding with a tab': head('Transfer-Encoding:\tchunked\t, x') + chunked + second,
  'an encoding unknown': head('Transfer-Encoding: xchunked') + chunked + second,
  'a space before the colon': head('Content-Length : 5') + body + second,
  'a folded header': head('X-Folded: a', ' b', `Content-Length: ${body.length}`) + body + second,
  'bare line feeds': head(`Content-Length: ${body.length}`).replaceAll('\r\n', '\n') + body,
  'a bare line feed in one header': head(`X-A: b\nContent-Length: ${body.length}`) + body + second,
  'a bare carriage return': head(`X-A: b\rContent-Length: ${body.length}`) + body + second,
  'a NUL in a header': head('X-A: a\0b', `Content-Length: ${body.length}`) + body + second,
  'a chunk size that is none': `${head('Transfer-Encoding: chunked')}zz\r\n${body}\r\n0\r\n\r\n${second}`,
  'a chunk that is longer than said': `${head('Transfer-Encoding: chunked')}3\r\n${body}\r\n0\r\n\r\n${second}`,
  'a chunk size with a bare line feed': `${head('Transfer-Encoding: chunked')}23\n${body}\r\n0\r\n\r\n${second}`,
  'two hosts': head('Host: there', `Content-Length: ${body.length}`) + body + second,
  'two keys': head('Authorization: Bearer x', `Content-Length: ${body.length}`) + body + second,
  'two types': head('Content-Type: text/plain', `Content-Length: ${body.length}`) + body + second,
  'a compressed body':
    head('Content-Encoding: gzip', `Content-Length: ${body.length}`) + body + second,
  'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
  'a version unknown': 'GET /healthz HTTP/3.7\r\nHost: here\r\n\r\n',
  'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a method unknown': 'FROB /healthz HTTP/1.1\r\nHost: here\r\n\r\n',
}

for (const [name, bytes] of Object.entries(refused)) {
  t.test(`refused: ${name}`, async (t) => {
    const answer = await exchange(api.port, [Buffer.from(bytes, 'latin1')])
    t.ok(answer.status >= 400 && answer.status < 500, `status ${answer.status}`)
    t.ok(answer.closed, 'the connection ends')
    t.equal(answer.answers, 1, 'what follows is not read as a request')
    t.match(answer.text, /application\/problem\+json/i)
    t.match(answer.text, /"code":"invalid-header"/)
    t.same(await jobKeys(redis.look), [], 'nothing is written')
  })
}

t.test('a length of 0 with a body: the job sees no body, the rest is no request', async (t) => {
  const answer = await exchange(api.port, [head('Content-Length: 0') + body])
  t.equal(answer.status, 400)
  t.match(answer.text, /"code":"(malformed-json|invalid-header)"/)
  t.ok(answer.closed)
  t.same(await jobKeys(redis.look), [])
})

t.test('control: the same request, well formed, is taken', async (t) => {
  const answer = await exchange(api.port, [head(`Content-Length: ${body.length}`) + body], 1)
  t.equal(answer.status, 202)
  const again = await exchange(api.port, [head('Transfer-Encoding: chunked') + chunked], 1)
  t.equal(again.status, 202)
})

t.test('headers above 16 KiB', async (t) => {
  const answer = await exchange(api.port, [head(`X-Long: ${'a'.repeat(20_000)}`)])
  t.equal(answer.status, 431)
  t.match(answer.text, /"code":"headers-too-large"/)
})
