// What is a tenant's own on the engine, and nothing else: every reference of a client is looked for in there, so that what reaches the engine
// is a full id that the engine itself has said to be the tenant's.
import { tenantLabel } from '../contract/docker-owner.js'
import type { ObjectKind, Owned, OwnedImage } from '../policy/docker-door.js'
import { readEngine } from './answer.js'
import type { Call } from './endpoint.js'
import { missing } from './refusal.js'
import { clientName, engineName, isTenantImage, type Tenant, wholeReference } from './tenant.js'

export type ContainerRow = {
  readonly Id: string
  readonly Names: readonly string[] | null
  readonly ImageID: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Mounts?: readonly { readonly Type?: string; readonly Name?: string }[]
}
export type NetworkRow = { readonly Id: string; readonly Name: string }
export type VolumeRow = { readonly Name: string }
export type ImageRow = {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly Labels: Readonly<Record<string, string>> | null
}

export const ownFilter = (tenant: Tenant): Readonly<Record<string, readonly string[]>> => ({
  label: [`${tenantLabel}=${tenant.name}`],
})
const ownQuery = (tenant: Tenant) => ({ filters: [JSON.stringify(ownFilter(tenant))] })

export async function ownContainers(call: Call): Promise<readonly ContainerRow[]> {
  const query = { all: ['1'], ...ownQuery(call.tenant) }
  return (await readEngine(call, {
    method: 'GET',
    path: ['containers', 'json'],
    query,
  })) as ContainerRow[]
}

export async function ownNetworks(call: Call): Promise<readonly NetworkRow[]> {
  const query = ownQuery(call.tenant)
  return (await readEngine(call, { method: 'GET', path: ['networks'], query })) as NetworkRow[]
}

/** Those with the label, and those without a name that its containers have. */
export async function ownVolumes(
  call: Call,
  containers?: readonly ContainerRow[],
): Promise<readonly string[]> {
  const query = ownQuery(call.tenant)
  const answer = await readEngine(call, { method: 'GET', path: ['volumes'], query })
  const labelled = ((answer as { Volumes: VolumeRow[] | null }).Volumes ?? []).map(
    ({ Name }) => Name,
  )
  const mounted = (containers ?? (await ownContainers(call))).flatMap(({ Mounts = [] }) =>
    Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && isAnonymous(Name) ? [Name] : [])),
  )
  return [...new Set([...labelled, ...mounted])]
}

const isAnonymous = (name: string | undefined): name is string => /^[0-9a-f]{64}$/.test(name ?? '')

/** Its own, and those of the operator's that its grant names. */
export async function visibleImages(call: Call): Promise<readonly ImageRow[]> {
  const rows = (await readEngine(call, {
    method: 'GET',
    path: ['images', 'json'],
    query: { all: ['1'] },
  })) as ImageRow[]
  return rows.filter((row) => isOwnImage(call.tenant, row) || sharedTags(call, row).length > 0)
}

/** By tag alone: what labels an image has was decided by whoever built it, wherever that was. */
export function isOwnImage(tenant: Tenant, { RepoTags }: ImageRow): boolean {
  return (RepoTags ?? []).some((tag) => clientName(tenant.name, 'image', tag) !== null)
}

export function sharedTags({ front, tenant }: Call, { RepoTags }: ImageRow): string[] {
  const granted = front.grantOf(tenant).grant.images
  return (RepoTags ?? []).filter(
    (tag) =>
      !isTenantImage(tag) &&
      tag !== '<none>:<none>' &&
      (granted.includes('*') || granted.includes(tag)),
  )
}

/** The tags of an image as its tenant knows them: its own come first, and hide the operator's of the same name. */
export function clientTags(call: Call, row: ImageRow): string[] {
  const own = (row.RepoTags ?? []).flatMap(
    (tag) => clientName(call.tenant.name, 'image', tag) ?? [],
  )
  return [...new Set([...own, ...sharedTags(call, row)])]
}

/** By full id, by name, by the beginning of an id: in Docker's own order. A beginning that fits two fits none. */
function byReference<Row extends { readonly Id: string }>(
  rows: readonly Row[],
  reference: string,
  isNamed: (row: Row) => boolean,
): Row | null {
  const exact = rows.find(({ Id }) => Id === reference) ?? rows.find(isNamed)
  if (exact !== undefined) return exact
  if (!/^[0-9a-f]{4,64}$/.test(reference)) return null
  const [first, second] = rows.filter(({ Id }) => Id.startsWith(reference))
  return first !== undefined && second === undefined ? first : null
}

export function findContainer(
  tenant: Tenant,
  rows: readonly ContainerRow[],
  reference: string,
): string | null {
  const name = `/${engineName(tenant.name, 'container', reference)}`
  return byReference(rows, reference, ({ Names }) => Names?.includes(name) ?? false)?.Id ?? null
}

