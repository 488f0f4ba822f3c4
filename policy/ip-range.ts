// IP addresses that are not public: ranges by the IANA special-purpose registries (RFC 6890 and after), and the few
// public-looking ones that clouds keep for themselves.

type Range4 = readonly [network: string, bits: number, meaning: string]

const ranges4: readonly Range4[] = [
  ['0.0.0.0', 8, 'this host'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared by a provider (CGNAT)'],
  ['127.0.0.0', 8, 'loopback'],
  ['168.63.129.16', 32, 'a cloud’s own'],
  ['169.254.0.0', 16, 'link-local, where metadata services are'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'for documentation'],
  ['192.88.99.0', 24, 'a relay'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'for benchmarks'],
  ['198.51.100.0', 24, 'for documentation'],
  ['203.0.113.0', 24, 'for documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
]

/** A dotted quad in plain decimal, as `URL` writes IPv4; null for anything else. */
export function ipv4Number(host: string): number | null {
  const parts = host.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return null
  const octets = parts.map(Number)
  if (octets.some((octet) => octet > 255)) return null
  return octets.reduce((number, octet) => number * 256 + octet, 0)
}

export function ipv4FromNumber(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}

const numbered4 = ranges4.map(([network, bits, meaning]) => ({
  size: 2 ** (32 - bits),
  first: ipv4Number(network) ?? 0,
  meaning,
}))

/** What an IPv4 address is, where it is not public. */
export function ipv4Range(number: number): string | null {
  const found = numbered4.find(({ first, size }) => number >= first && number < first + size)
  return found?.meaning ?? null
}

/** The eight groups of an address in brackets, as `URL` writes IPv6; null for anything else. */
export function ipv6Groups(host: string): number[] | null {
  if (!host.startsWith('[') || !host.endsWith(']')) return null
  const [head = '', tail] = host.slice(1, -1).split('::')
  const groupsOf = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  return [...before, ...Array(8 - before.length - after.length).fill(0), ...after]
}

type Range6 = readonly [groups: readonly number[], bits: number, meaning: string]

const ranges6: readonly Range6[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0], 128, 'this host'],
  [[0, 0, 0, 0, 0, 0, 0, 1], 128, 'loopback'],
  [[0, 0, 0, 0, 0, 0xffff], 96, 'IPv4 in IPv6'],
  [[0, 0, 0, 0, 0xffff], 80, 'IPv4 in IPv6'],
  [[0, 0, 0, 0, 0, 0], 96, 'IPv4 in IPv6'],
  [[0x64, 0xff9b], 32, 'IPv4 in IPv6 (NAT64)'],
  [[0x100], 16, 'discarded'],
  [[0x2001, 0], 23, 'IPv4 in IPv6 (Teredo), or reserved'],
  [[0x2001, 0xdb8], 32, 'for documentation'],
  [[0x2002], 16, 'IPv4 in IPv6 (6to4)'],
  [[0x3fff], 20, 'for documentation'],
  [[0xfc00], 7, 'private'],
  [[0xfe80], 10, 'link-local'],
  [[0xfec0], 10, 'site-local'],
  [[0xff00], 8, 'multicast'],
]

function isIn(groups: readonly number[], network: readonly number[], bits: number): boolean {
  for (let index = 0; index * 16 < bits; index += 1) {
    const kept = Math.min(16, bits - index * 16)
    const mask = 0xffff - (2 ** (16 - kept) - 1)
    if (((groups[index] ?? 0) & mask) !== ((network[index] ?? 0) & mask)) return false
  }
  return true
}

/** What an IPv6 address is, where it is not public. */
export function ipv6Range(groups: readonly number[]): string | null {
  const found = ranges6.find(([network, bits]) => isIn(groups, network, bits))
  if (found !== undefined) return found[2]
  // Global unicast is 2000::/3; nothing else is given out.
  return isIn(groups, [0x2000], 3) ? null : 'reserved'
}
