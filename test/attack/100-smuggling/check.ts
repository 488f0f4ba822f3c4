// Row 100: requests that two readers cut at different places, against the running service. test/api/smuggling.test.ts has the long table.
import type { Test } from 'tap'
import { exchange } from '../../api/raw-http.js'
import { address, openTenant, port, type Tenant } from '../../stack.js'

const body = '{"language":"bash","source":"true"}'
const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

export async function check(t: Test, _tenant: Tenant): Promise<void> {
  const tenant = openTenant(`smuggling-${Date.now()}`)
  const head = (...lines: string[]): string =>
    [
      'POST /v1/jobs HTTP/1.1',
      `Host: ${address}`,
      `Authorization: Bearer ${tenant.key}`,
      'Content-Type: application/json',
      ...lines,
      '',
      '',
    ].join('\r\n')
  const length = `Content-Length: ${body.length}`
  const hidden = head(length) + body
  const corpus: Record<string, string> = {
    'length and chunks': head(length, 'Transfer-Encoding: chunked') + chunk,
    'chunks, then identity': head('Transfer-Encoding: chunked, identity') + chunk,
    'identity, then chunks': head('Transfer-Encoding: identity, chunked') + chunk,
    'chunks spelled oddly': head('Transfer-Encoding: chunked\u000b') + chunk,
    'a bare line feed': head(length).replaceAll('\r\n', '\n') + body,
    'a bare line feed in a header': head(`X-A: b\n${length}`) + body,
    'a folded header': head('X-A: b\r\n c', length) + body,
    'a blank before the colon': head(`Content-Length : ${body.length}`) + body,
    'a sign in the length': head(`Content-Length: +${body.length}`) + body,
    'a NUL in a header': head('X-A: \0', length) + body,
    'a chunk that is too long': `${head('Transfer-Encoding: chunked')}2\r\n${body}\r\n0\r\n\r\n`,
    'a chunk size with a sign': `${head('Transfer-Encoding: chunked')}+23\r\n${body}\r\n0\r\n\r\n`,
    'a chunk size that overflows': `${head('Transfer-Encoding: chunked')}ffffffffffffffff1\r\n${body}\r\n0\r\n\r\n`,
    'no request at all': '\u0016\u0003\u0001\u0002\u0000',
  }
  for (const [name, bytes] of Object.entries(corpus)) {
    const answer = await exchange(Number(port), [Buffer.from(bytes + hidden, 'latin1')])
    t.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`)
    t.ok(answer.closed, `${name}: the connection ends`)
    t.equal(answer.answers, 1, `${name}: what is hidden behind is not read`)
  }
  const none = await tenant.request('GET', '/v1/jobs?limit=100')
  t.same((none.json as { jobs: unknown[] }).jobs, [], 'nothing became a job')
  const two = await exchange(Number(port), [hidden + hidden], 2)
  t.equal(two.answers, 2, 'control: two honest requests in one write are two')
}
