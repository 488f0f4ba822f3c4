// Row 98: bodies that two JSON readers would read differently, or that break a careless one.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'

const good = '{"language":"bash","source":"true"}'
const bodies: Readonly<Record<string, string>> = {
  'two equal keys': '{"language":"bash","language":"python","source":"true"}',
  'two equal keys, one escaped': '{"language":"bash","\\u006canguage":"python","source":"true"}',
  'a lone surrogate': '{"language":"bash","source":"\\ud800"}',
  'a lone surrogate in a key': '{"language":"bash","source":"true","labels":{"\\udc00":"x"}}',
  'a NUL in a path':
    '{"language":"bash","source":"true","files":[{"path":"a\\u0000b","content":""}]}',
  'an overflowing number': '{"language":"bash","source":"true","limits":{"cpuMs":1e400}}',
  'a number beyond a double':
    '{"language":"bash","source":"true","limits":{"cpuMs":9007199254740993}}',
  'a fraction': '{"language":"bash","source":"true","limits":{"cpuMs":1.5}}',
  zero: '{"language":"bash","source":"true","limits":{"cpuMs":0}}',
  negative: '{"language":"bash","source":"true","limits":{"cpuMs":-1}}',
  'a number as text': '{"language":"bash","source":"true","limits":{"cpuMs":"100"}}',
  'a byte order mark': `\ufeff${good}`,
  'deep arrays': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  'deep objects': `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  'a second value': `${good}${good}`,
  'a trailing comma': '{"language":"bash","source":"true",}',
  'a comment': '{"language":"bash",/* */"source":"true"}',
  'not a number': '{"language":"bash","source":"true","priority":NaN}',
  'single quotes': "{'language':'bash','source':'true'}",
  'cut off': '{"language":"bash","source":"tr',
  nothing: '',
  white: '  \n ',
  'a list': `[${good}]`,
  'a text': '"bash"',
  null: 'null',
  'an unknown field': '{"language":"bash","source":"true","Source":"true"}',
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const before = await tenant.request('GET', '/v1/jobs?limit=1')
  for (const [name, body] of Object.entries(bodies)) {
    const answer = await tenant.request('POST', '/v1/jobs', body)
    t.ok([400, 403, 413].includes(answer.status), `${name}: ${answer.status}`)
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/, `${name}: a problem`)
  }
  const bytes = Buffer.concat([
    Buffer.from('{"language":"bash","source":"'),
    Buffer.from([0xc3, 0x28, 0xff]),
    Buffer.from('"}'),
  ])
  const answer = await tenant.request('POST', '/v1/jobs', bytes.toString('latin1'))
  t.ok(answer.status < 500, 'odd bytes never are our fault')
  t.same((await tenant.request('GET', '/v1/jobs?limit=1')).json === null, false)
  t.equal(before.status, 200)
  t.equal(
    (await tenant.request('POST', '/v1/jobs?wait=30', good)).status,
    200,
    'control: the honest body is taken',
  )
}
