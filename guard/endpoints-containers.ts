// Endpoints of containers as such: making one, listing one's own, looking at one, and clearing away those that have ended.
import { randomBytes } from 'node:crypto'
import { tenantLabel } from '../contract/docker-owner.js'
import { passView, readEngine, sendJson } from './answer.js'
import type { Call, Endpoint } from './endpoint.js'
import { withWarnings } from './endpoints-container.js'
import { judge, provideNetwork } from './judged.js'
import {
  clientTags,
  containerId,
  execId,
  findNetwork,
  findVolume,
  type ImageRow,
  ownFilter,
  ownNetworks,
  ownVolumes,
  visibleImage,
  visibleImages,
} from './owned.js'
import { filtersOf } from './query.js'
import { malformed } from './refusal.js'
import { containerRowView, containerView, type ImageNames, isFields } from './view.js'

/** An image as its tenant knows it, by its full id. */
export async function imageNamesOf(call: Call): Promise<ImageNames> {
  const rows = await visibleImages(call)
  const byId = new Map<string, ImageRow>(rows.map((row) => [row.Id, row]))
  return (id) => {
    const row = byId.get(id)
    return row === undefined ? null : (clientTags(call, row)[0]?.replace(/:latest$/, '') ?? null)
  }
}

/** Volumes that a container names and that are not there yet: made with their owner on them, before the engine would make them without. */
async function provideVolumes(call: Call, body: unknown): Promise<void> {
  const host = isFields(body) && isFields(body.HostConfig) ? body.HostConfig : {}
  const binds = (Array.isArray(host.Binds) ? host.Binds : []).map(
    (bind) => String(bind).split(':')[0] ?? '',
  )
  const mounts = (Array.isArray(host.Mounts) ? host.Mounts : []).flatMap((mount) =>
    isFields(mount) && mount.Type === 'volume' && typeof mount.Source === 'string'
      ? [mount.Source]
      : [],
  )
  const wanted = [...new Set([...binds, ...mounts])].filter((name) =>
    name.startsWith(`${call.tenant.name}.`),
  )
  if (wanted.length === 0) return
  const present = new Set(await ownVolumes(call))
  for (const Name of wanted.filter((name) => !present.has(name))) {
    const volume = { Name, Driver: 'local', Labels: { [tenantLabel]: call.tenant.name } }
    await readEngine(call, { method: 'POST', path: ['volumes', 'create'], body: volume })
  }
}

/** Engines give names without a tenant in them: ours are given here. */
const someName = (tenant: string): string => `${tenant}.box_${randomBytes(5).toString('hex')}`

const create: Endpoint = {
  ...{
    id: 'container-create',
    method: 'POST',
    path: '/containers/create',
    body: 'json',
    judged: 'container-create',
  },
  query: { name: 'name', platform: 'word' },
  serve: async (call) => {
    const { query, body, warnings } = await judge(call, 'container-create')
    await provideNetwork(call)
    await provideVolumes(call, body)
    const name = query.name ?? [someName(call.tenant.name)]
    const asked = {
      method: 'POST',
      path: ['containers', 'create'],
      query: { ...query, name },
      body,
    }
    await passView(call, asked, (value) => {
      if (isFields(value) && typeof value.Id === 'string')
        call.front.knowContainer(call.tenant, value.Id)
      return withWarnings(value, warnings)
    })
  },
}

/** `^/web$`, `web`: how clients write a name. Any other pattern would be run here, and could run for ever. */
function nameTest(wanted: string): (name: string) => boolean {
  const match = /^(\^)?\/?([a-zA-Z0-9_.-]+)(\$)?$/.exec(wanted)
  if (match === null)
    throw malformed('docker-query', 'filter name: letters, digits, _ . - between ^ and $')
  const [, start, text = '', end] = match
  return (name) => {
    if (start !== undefined && end !== undefined) return name === text
    if (start !== undefined) return name.startsWith(text)
    return end !== undefined ? name.endsWith(text) : name.includes(text)
  }
}

const plainFilters = new Set([
  'status',
  'exited',
  'health',
  'id',
  'label',
  'publish',
  'expose',
  'is-task',
])

