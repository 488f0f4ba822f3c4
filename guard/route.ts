// A request line → the row of the table, the API version and the names in the path, or a refusal. A path is taken only in the one way of
// writing it: what another reader would decode, clean or cut differently is refused.
import type { Endpoint } from './endpoint.js'
import type { Query } from './engine.js'
import { readQuery } from './query.js'
import { malformed, refused } from './refusal.js'

export type Route = {
  readonly endpoint: Endpoint
  /** Null where the client named none: the newest that is served. */
  readonly version: string | null
  readonly path: Readonly<Record<string, string>>
  readonly query: Query
}

const targetMax = 65_536
/** Segments of letters that need no escape; the colon may be escaped, as some clients do with image names. */
const plainPath = /^(\/[A-Za-z0-9_.\-~:@]+)+$/
const identifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/
const imageReference = /^[a-zA-Z0-9]([a-zA-Z0-9_./:@-]{0,510}[a-zA-Z0-9])?$/
const versioned = /^\/v(\d{1,3}\.\d{1,3})(\/.*)$/

type Compiled = { readonly endpoint: Endpoint; readonly pattern: RegExp }
export type RouteTable = readonly Compiled[]

export function compileRoutes(endpoints: readonly Endpoint[]): RouteTable {
  return endpoints.map((endpoint) => {
    const source = endpoint.path
      .replace(/[.]/g, '\\.')
      .replace('{id}', '(?<id>[^/]+)')
      .replace('{name}', '(?<name>.+)')
    return { endpoint, pattern: new RegExp(`^${source}$`) }
  })
}

function pathOf(target: string): string {
  const path = target.replace(/%3a/gi, ':')
  if (!plainPath.test(path))
    throw malformed('docker-path', 'the path has characters or an escape that no name here has')
  if (path.split('/').some((segment) => /^\.+$/.test(segment)))
    throw malformed('docker-path', 'the path has a segment of points')
  return path
}

function namesOf(groups: Record<string, string> | undefined): Record<string, string> {
  const names = { ...groups }
  if (names.id !== undefined && !identifier.test(names.id))
    throw malformed('docker-path', 'that is no name')
  if (names.name !== undefined && (!imageReference.test(names.name) || names.name.includes('..')))
    throw malformed('docker-path', 'that is no name of an image')
  return names
}

/** @throws DockerRefusal */
export function routeOf(table: RouteTable, method: string, target: string): Route {
  if (target.length > targetMax) throw malformed('docker-path', 'the request line is too long', 414)
  const mark = target.indexOf('?')
  const whole = pathOf(mark === -1 ? target : target.slice(0, mark))
  const [, version = null, path = whole] = versioned.exec(whole) ?? []
  const matches = table.filter(({ pattern }) => pattern.test(path))
  if (matches.length === 0)
    throw refused('docker-endpoint', 'page not found: the guard has no such endpoint', 404)
  const match = matches.find(({ endpoint }) => endpoint.method === method)
  if (match === undefined)
    throw refused('docker-endpoint', 'the endpoint does not take this method', 405)
  return {
    endpoint: match.endpoint,
    version,
    path: namesOf(match.pattern.exec(path)?.groups),
    query: readQuery(match.endpoint, mark === -1 ? '' : target.slice(mark + 1)),
  }
}

const lowest = '1.24'

function numbersOf(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}

export function isOlder(one: string, other: string): boolean {
  const [[major, minor], [otherMajor, otherMinor]] = [numbersOf(one), numbersOf(other)]
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}

/** @throws DockerRefusal in Docker's own words: clients look for them. */
export function versionOf(asked: string | null, newest: string): string {
  const version = asked ?? newest
  // 1.024 and 01.24 are other ways of writing it, which an engine would compare differently.
  const isPlain = version.split('.').every((part) => String(Number(part)) === part)
  if (!isPlain) throw malformed('docker-version', `client version ${version} is none`)
  if (isOlder(newest, version))
    throw refused(
      'docker-version',
      `client version ${version} is too new. Maximum supported API version is ${newest}`,
      400,
    )
  if (isOlder(version, lowest))
    throw refused(
      'docker-version',
      `client version ${version} is too old. Minimum supported API version is ${lowest}, please upgrade your client to a newer version`,
      400,
    )
  return version
}
