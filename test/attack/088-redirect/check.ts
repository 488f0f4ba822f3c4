// Row 88: a callback's server that answers with a redirect to loopback. This tenant’s grant gives none: each is denied, and a
// server that waits for one hears nothing. A delivery that meets a redirect: test/api/webhooks.test.ts.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { accountOf, type Tenant } from '../../stack.js'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(request.url ?? '')
    response.writeHead(302, { location: 'http://127.0.0.1/secret' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const naive = await fetch(`${origin}/naive`, { redirect: 'manual' })
    t.equal(naive.status, 302, 'outside: a naive deliverer is led on')
    for (const callback of [`${origin}/callback`, 'https://hooks.example.com/redirects']) {
      const answer = await tenant.request('POST', '/v1/jobs', {
        language: 'bash',
        source: 'true',
        callback,
      })
      t.equal(answer.status, 403, `${callback} is denied`)
      t.match(answer.text, /"pointer":"\/callback"/)
    }
    const job = await tenant.run({
      language: 'bash',
      source: 'echo done',
      env: { CALLBACK: origin },
      labels: { callback: 'x' },
    })
    t.equal(job.outcome, 'ok', accountOf(job))
    t.same(heard, ['/naive'], 'and the server has heard nobody else')
  } finally {
    server.close()
  }
}
