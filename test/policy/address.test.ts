// Addresses: the ends of every range that is not public, and the notations that are none.
import t from 'tap'
import {
  ipv4FromNumber,
  ipv4Number,
  ipv4Range,
  ipv6Groups,
  ipv6Range,
} from '../../policy/ip-range.js'

const meaning = (address: string): string | null => {
  const number = ipv4Number(address)
  return number === null ? 'no address' : ipv4Range(number)
}

/** First and last of a range, what it is, and whether the neighbours are public. */
const ranges4: readonly (readonly [string, string, RegExp])[] = [
  ['0.0.0.0', '0.255.255.255', /this host/],
  ['10.0.0.0', '10.255.255.255', /private/],
  ['100.64.0.0', '100.127.255.255', /provider/],
  ['127.0.0.0', '127.255.255.255', /loopback/],
  ['168.63.129.16', '168.63.129.16', /cloud/],
  ['169.254.0.0', '169.254.255.255', /link-local/],
  ['172.16.0.0', '172.31.255.255', /private/],
  ['192.0.0.0', '192.0.0.255', /reserved/],
  ['192.0.2.0', '192.0.2.255', /documentation/],
  ['192.88.99.0', '192.88.99.255', /relay/],
  ['192.168.0.0', '192.168.255.255', /private/],
  ['198.18.0.0', '198.19.255.255', /benchmarks/],
  ['198.51.100.0', '198.51.100.255', /documentation/],
  ['203.0.113.0', '203.0.113.255', /documentation/],
  ['224.0.0.0', '239.255.255.255', /multicast/],
  ['240.0.0.0', '255.255.255.255', /reserved/],
]
for (const [first, last, said] of ranges4) {
  t.test(`${first} to ${last}`, async (t) => {
    const [low, high] = [ipv4Number(first) ?? 0, ipv4Number(last) ?? 0]
    t.ok(said.test(meaning(first) ?? ''), 'its first')
    t.ok(said.test(meaning(last) ?? ''), 'its last')
    t.notOk(said.test(ipv4Range(low - 1) ?? ''), 'the one before')
    if (high < 2 ** 32 - 1) t.notOk(said.test(ipv4Range(high + 1) ?? ''), 'the one after')
    t.equal(ipv4FromNumber(low), first)
    t.equal(ipv4FromNumber(high), last)
  })
}

t.test('public ones', async (t) => {
  for (const address of ['1.1.1.1', '9.255.255.255', '11.0.0.0', '172.32.0.0', '223.255.255.255'])
    t.equal(meaning(address), null, address)
})

t.test('what is no dotted quad in plain decimal', async (t) => {
  const not = [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.999',
    '256.1.1.1',
    '1.2.3.x',
    '1.2.3.',
  ]
  for (const text of [
    ...not,
    '0x1.2.3.4',
    '1.2.3.-4',
    '1111.1.1.1',
    'a1.2.3.4',
    '1.2.3.4a',
    ' 1.2.3.4',
  ])
    t.equal(ipv4Number(text), null, text)
})

const meaning6 = (host: string): string | null => ipv6Range(ipv6Groups(host) ?? [])

const ranges6: readonly (readonly [string, RegExp])[] = [
  ['[::]', /this host/],
  ['[::1]', /loopback/],
  ['[::ffff:808:808]', /IPv4 in IPv6$/],
  ['[::ffff:0:808:808]', /IPv4 in IPv6$/],
  ['[::808:808]', /IPv4 in IPv6$/],
  ['[64:ff9b::1]', /NAT64/],
  ['[64:ff9b:1::1]', /NAT64/],
  ['[100::1]', /discarded/],
  ['[2001::1]', /Teredo/],
  ['[2001:1ff::1]', /Teredo/],
  ['[2001:db8::1]', /documentation/],
  ['[2001:db8:ffff::1]', /documentation/],
  ['[2002:808:808::1]', /6to4/],
  ['[3fff::1]', /documentation/],
  ['[3fff:fff::1]', /documentation/],
  ['[fc00::1]', /private/],
  ['[fdff::1]', /private/],
  ['[fe80::1]', /link-local/],
  ['[febf::1]', /link-local/],
  ['[fec0::1]', /site-local/],
  ['[feff::1]', /site-local/],
  ['[ff02::1]', /multicast/],
  ['[4000::1]', /^reserved$/],
  ['[1fff::1]', /^reserved$/],
  ['[64:ff9c::1]', /^reserved$/],
  ['[101::1]', /^reserved$/],
  ['[e000::1]', /^reserved$/],
  ['[fe00::1]', /^reserved$/],
  ['[0:0:0:0:1::]', /^reserved$/],
]
for (const [host, said] of ranges6)
  t.test(host, async (t) => {
    t.ok(said.test(meaning6(host) ?? ''), meaning6(host) ?? 'public')
  })

t.test('public ones of the new kind', async (t) => {
  const hosts = [
    '[2000::1]',
    '[2001:200::1]',
    '[2001:db7::1]',
    '[2001:db9::1]',
    '[2003::1]',
    '[3fff:1000::1]',
  ]
  for (const host of [...hosts, '[2606:4700:4700::1111]', '[3ffe::1]'])
    t.equal(meaning6(host), null, host)
})

t.test('groups of an address', async (t) => {
  t.strictSame(ipv6Groups('[1:2:3:4:5:6:7:8]'), [1, 2, 3, 4, 5, 6, 7, 8])
  t.strictSame(ipv6Groups('[a::b]'), [10, 0, 0, 0, 0, 0, 0, 11])
  t.strictSame(ipv6Groups('[::]'), [0, 0, 0, 0, 0, 0, 0, 0])
  t.strictSame(ipv6Groups('[1::]'), [1, 0, 0, 0, 0, 0, 0, 0])
  for (const text of ['::1', '[::1', '::1]', 'example.com', ''])
    t.equal(ipv6Groups(text), null, text)
})
