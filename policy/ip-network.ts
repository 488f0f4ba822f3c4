// Ranges of addresses as an operator writes them (RFC 4632, RFC 4291), and what stands in the way of an address that was resolved.
import { ipv4Number, ipv4Range, ipv6Groups, ipv6Range } from './ip-range.js'

type Bits = { readonly groups: readonly number[]; readonly bits: number; readonly family: 4 | 6 }

/** Sixteen bits a group: two of IPv4, eight of IPv6. Null for what is no address. A zone (`%eth0`) is none. */
function groupsOf(address: string): Omit<Bits, 'bits'> | null {
  const number = ipv4Number(address)
  if (number !== null) return { groups: [Math.floor(number / 65_536), number % 65_536], family: 4 }
  if (!address.includes(':') || !URL.canParse(`https://[${address}]/`)) return null
  // URL writes every form of it in one: the dotted tail of an IPv4-mapped address as two groups.
  const groups = ipv6Groups(new URL(`https://[${address}]/`).hostname)
  return groups === null ? null : { groups, family: 6 }
}

/** Null for what is no network, or has bits set behind its prefix. */
function networkOf(text: string): Bits | null {
  const slash = text.lastIndexOf('/')
  const found = groupsOf(text.slice(0, slash))
  const bits = Number(text.slice(slash + 1))
  if (found === null || slash < 0 || bits > found.groups.length * 16) return null
  const network = { ...found, bits }
  return isIn(masked(network), network) && same(masked(network), found.groups) ? network : null
}

const same = (one: readonly number[], other: readonly number[]): boolean =>
  one.every((group, at) => group === other[at])

function masked({ groups, bits }: Pick<Bits, 'groups' | 'bits'>): number[] {
  return groups.map((group, index) => {
    const kept = Math.min(Math.max(bits - index * 16, 0), 16)
    return group & (0xffff - (2 ** (16 - kept) - 1))
  })
}

const isIn = (groups: readonly number[], { groups: network, bits }: Bits): boolean =>
  same(masked({ groups, bits }), network)

export const isNetwork = (text: string): boolean => networkOf(text) !== null

/** Why an address must not be connected to, where `networks` are what an operator allows beyond the public; null when it may. */
export function addressFault(address: string, networks: readonly string[]): string | null {
  const found = groupsOf(address)
  if (found === null) return 'no address'
  const { groups, family } = found
  const range =
    family === 4 ? ipv4Range((groups[0] ?? 0) * 65_536 + (groups[1] ?? 0)) : ipv6Range(groups)
  if (range === null) return null
  const isGranted = networks.some((text) => {
    const network = networkOf(text)
    return network !== null && network.family === family && isIn(groups, network)
  })
  return isGranted ? null : range
}
