// Endpoints of the engine as a whole: what it is, without what is the operator's, and what happens to one's own things.
import { passStream, passView, readEngine, sendEmpty, sendJson } from './answer.js'
import type { Call, Endpoint } from './endpoint.js'
import { imageNamesOf } from './endpoints-containers.js'
import { eventView } from './event-view.js'
import { eachLine } from './lines.js'
import { clientTags, containerId, ownContainers, ownVolumes, visibleImages } from './owned.js'
import { filtersOf } from './query.js'
import { malformed } from './refusal.js'
import { containerRowView, isFields, volumeView } from './view.js'

function ping(method: 'GET' | 'HEAD'): Endpoint {
  return {
    ...{ id: `ping-${method.toLowerCase()}`, method, path: '/_ping', query: {}, body: 'none' },
    serve: async ({ response }) => {
      response.setHeader('Docker-Experimental', 'false')
      response.setHeader('Builder-Version', '1')
      response.setHeader('Swarm', 'inactive')
      response.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate')
      response.setHeader('Pragma', 'no-cache')
      response.setHeader('Content-Type', 'text/plain; charset=utf-8')
      response.setHeader('Content-Length', 2)
      response.end(method === 'HEAD' ? undefined : 'OK')
    },
  }
}

const version: Endpoint = {
  ...{ id: 'version', method: 'GET', path: '/version', query: {}, body: 'none' },
  serve: (call) => passView(call, { method: 'GET', path: ['version'] }, (value) => value),
}

/** Of `GET /info`, what clients work by. The rest is of the host: its name, its paths, its registries, other tenants' numbers. */
const shownInfo = [
  ...[
    'Driver',
    'Plugins',
    'MemoryLimit',
    'SwapLimit',
    'CpuCfsPeriod',
    'CpuCfsQuota',
    'CPUShares',
    'CPUSet',
    'PidsLimit',
  ],
  ...[
    'OomKillDisable',
    'IPv4Forwarding',
    'LoggingDriver',
    'CgroupDriver',
    'CgroupVersion',
    'KernelVersion',
    'OperatingSystem',
  ],
  ...[
    'OSVersion',
    'OSType',
    'Architecture',
    'IndexServerAddress',
    'NCPU',
    'MemTotal',
    'ServerVersion',
    'DefaultRuntime',
  ],
  ...['SecurityOptions', 'SystemTime', 'LiveRestoreEnabled', 'InitBinary', 'Isolation'],
] as const

const info: Endpoint = {
  ...{ id: 'info', method: 'GET', path: '/info', query: {}, body: 'none' },
  serve: async (call) => {
    const value = (await readEngine(call, { method: 'GET', path: ['info'] })) as Record<
      string,
      unknown
    >
    const [containers, images] = await Promise.all([ownContainers(call), visibleImages(call)])
    const inState = (state: string): number =>
      containers.filter((row) => (row as { State?: string }).State === state).length
    sendJson(call.response, 200, {
      ...Object.fromEntries(
        shownInfo.flatMap((name) => (name in value ? [[name, value[name]]] : [])),
      ),
      ...{
        ID: `stockade-${call.tenant.name}`,
        Name: call.tenant.name,
        Labels: [],
        Warnings: null,
        DriverStatus: [],
      },
      ...{ Containers: containers.length, ContainersRunning: inState('running') },
      ...{ ContainersPaused: inState('paused'), ContainersStopped: inState('exited') },
      ...{
        Images: images.length,
        Runtimes: { runc: { path: 'runc' } },
        DockerRootDir: '',
        Debug: false,
      },
      ...{ Swarm: { LocalNodeState: 'inactive' }, ExperimentalBuild: false },
      RegistryConfig: { IndexConfigs: {}, InsecureRegistryCIDRs: [], Mirrors: [] },
    })
  },
}

const eventFilters = new Set(['type', 'event', 'container', 'label', 'scope'])

const events: Endpoint = {
  ...{ id: 'events', method: 'GET', path: '/events', body: 'none' },
  query: { since: 'time', until: 'time', filters: 'filters' },
  serve: async (call) => {
    const asked = filtersOf(call.query)
    const unknown = Object.keys(asked).find((name) => !eventFilters.has(name))
    if (unknown !== undefined) throw malformed('docker-query', `filter ${unknown} is unknown here`)
    const ids = await Promise.all((asked.container ?? []).map((one) => containerId(call, one)))
    const filters = { ...asked, ...(ids.length === 0 ? {} : { container: ids }) }
    const query = { ...call.query, filters: [JSON.stringify(filters)] }
    const view = (value: unknown): unknown => eventView(call.tenant.name, value)
    await passStream(
      call,
      { method: 'GET', path: ['events'], query, version: call.version },
      eachLine(view),
    )
  },
}

type Usage = Readonly<Record<'Containers' | 'Images' | 'Volumes', readonly unknown[] | null>>

async function usageOf(call: Call): Promise<unknown> {
  const value = (await readEngine(call, { method: 'GET', path: ['system', 'df'] })) as Usage
  const [rows, images, names] = await Promise.all([
    ownContainers(call),
    visibleImages(call),
    imageNamesOf(call),
  ])
  const [ids, volumes] = [new Set(rows.map(({ Id }) => Id)), new Set(await ownVolumes(call, rows))]
  const byId = new Map(images.map((row) => [row.Id, row]))
  const own = (kind: keyof Usage, isOwn: (one: Record<string, unknown>) => boolean) =>
    (value[kind] ?? []).filter((one) => isFields(one) && isOwn(one)) as Record<string, unknown>[]
  const shown = own('Images', ({ Id }) => byId.has(String(Id)))
  return {
    LayersSize: shown.reduce((bytes, { Size }) => bytes + Number(Size ?? 0), 0),
    Images: shown.map((row) => {
      const known = byId.get(String(row.Id))
      return {
        ...row,
        RepoTags: known === undefined ? [] : clientTags(call, known),
        RepoDigests: [],
        Labels: null,
      }
    }),
    Containers: own('Containers', ({ Id }) => ids.has(String(Id))).map((row) =>
      containerRowView(call.tenant.name, row, names),
    ),
    Volumes: own('Volumes', ({ Name }) => volumes.has(String(Name))).map((row) =>
      volumeView(call.tenant.name, row),
    ),
    BuildCache: [],
  }
}

const usage: Endpoint = {
  ...{
    id: 'system-usage',
    method: 'GET',
    path: '/system/df',
    query: { type: 'texts' },
    body: 'none',
  },
  serve: async (call) => sendJson(call.response, 200, await usageOf(call)),
}

/** What a tenant never has: an empty list, so that clients that always look go on. */
const emptyList = (id: string, path: string): Endpoint => ({
  ...{ id, method: 'GET', path, query: { filters: 'filters' }, body: 'none' },
  serve: async ({ response }) => sendJson(response, 200, []),
})

const buildCancel: Endpoint = {
  ...{
    id: 'build-cancel',
    method: 'POST',
    path: '/build/cancel',
    query: { id: 'dropped' },
    body: 'none',
  },
  serve: async ({ response }) => sendEmpty(response, 204),
}

export const systemEndpoints: readonly Endpoint[] = [
  ...[
    ping('GET'),
    ping('HEAD'),
    version,
    info,
    events,
    usage,
    emptyList('plugin-list', '/plugins'),
    buildCancel,
  ],
]
