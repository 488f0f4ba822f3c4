// Addresses that the service must never call, in every notation.
import t from 'tap'
import { addressFault } from '../../policy/address.js'

const refused = [
  ...[
    'http://example.com/',
    'ftp://example.com/',
    'gopher://example.com/',
    'file:///etc/passwd',
    'javascript:1',
    'https://',
    '',
    'x',
  ],
  ...[
    'https://user:pass@example.com/',
    'https://example.com:22/',
    'https://localhost/',
    'https://localhost./',
    'https://a.localhost/',
  ],
  ...[
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
  ],
  ...[
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.100.100.200/',
    'https://169.254.169.254/',
  ],
  ...[
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[fd00:ec2::254]/',
  ],
  ...[
    'https://[fe80::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[ff02::1]/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
  ],
  ...[
    'https://redis/',
    'https://metadata.google.internal/',
    'https://printer.local/',
    'https://①②⑦.0.0.1/',
  ],
]

t.test('refused', async (t) => {
  for (const address of refused) t.not(addressFault(address), null, address)
})

t.test('taken', async (t) => {
  for (const address of [
    'https://example.com/hook?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://172.32.0.1/',
  ]) {
    t.equal(addressFault(address), null, address)
  }
})
