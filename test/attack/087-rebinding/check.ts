// Row 87, DNS rebinding: a name that resolves to a public address when it is judged and to a private one when it is used. No job has an
// egress: no resolver answers inside. A callback of this tenant is denied before anybody resolves its name; what a delivery does with
// a name whose second answer is another is shown by test/api/webhook-trouble.test.ts, with a name server of its own.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'

const script = `
import os, socket
for name in ['rebind.example.com', 'localhost.example.com', 'one.one.one.one']:
  try:
    print(name, socket.gethostbyname(name))
  except OSError:
    print(name, 'unresolved')
print('resolv.conf', os.path.exists('/etc/resolv.conf') and os.path.getsize('/etc/resolv.conf') > 0)
print(socket.gethostbyname('localhost'))`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const network of ['none', 'loopback']) {
    const job = await tenant.run({ language: 'python', source: script, network })
    const said = outputOf(job).toString()
    t.equal(
      said.match(/unresolved/g)?.length,
      3,
      `network ${network}: no name is resolved; ${accountOf(job)}`,
    )
    t.match(said, /^resolv.conf False$/m)
    t.match(said, /^127\.0\.0\.1$/m, 'control: what /etc/hosts names is')
  }
  const resolver = createSocket('udp4')
  resolver.bind(0, '127.0.0.1')
  await once(resolver, 'listening')
  let asked = 0
  resolver.on('message', () => {
    asked++
  })
  const callback = `https://rebind.example.com:8443/?resolver=127.0.0.1:${resolver.address().port}`
  const answer = await tenant.request('POST', '/v1/jobs', {
    language: 'bash',
    source: 'true',
    callback,
  })
  t.equal(answer.status, 403, 'a callback to a name is denied before anybody resolves it')
  t.match(answer.text, /"rule":"callback-grant"/)
  t.equal(asked, 0)
  resolver.close()
  t.pass('a resolver whose second answer is another, inside a job', {
    skip: 'left out until an egress is offered; for callbacks: test/api/webhook-trouble.test.ts',
  })
}
