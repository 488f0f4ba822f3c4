// Row 89: callbacks to what lies behind us, in every notation, judged by the rule of addresses: each is denied by it, not only because
// this tenant’s grant gives no callbacks.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'

/** Names that mean something of the caller's or our own network. */
const privateNames = [
  'localhost.localdomain',
  'loc%61lhost',
  'router.lan',
  'x.home.arpa',
  'x.onion',
].map((name) => `https://${name}/`)

const addresses = [
  ...privateNames,
  'http://hooks.example.com/',
  'ftp://example.com/',
  'gopher://127.0.0.1:6379/_x',
  'file:///etc/passwd',
  'dict://127.0.0.1:11211/',
  'unix:/run/x.sock',
  'data:text/plain,x',
  'javascript:alert(1)',
  'ws://example.com/',
  '//example.com/',
  'https:',
  'https:///x',
  'example.com',
  'https://127.0.0.1/',
  'https://127.0.0.2/',
  'https://127.1/',
  'https://127.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://0/',
  'https://0.0.0.0/',
  'https://00.00.00.00/',
  'https://127.0.0.1./',
  'https://①②⑦.0.0.1/',
  'https://127。0。0。1/',
  'https://localhost/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://a.b.localhost/',
  'https://ⓛocalhost/',
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[fe80::1]/',
  'https://[fe80::1%25eth0]/',
  'https://[fc00::1]/',
  'https://[fd00:ec2::254]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.254/',
  'https://192.168.1.1/',
  'https://169.254.169.254/',
  'https://2852039166/',
  'https://0xa9fea9fe/',
  'https://100.64.0.1/',
  'https://100.100.100.200/',
  'https://192.0.0.192/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://user@example.com/',
  'https://user:secret@example.com/',
  'https://example.com@127.0.0.1/',
  'https://127.0.0.1@example.com/',
  'https://example.com\\@127.0.0.1/',
  'https://example.com:22/',
  'https://example.com:25/',
  'https://example.com:6379/',
  'https://example.com:0/',
  'https://example.com:70000/',
  'https://intranet/',
  'https://redis/',
  'https://db.internal/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  ' https://example.com/',
  'https://example.com/\u0000',
  'https://exa\tmple.com/',
  'https://example.com/\r\nHost: x',
  'https://exa mple.com/',
]
const punycode = 'xn--bcher-kva.example'
/** Public, plain https: the rule of addresses has nothing against them, and the one that gives no callbacks has. */
const plain = [
  'https://hooks.example.com/done',
  'https://example.com:8443/a?b=c',
  'https://203.0.114.9/',
  'https://[2606:4700::1111]/',
  `https://${punycode}/`,
]

type Violation = { readonly rule: string; readonly pointer: string }

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const rulesAgainst = async (callback: string): Promise<string[]> => {
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      callback,
    })
    t.ok([400, 403].includes(answer.status), `${JSON.stringify(callback)}: ${answer.status}`)
    const { violations = [] } = answer.json as { violations?: Violation[] }
    return violations.filter(({ pointer }) => pointer === '/callback').map(({ rule }) => rule)
  }
  t.ok(addresses.length >= 40, `${addresses.length} addresses`)
  for (const callback of addresses) {
    const rules = await rulesAgainst(callback)
    t.ok(
      rules.includes('callback-address') || rules.includes('schema'),
      `${JSON.stringify(callback)} is denied as an address: ${rules}`,
    )
  }
  for (const callback of plain)
    t.same(
      await rulesAgainst(callback),
      ['callback-grant'],
      `control: nothing is wrong with the address ${callback}`,
    )
}
