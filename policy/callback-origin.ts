// Where callbacks may go: the origins of a grant, and whether an address is of one of them.
import type { Fault } from './schema-walk.js'
import { quote } from './wording.js'

/** `https://*` gives every public host; each other one names what it gives. */
const everywhere = 'https://*'

type Origin = { readonly scheme: string; readonly host: string; readonly port: string }

function originOf(text: string): Origin | null {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^:/]+)(?::(\d{1,5}))?$/.exec(text)
  return match === null
    ? null
    : { scheme: match[1] ?? '', host: match[2] ?? '', port: match[3] ?? '' }
}

const usualPort = (scheme: string): string => (scheme === 'https' ? '443' : '80')

function isPort({ scheme, host, port }: Origin, url: URL): boolean {
  const asked = url.port === '' ? usualPort(scheme) : url.port
  if (port !== '') return asked === port
  return asked === usualPort(scheme) || (host.startsWith('*') && asked === '8443')
}

function isHost(host: string, asked: string): boolean {
  if (host === '*') return true
  return host.startsWith('*.') ? asked.endsWith(host.slice(1)) : asked === host
}

function isOf(text: string, url: URL): boolean {
  const origin = originOf(text)
  if (origin === null || url.protocol !== `${origin.scheme}:`) return false
  return isHost(origin.host, url.hostname) && isPort(origin, url)
}

/** Whether a grant gives callbacks to this address, and whether it names it, so that its scheme, port and name are as the operator wants. */
export function originGrant(
  address: string,
  origins: readonly string[],
): { readonly isGiven: boolean; readonly isNamed: boolean } {
  const url = URL.canParse(address) ? new URL(address) : null
  const found = url === null ? [] : origins.filter((text) => isOf(text, url))
  return { isGiven: found.length > 0, isNamed: found.some((text) => text !== everywhere) }
}

/** Faults of one origin as a grant says it. */
export function originFaults(text: string, pointer: string): Fault[] {
  const origin = originOf(text)
  if (origin === null) return [{ pointer, message: `${quote(text)} is no origin.` }]
  const { scheme, host, port } = origin
  if (host.startsWith('*') && scheme !== 'https')
    return [{ pointer, message: 'Plain http is for one host that is named, without `*`.' }]
  if (host === '*' && port !== '')
    return [{ pointer, message: '`https://*` is port 443 and 8443; name hosts for another.' }]
  const sample = `${scheme}://${host.replace('*', 'x')}${port === '' ? '' : `:${port}`}/`
  if (!URL.canParse(sample) || new URL(sample).hostname !== host.replace('*', 'x'))
    return [{ pointer, message: `${quote(text)} is another spelling of its host, or none.` }]
  return []
}
