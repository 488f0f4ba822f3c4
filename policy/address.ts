// Addresses that the service must never call: loopback, private, link-local, metadata, in every notation that a URL parser takes.
// The WHATWG parser turns decimal, octal, hexadecimal and shortened IPv4 into dotted form, so judging its answer covers them all.

type Range = readonly [network: number, bits: number, what: string]

const ipv4 = (a: number, b: number, c: number, d: number): number =>
  ((a << 24) | (b << 16) | (c << 8) | d) >>> 0

/** IANA special-purpose registry, the parts that are not the public internet. */
const forbiddenIpv4: readonly Range[] = [
  [ipv4(0, 0, 0, 0), 8, 'is “this host”'],
  [ipv4(10, 0, 0, 0), 8, 'is private'],
  [ipv4(100, 64, 0, 0), 10, 'is carrier-grade NAT'],
  [ipv4(127, 0, 0, 0), 8, 'is loopback'],
  [ipv4(169, 254, 0, 0), 16, 'is link-local, where metadata services are'],
  [ipv4(172, 16, 0, 0), 12, 'is private'],
  [ipv4(192, 0, 0, 0), 24, 'is reserved'],
  [ipv4(192, 168, 0, 0), 16, 'is private'],
  [ipv4(198, 18, 0, 0), 15, 'is for benchmarks'],
  [ipv4(224, 0, 0, 0), 3, 'is multicast or reserved'],
]

function ipv4Fault(host: string): string | null {
  const parts = host.split('.').map(Number)
  const value = ipv4(parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0, parts[3] ?? 0)
  for (const [network, bits, what] of forbiddenIpv4) {
    if (value >>> (32 - bits) === network >>> (32 - bits)) return what
  }
  return null
}

/** The eight groups of an IPv6 address as the WHATWG parser writes it. */
function groupsOf(host: string): number[] {
  const [head = '', tail] = host.split('::')
  const read = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const first = read(head)
  if (tail === undefined) return first
  const last = read(tail)
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
}

function ipv6Fault(host: string): string | null {
  const groups = groupsOf(host)
  const [first = 0] = groups
  const embedded = `${(groups[6] ?? 0) >> 8}.${(groups[6] ?? 0) & 255}.${(groups[7] ?? 0) >> 8}.${(groups[7] ?? 0) & 255}`
  const zeros = groups.slice(0, 5).every((group) => group === 0)
  if (zeros && groups[5] === 0 && groups[6] === 0)
    return (groups[7] ?? 0) <= 1 ? 'is loopback' : ipv4Fault(embedded)
  if (zeros && (groups[5] === 0xffff || groups[5] === 0))
    return ipv4Fault(embedded) ?? 'is an embedded IPv4 address'
  if (first === 0x64 && groups[1] === 0xff9b)
    return ipv4Fault(embedded) ?? 'is a translated IPv4 address'
  if ((first & 0xfe00) === 0xfc00) return 'is private (unique local)'
  if ((first & 0xffc0) === 0xfe80) return 'is link-local'
  if ((first & 0xff00) === 0xff00) return 'is multicast'
  return first === 0x2002 ? 'is a 6to4 address' : null
}

function hostFault(host: string): string | null {
  if (host.startsWith('[')) return ipv6Fault(host.slice(1, -1))
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return ipv4Fault(host)
  const name = host.replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return 'is loopback'
  if (!name.includes('.') || /\.(local|internal|lan|home|corp|localdomain)$/.test(name))
    return 'is a name of a private network'
  return null
}

/** Why an address may not be called, or null. A name is judged again when it is resolved. */
export function addressFault(text: string): string | null {
  if (!URL.canParse(text)) return 'is not an address'
  const url = new URL(text)
  if (url.protocol !== 'https:') return 'is not https'
  if (url.username !== '' || url.password !== '') return 'has a user or password in it'
  if (url.port !== '') return 'names a port'
  return hostFault(url.hostname)
}
