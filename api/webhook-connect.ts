// Connecting to a receiver: its name is resolved here, once, each address is judged, and the connection goes to an address that was judged,
// never to the name again. So a name whose second answer is another leads nowhere (CWE-918, CWE-350; DNS rebinding).
import { Resolver } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { addressFault } from '../policy/ip-network.js'

/** An address that nobody may be led to. Nothing was sent there. */
export class AddressRefused extends Error {}
/** The name has no address, or no server says so in time. */
export class Unresolved extends Error {}

export type Resolve = (name: string) => Promise<readonly string[]>

/** Addresses of one name that are tried, at most. */
const triedMax = 4
/** One question, milliseconds; it is put twice. */
const questionMs = 2000

/**
 * By c-ares, which asks name servers alone: getaddrinfo would read /etc/hosts, which names what is ours, and hold one of the four
 * threads that the whole process has for files and keys.
 */
export function openResolve(servers: string): Resolve {
  const resolver = new Resolver({ timeout: questionMs, tries: 2 })
  if (servers !== '') resolver.setServers(servers.split(','))
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}

/** @throws Unresolved, AddressRefused when any address of the name is not allowed: a public one beside it is bait. */
async function judgedAddresses(
  host: string,
  resolve: Resolve,
  networks: readonly string[],
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  if (addresses.length === 0) throw new Unresolved()
  if (addresses.some((address) => addressFault(address, networks) !== null))
    throw new AddressRefused()
  return addresses.slice(0, triedMax)
}

type Connect = buildConnector.connector
type Options = buildConnector.Options

function connectOnce(connect: Connect, options: Options): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connect(options, (...[error, socket]) => {
      // With an error there is no second argument, whatever the types say.
      if (error !== null) reject(error)
      else resolve(socket)
    })
  })
}

async function connectJudged(
  connect: Connect,
  options: Options,
  resolve: Resolve,
  networks: readonly string[],
): Promise<Socket> {
  const addresses = await judgedAddresses(options.hostname, resolve, networks)
  // The certificate is checked against the name that was asked, whatever address it has.
  const servername = isIP(options.hostname) === 0 ? options.hostname : (options.servername ?? '')
  let last: unknown = new Unresolved()
  for (const hostname of addresses) {
    try {
      const socket = await connectOnce(connect, { ...options, hostname, servername })
      // What the kernel says of the other end has the last word, before a byte of ours is sent.
      if (addressFault(socket.remoteAddress ?? '', networks) === null) return socket
      socket.destroy()
      throw new AddressRefused()
    } catch (error) {
      if (error instanceof AddressRefused) throw error
      last = error
    }
  }
  throw last
}

export type ConnectOptions = {
  readonly resolve: Resolve
  /** Ranges that are not public and are allowed all the same. */
  readonly networks: readonly string[]
  readonly timeoutMs: number
  /** Certificates of authorities; null: the public ones. */
  readonly authorities: string | null
}

/** For one client of undici, which is used for one try: a connection is never another tenant’s. */
export function judgingConnector({
  resolve,
  networks,
  timeoutMs,
  authorities,
}: ConnectOptions): Connect {
  const connect = buildConnector({
    timeout: timeoutMs,
    maxCachedSessions: 0,
    autoSelectFamily: false,
    ...(authorities === null ? {} : { ca: authorities }),
  })
  return (options, callback) => {
    connectJudged(connect, options, resolve, networks).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    )
  }
}
