// A tenant at the guard's door, and what its things are called on the engine. Pure.
import type { ObjectKind } from '../policy/docker-door.js'

export type Tenant = {
  readonly name: string
  readonly grant: string
  readonly ports: { readonly address: string; readonly first: number; readonly last: number }
  /** A message of the engine's, with the tenant's names as the tenant knows them. */
  readonly unnamed: (message: string) => string
  /** The same for each text of a value. */
  readonly unnamedIn: (value: unknown) => unknown
}

/** The domain of a tenant's images. It is in no registry: nothing with it is ever pulled or pushed. */
const imageDomain = (tenant: string): string => `${tenant}.stockade`
export const isTenantImage = (reference: string): boolean =>
  /^[a-z0-9-]+\.stockade\//.test(reference)

/** What Docker calls the network that a container is on which asks for none. Ours is one a tenant. */
const defaultNetworks = new Set(['default', 'bridge'])

/** `web` → `docker.io/library/web:latest`; a digest or a tag stays. Lower case is the engine's own rule. */
export function wholeReference(reference: string): string {
  const slash = reference.indexOf('/')
  const first = slash === -1 ? '' : reference.slice(0, slash)
  const hasDomain = /[.:]/.test(first) || first === 'localhost'
  const rest = hasDomain ? reference.slice(slash + 1) : reference
  const domain = hasDomain && first !== 'index.docker.io' ? first : 'docker.io'
  const path = domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest
  const isTagged = /[:@][^/]*$/.test(path)
  return `${domain}/${path}${isTagged ? '' : ':latest'}`
}

export function shortReference(whole: string): string {
  return whole.replace(/^docker\.io\/(library\/)?/, '')
}

function imageName(tenant: string, reference: string): string {
  const whole = wholeReference(reference)
  const slash = whole.indexOf('/')
  // A path has no colon: the one before a port becomes what no host name has.
  return `${imageDomain(tenant)}/${whole.slice(0, slash).replace(':', '__')}${whole.slice(slash)}`
}

/** No tenant's name has a point in it: what stands before the first one is the tenant, and two never come to one name. */
export function engineName(tenant: string, kind: ObjectKind, name: string): string {
  if (kind === 'image') return imageName(tenant, name)
  if (kind === 'network' && defaultNetworks.has(name)) return `${tenant}.default`
  return `${tenant}.${name}`
}

/** What the tenant calls it; null where it is none of its names. */
export function clientName(tenant: string, kind: ObjectKind, name: string): string | null {
  if (kind === 'image') {
    const prefix = `${imageDomain(tenant)}/`
    if (!name.startsWith(prefix)) return null
    return shortReference(name.slice(prefix.length).replace('__', ':'))
  }
  if (!name.startsWith(`${tenant}.`)) return null
  if (kind === 'network' && name === `${tenant}.default`) return 'bridge'
  return name.slice(tenant.length + 1)
}

export function tenantOf(name: string, grant: string, ports: Tenant['ports']): Tenant {
  const own = new RegExp(`\\b${name}\\.(?=[a-zA-Z0-9])`, 'g')
  const image = new RegExp(`\\b${name}\\.stockade/(docker\\.io/(library/)?)?`, 'g')
  const unnamed = (message: string): string =>
    message.replace(image, '').replace(own, '').slice(0, 4096)
  const unnamedIn = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_name, one) =>
      typeof one === 'string' ? unnamed(one) : one,
    )
  return { name, grant, ports, unnamed, unnamedIn }
}