/** The filters that the engine gets: only its own things, and names as the engine knows them. */
async function engineFilters(
  call: Call,
  asked: Record<string, string[]>,
): Promise<Record<string, readonly string[]>> {
  const filters: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(asked)) {
    if (plainFilters.has(name)) filters[name] = values
    else if (name === 'before' || name === 'since')
      filters[name] = await each(values, (one) => containerId(call, one))
    else if (name === 'ancestor')
      filters[name] = await each(values, async (one) => (await visibleImage(call, one)).Id)
    else if (name === 'network') {
      const rows = await ownNetworks(call)
      filters[name] = values.map((one) => findNetwork(call.tenant, rows, one) ?? 'none-such')
    } else if (name === 'volume') {
      const names = await ownVolumes(call)
      filters[name] = values.map(
        (one) => findVolume(call.tenant, names, one) ?? (one.startsWith('/') ? one : 'none-such'),
      )
    } else if (name !== 'name')
      throw malformed('docker-query', `filter ${name.slice(0, 32)} is unknown here`)
  }
  return { ...filters, label: [...(asked.label ?? []), ...(ownFilter(call.tenant).label ?? [])] }
}

const each = <T, R>(values: readonly T[], of: (value: T) => Promise<R>): Promise<R[]> =>
  Promise.all(values.map(of))

const list: Endpoint = {
  ...{ id: 'container-list', method: 'GET', path: '/containers/json', body: 'none' },
  query: { all: 'flag', limit: 'number', size: 'flag', filters: 'filters' },
  serve: async (call) => {
    const asked = filtersOf(call.query)
    const tests = (asked.name ?? []).map(nameTest)
    const filters = [JSON.stringify(await engineFilters(call, asked))]
    const { limit: _limit, ...rest } = call.query
    const query = { ...(tests.length > 0 ? rest : call.query), filters }
    const names = await imageNamesOf(call)
    await passView(
      call,
      { method: 'GET', path: ['containers', 'json'], query, version: call.version },
      (value) =>
        (value as unknown[])
          .map((row) => containerRowView(call.tenant.name, row, names))
          .filter(
            (row) =>
              tests.length === 0 || namesIn(row).some((name) => tests.some((test) => test(name))),
          ),
    )
  },
}

const namesIn = (row: unknown): string[] =>
  ((row as { Names?: string[] }).Names ?? []).map((name) => name.replace(/^\//, ''))

const inspect: Endpoint = {
  ...{
    id: 'container-inspect',
    method: 'GET',
    path: '/containers/{id}/json',
    body: 'none',
    query: { size: 'flag' },
  },
  serve: async (call) => {
    const path = ['containers', await containerId(call), 'json']
    const names = await imageNamesOf(call)
    await passView(
      call,
      { method: 'GET', path, query: call.query, version: call.version },
      (value) => containerView(call.tenant.name, value, names),
    )
  },
}

/** What the engine knows of an exec, without the host's process id. */
const execInspect: Endpoint = {
  ...{ id: 'exec-inspect', method: 'GET', path: '/exec/{id}/json', body: 'none', query: {} },
  serve: async (call) => {
    const path = ['exec', await execId(call), 'json']
    await passView(call, { method: 'GET', path, version: call.version }, (value) => value)
  },
}

/** For every kind of thing: its own alone are cleared away. */
export function prune(kind: 'containers' | 'networks' | 'volumes'): Endpoint {
  return {
    ...{ id: `${kind.slice(0, -1)}-prune`, method: 'POST', path: `/${kind}/prune`, body: 'none' },
    query: { filters: 'filters' },
    serve: async (call) => {
      const asked = filtersOf(call.query)
      const unknown = Object.keys(asked).find(
        (name) => !['label', 'label!', 'until', 'all'].includes(name),
      )
      if (unknown !== undefined)
        throw malformed('docker-query', `filter ${unknown} is unknown here`)
      const { all: _all, ...rest } = asked
      const own = {
        ...rest,
        label: [...(rest.label ?? []), ...(ownFilter(call.tenant).label ?? [])],
      }
      const query = { filters: [JSON.stringify(own)] }
      await passView(call, { method: 'POST', path: [kind, 'prune'], query }, (value) =>
        call.tenant.unnamedIn(value),
      )
    },
  }
}

/** Images and build cache that nobody names are nobody's: they are the operator's to clear away. */
const pruneNothing = (kind: string, empty: unknown): Endpoint => ({
  ...{ id: `${kind}-prune`, method: 'POST', path: `/${kind}/prune`, body: 'none' },
  query: { filters: 'filters', all: 'flag', 'keep-storage': 'number' },
  serve: async ({ response }) => sendJson(response, 200, empty),
})

export const containersEndpoints: readonly Endpoint[] = [
  ...[create, list, inspect, execInspect],
  ...(['containers', 'networks', 'volumes'] as const).map(prune),
  pruneNothing('images', { ImagesDeleted: null, SpaceReclaimed: 0 }),
  pruneNothing('build', { CachesDeleted: null, SpaceReclaimed: 0 }),
]