export function findNetwork(
  tenant: Tenant,
  rows: readonly NetworkRow[],
  reference: string,
): string | null {
  const name = engineName(tenant.name, 'network', reference)
  return byReference(rows, reference, ({ Name }) => Name === name)?.Id ?? null
}

export function findVolume(
  tenant: Tenant,
  names: readonly string[],
  reference: string,
): string | null {
  const name = engineName(tenant.name, 'volume', reference)
  return names.find((one) => one === name || (isAnonymous(one) && one === reference)) ?? null
}

export function findImage(
  call: Call,
  rows: readonly ImageRow[],
  reference: string,
): ImageRow | null {
  const whole = wholeReference(reference)
  const own = engineName(call.tenant.name, 'image', reference)
  const tagged =
    rows.find(({ RepoTags }) => RepoTags?.includes(own)) ??
    rows.find((row) => sharedTags(call, row).some((tag) => wholeReference(tag) === whole))
  if (tagged !== undefined) return tagged
  const bare = rows.map((row) => ({ ...row, Id: row.Id.replace(/^sha256:/, '') }))
  const found = byReference(bare, reference.replace(/^sha256:/, ''), () => false)
  return found === null ? null : (rows.find(({ Id }) => Id === `sha256:${found.Id}`) ?? null)
}

/** The engine's full id of a container of the tenant's. @throws DockerRefusal 404 */
export async function containerId(call: Call, reference = call.path.id ?? ''): Promise<string> {
  if (call.front.isKnownContainer(call.tenant, reference)) return reference
  const found = findContainer(call.tenant, await ownContainers(call), reference)
  if (found === null) throw missing('container', reference)
  call.front.knowContainer(call.tenant, found)
  return found
}

export async function networkId(call: Call): Promise<string> {
  const reference = call.path.id ?? ''
  const found = findNetwork(call.tenant, await ownNetworks(call), reference)
  if (found === null) throw missing('network', reference)
  return found
}

export async function volumeName(call: Call): Promise<string> {
  const reference = call.path.id ?? ''
  const found = findVolume(call.tenant, await ownVolumes(call), reference)
  if (found === null) throw missing('volume', reference)
  return found
}

export async function visibleImage(
  call: Call,
  reference = call.path.name ?? '',
): Promise<ImageRow> {
  const found = findImage(call, await visibleImages(call), reference)
  if (found === null) throw missing('image', reference)
  return found
}

/** An exec belongs to whose container it runs in. */
export async function execId(call: Call): Promise<string> {
  const id = call.path.id ?? ''
  if (!/^[0-9a-f]{64}$/.test(id)) throw missing('exec instance', id.slice(0, 64))
  const { status, value } = await call.engine.read({
    method: 'GET',
    path: ['exec', id, 'json'],
    signal: call.signal,
  })
  const { ContainerID = '' } = (status === 200 ? value : {}) as { ContainerID?: string }
  const isOwn = await containerId(call, ContainerID).then(
    () => true,
    () => false,
  )
  if (ContainerID === '' || !isOwn) throw missing('exec instance', id)
  return id
}

export type Holdings = {
  readonly owned: Owned
  readonly counts: Readonly<Record<'containers' | 'volumes' | 'networks', number>>
}

const none = (): null => null

async function imageDetails(call: Call, row: ImageRow): Promise<OwnedImage> {
  const path = ['images', row.Id, 'json']
  const { Config } = (await readEngine(call, { method: 'GET', path })) as {
    Config?: { ExposedPorts?: object | null; Volumes?: object | null } | null
  }
  return {
    id: row.Id,
    exposedPorts: Object.keys(Config?.ExposedPorts ?? {}),
    volumes: Object.keys(Config?.Volumes ?? {}),
  }
}

/** All of it at one moment: what a request may name is judged without asking the engine again. `image`: the one that it names. */
export async function holdingsOf(call: Call, image: string | null): Promise<Holdings> {
  const [containers, networks, images] = await Promise.all([
    ownContainers(call),
    ownNetworks(call),
    visibleImages(call),
  ])
  const volumes = await ownVolumes(call, containers)
  const named = image === null || image === '' ? null : findImage(call, images, image)
  const details = named === null ? null : await imageDetails(call, named)
  const { tenant } = call
  return {
    owned: {
      container: (reference) => findContainer(tenant, containers, reference),
      network: (reference) => findNetwork(tenant, networks, reference),
      volume: (name) => findVolume(tenant, volumes, name),
      image: (reference) => {
        if (reference === image) return details
        const row = findImage(call, images, reference)
        return row === null ? null : { id: row.Id, exposedPorts: [], volumes: [] }
      },
      ...{ service: none, secret: none, config: none },
    },
    counts: { containers: containers.length, volumes: volumes.length, networks: networks.length },
  }
}

export const nameOn =
  (tenant: Tenant) =>
  (kind: ObjectKind, name: string): string =>
    engineName(tenant.name, kind, name)
