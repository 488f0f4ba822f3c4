// Callback addresses: every fault of one, as text. What a name resolves to is judged again by whoever connects.
import { addressFault } from './ip-network.js'
import { ipv4FromNumber, ipv4Number, ipv6Groups } from './ip-range.js'
import { hasControl } from './path.js'
import { quote } from './wording.js'

const ports: readonly string[] = ['', '8443']

const privateSuffixes = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'lan',
  'corp',
  'home',
  'home.arpa',
  'onion',
  'test',
  'invalid',
] as const

/** The host as it was written, between the scheme’s slashes and the path; user and port taken off. */
function writtenHost(address: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(address)?.[1] ?? ''
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return host.replace(/:\d*$/, '').toLowerCase()
}

function notationFaults(address: string, host: string, what: string): string[] {
  const written = writtenHost(address)
  return written === host
    ? []
    : [`${quote(written)} is another spelling of ${what} ${host}; write it plainly.`]
}

function rangeFaults(host: string, networks: readonly string[]): string[] {
  const range = addressFault(host.replace(/^\[(.*)\]$/, '$1'), networks)
  return range === null ? [] : [`${host} is ${range}; a callback goes to a public address.`]
}

function nameFaults(address: string, host: string, isNamed: boolean): string[] {
  const name = host.replace(/\.+$/, '')
  const faults: string[] = []
  if (name !== host) faults.push(`${quote(host)} ends in a dot; leave it out.`)
  if (!isNamed && !name.includes('.'))
    faults.push(`${quote(name)} is a name of this network; a callback goes to a public one.`)
  if (!isNamed && privateSuffixes.some((suffix) => name.endsWith(`.${suffix}`)))
    faults.push(`${quote(name)} is a private name; a callback goes to a public one.`)
  if (
    !writtenHost(address).includes('xn--') &&
    /[^\p{ASCII}]|%/u.test(writtenHost(address)) &&
    !host.includes('xn--')
  )
    faults.push(
      `${quote(writtenHost(address))} is another spelling of ${quote(host)}; write it plainly.`,
    )
  return faults
}

function hostFaults(address: string, host: string, { isNamed, networks }: Given): string[] {
  if (ipv6Groups(host) !== null)
    return [...notationFaults(address, host, 'the address'), ...rangeFaults(host, networks)]
  const bare = host.replace(/\.+$/, '')
  const number = ipv4Number(bare)
  if (number === null) return nameFaults(address, host, isNamed)
  return [
    ...notationFaults(address, ipv4FromNumber(number), 'the address'),
    ...rangeFaults(bare, networks),
  ]
}

/** What an operator gives beyond public https: an origin that a grant names, ranges that are not public. */
export type Given = { readonly isNamed: boolean; readonly networks: readonly string[] }
const nothingGiven: Given = { isNamed: false, networks: [] }

function originFaults(url: URL): string[] {
  const faults: string[] = []
  if (url.protocol !== 'https:')
    faults.push(`The scheme is ${quote(url.protocol)}; only https: is taken.`)
  if (!ports.includes(url.port))
    faults.push(`The port is ${url.port}; only 443 and 8443 are taken.`)
  return faults
}

/** Faults of an address, none for a plain public https URL. Never throws. */
export function addressFaults(address: string, given: Given = nothingGiven): string[] {
  const faults: string[] = []
  if (hasControl(address) || /[\s\\]/.test(address))
    faults.push('The address has a space, a backslash or a control character.')
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null) return [...faults, `${quote(address)} is not an absolute URL.`]
  if (!given.isNamed) faults.push(...originFaults(url))
  if (url.username !== '' || url.password !== '')
    faults.push('The address has credentials in it; leave them out.')
  if (url.hostname === '') return [...faults, 'The address has no host.']
  return [...faults, ...hostFaults(address, url.hostname, given)]
}
