// Callback addresses: every fault of one, as text. What a name resolves to is judged again by whoever connects.
import { ipv4FromNumber, ipv4Number, ipv4Range, ipv6Groups, ipv6Range } from './ip-range.js'
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

function rangeFaults(host: string, range: string | null): string[] {
  return range === null ? [] : [`${host} is ${range}; a callback goes to a public address.`]
}

function nameFaults(address: string, host: string): string[] {
  const name = host.replace(/\.+$/, '')
  const faults: string[] = []
  if (name !== host) faults.push(`${quote(host)} ends in a dot; leave it out.`)
  if (!name.includes('.'))
    faults.push(`${quote(name)} is a name of this network; a callback goes to a public one.`)
  if (privateSuffixes.some((suffix) => name.endsWith(`.${suffix}`)))
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

function hostFaults(address: string, host: string): string[] {
  const groups = ipv6Groups(host)
  if (groups !== null)
    return [
      ...notationFaults(address, host, 'the address'),
      ...rangeFaults(host, ipv6Range(groups)),
    ]
  const bare = host.replace(/\.+$/, '')
  const number = ipv4Number(bare)
  if (number === null) return nameFaults(address, host)
  return [
    ...notationFaults(address, ipv4FromNumber(number), 'the address'),
    ...rangeFaults(bare, ipv4Range(number)),
  ]
}

/** Faults of an address, none for a plain public https URL. Never throws. */
export function addressFaults(address: string): string[] {
  const faults: string[] = []
  if (hasControl(address) || /[\s\\]/.test(address))
    faults.push('The address has a space, a backslash or a control character.')
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null) return [...faults, `${quote(address)} is not an absolute URL.`]
  if (url.protocol !== 'https:')
    faults.push(`The scheme is ${quote(url.protocol)}; only https: is taken.`)
  if (url.username !== '' || url.password !== '')
    faults.push('The address has credentials in it; leave them out.')
  if (!ports.includes(url.port))
    faults.push(`The port is ${url.port}; only 443 and 8443 are taken.`)
  if (url.hostname === '') return [...faults, 'The address has no host.']
  return [...faults, ...hostFaults(address, url.hostname)]
}
