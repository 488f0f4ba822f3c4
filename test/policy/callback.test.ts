// Where callbacks may go: origins of a grant, ranges that it gives, and every form of an address that is not public.
import t from 'tap'
import { addressFaults } from '../../policy/callback-address.js'
import { originFaults, originGrant } from '../../policy/callback-origin.js'
import { addressFault, isNetwork } from '../../policy/ip-network.js'

t.test('an address that was resolved is public, or of a range that is given', async (t) => {
  const inside = [
    ...['127.0.0.1', '0.0.0.0', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254'],
    ...['100.64.0.1', '168.63.129.16', '224.0.0.1', '255.255.255.255', '::', '::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1'],
    ...['2002:7f00:1::', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', ''],
    ...['127.1', '0x7f000001', '2130706433', 'localhost', '1.2.3.4.', '1.2.3.4/32', '4000::1'],
  ]
  for (const address of inside) t.ok(addressFault(address, []), `${address} is refused`)
  for (const address of ['8.8.8.8', '203.0.114.9', '2606:4700::1111'])
    t.equal(addressFault(address, []), null, `control: ${address} is public`)
  const given = ['10.1.0.0/16', '127.0.0.1/32', 'fd00:1::/32']
  for (const address of ['10.1.255.255', '127.0.0.1', 'fd00:1::5'])
    t.equal(addressFault(address, given), null, `${address} is given`)
  for (const address of [
    '10.2.0.0',
    '127.0.0.2',
    'fd00:2::5',
    '::ffff:10.1.0.1',
    '::ffff:127.0.0.1',
  ])
    t.ok(addressFault(address, given), `${address} is beside it`)
})

t.test('a network is an address with nothing behind its prefix', async (t) => {
  for (const text of [
    '10.0.0.0/8',
    '0.0.0.0/0',
    '127.0.0.1/32',
    'fd00::/8',
    '::1/128',
    '10.1.16.0/20',
  ])
    t.ok(isNetwork(text), text)
  for (const text of [
    '10.0.0.1/8',
    '10.0.0.0/33',
    'fd00::1/8',
    '::/129',
    '10.0.0.0',
    '10/8',
    'x/8',
    '/8',
  ])
    t.notOk(isNetwork(text), text)
})

t.test('an origin gives what it says', async (t) => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['https://*', 'https://example.com/x', true],
    ['https://*', 'https://example.com:8443/', true],
    ['https://*', 'https://example.com:9000/', false],
    ['https://*', 'http://example.com/', false],
    ['https://*.example.com', 'https://a.example.com/', true],
    ['https://*.example.com', 'https://example.com/', false],
    ['https://*.hooks.internal', 'https://xhooks.internal/', false],
    ['https://*.example.com', 'https://a.example.com.evil.example/', false],
    ['https://*.example.com:9000', 'https://a.example.com:9000/', true],
    ['https://*.example.com:9000', 'https://a.example.com/', false],
    ['http://hooks.internal:9000', 'http://hooks.internal:9000/x?y', true],
    ['http://hooks.internal:9000', 'http://hooks.internal/', false],
    ['http://hooks.internal', 'http://hooks.internal:80/', true],
    ['https://hooks.internal', 'https://hooks.internal:8443/', false],
    ['http://[fd00::1]:80', 'http://[fd00::1]/', true],
    ['https://hooks.internal', 'https://user@hooks.internal.evil.example/', false],
    ['https://*', 'not a url', false],
  ]
  for (const [origin, address, isGiven] of cases)
    t.equal(originGrant(address, [origin]).isGiven, isGiven, `${origin} and ${address}`)
  for (const origin of [
    'http://*',
    'http://*.example.com',
    'https://*:9000',

    'https://2130706433',
    'https://localhost:99999',
  ])
    t.ok(originFaults(origin, '').length > 0, `${origin} is no origin of a grant`)
  for (const origin of [
    'https://*',
    'https://*.example.com',
    'http://hooks.internal:9000',
    'http://127.0.0.1:80',
    'https://[fd00::1]',
  ])
    t.same(originFaults(origin, ''), [], `control: ${origin} is one`)
})

t.test(
  'what is named may have its own scheme, port and name; never credentials, never a range that is not given',
  async (t) => {
    const named = { isNamed: true, networks: ['10.1.0.0/16'] }
    t.same(addressFaults('http://hooks.internal:9000/', named), [])
    t.same(addressFaults('http://10.1.0.5:9000/', named), [])
    t.ok(addressFaults('http://10.2.0.5:9000/', named).length > 0)
    t.ok(addressFaults('http://u:p@hooks.internal/', named).length > 0)
    t.ok(addressFaults('http://0x0a010005/', named).length > 0, 'another spelling of what is given')
  },
)
