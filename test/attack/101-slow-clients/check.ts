// Row 101: five hundred clients that never end their headers or their body, while others are served.
import type { Test } from 'tap'
import { exchange } from '../../api/raw-http.js'
import { accountOf, address, port, type Tenant } from '../../stack.js'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const starts = [
    `POST /v1/jobs HTTP/1.1\r\nHost: ${address}\r\nX-Slow: `,
    `GET /v1/jobs HTTP/1.1\r\nHost: ${address}\r\n`,
    'G',
    '',
  ]
  const slow = Array.from({ length: 500 }, (_, n) =>
    exchange(Number(port), [starts[n % starts.length] ?? '']),
  )
  const healthy = await Promise.all(
    Array.from({ length: 20 }, () => tenant.run({ language: 'bash', source: 'echo served' })),
  )
  t.same(
    healthy.map(({ stdout }) => stdout),
    healthy.map(() => 'served\n'),
    `others are served; ${accountOf(healthy[0] ?? (await tenant.run({ language: 'bash', source: 'true' })))}`,
  )
  t.equal((await tenant.request('GET', '/v1/languages')).status, 200)
  const answers = await Promise.all(slow)
  t.ok(
    answers.every(({ closed }) => closed),
    'each of the slow ones is cut off',
  )
  t.ok(
    answers.every(({ status }) => [0, 400, 408].includes(status)),
    'with a reason, or none',
  )
  const control = await exchange(
    Number(port),
    [`GET /healthz HTTP/1.1\r\nHost: ${address}\r\n\r\n`],
    1,
  )
  t.equal(control.status, 200, 'control: one that ends its headers is answered')
}
