// Row 84, CVE-2024-41110 and CVE-2026-34040: who judges a request sees another body than who acts on it: none, or a part.
import type { Test } from 'tap'
import { exchange } from '../../api/raw-http.js'
import { address, openTenant, port, type Tenant } from '../../stack.js'

const evil = JSON.stringify({ language: 'bash', source: 'echo ran', privileged: true })
const honest = JSON.stringify({ language: 'bash', source: 'echo ran' })

const head = (key: string, ...lines: string[]): string =>
  [
    'POST /v1/jobs HTTP/1.1',
    `Host: ${address}`,
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n')

/** A body of many bytes, whose last field is the one that matters. */
const padded = (bytes: number, last: string): string =>
  `{"language":"bash","source":"echo ran",${' '.repeat(bytes)}${last}}`

export async function check(t: Test, _tenant: Tenant): Promise<void> {
  const tenant = openTenant(`two-bodies-${Date.now()}`)
  const send = (bytes: string) => exchange(Number(port), [bytes])
  const raw: Record<string, string> = {
    'a length of 0 and a body': head(tenant.key, 'Content-Length: 0') + evil,
    'two lengths': head(tenant.key, 'Content-Length: 0', `Content-Length: ${evil.length}`) + evil,
    'a length and chunks': `${head(tenant.key, `Content-Length: ${evil.length}`, 'Transfer-Encoding: chunked')}${evil.length.toString(16)}\r\n${evil}\r\n0\r\n\r\n`,
    'a length that is too short': head(tenant.key, `Content-Length: ${honest.length - 4}`) + honest,
    'a length above the largest body': head(tenant.key, 'Content-Length: 99999999999'),
    'no length at all': head(tenant.key, 'Connection: close') + evil,
  }
  for (const [name, bytes] of Object.entries(raw)) {
    const answer = await send(bytes)
    t.ok([400, 411, 413].includes(answer.status), `${name}: ${answer.status}`)
    t.ok(answer.closed, `${name}: the connection ends`)
    t.equal(answer.answers, 1, `${name}: the rest is no request`)
  }
  for (const mebibytes of [1, 2, 16]) {
    const body = padded(mebibytes * 1_048_576, '"privileged":true')
    const answer = await tenant.request('POST', '/v1/jobs', body)
    t.equal(answer.status, 403, `${mebibytes} MiB before the field that matters: it is judged`)
    t.match(answer.text, /"pointer":"\/privileged"/)
  }
  const over = await tenant.request('POST', '/v1/jobs', padded(68 * 1_048_576, '"privileged":true'))
  t.equal(over.status, 413, 'a body above the limit is not cut: it is refused')
  const list = await tenant.request('GET', '/v1/jobs?limit=100')
  t.same((list.json as { jobs: unknown[] }).jobs, [], 'nothing of all this became a job')
  const control = await tenant.request(
    'POST',
    '/v1/jobs?wait=30',
    padded(1_048_576, '"priority":1'),
  )
  t.equal(control.status, 200, 'control: as large a body without that field is taken')
}
