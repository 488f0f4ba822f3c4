// Endpoints of volumes and networks: one's own, by one's own names.
import { passStream, passView, readEngine, sendJson } from './answer.js'
import type { Call, Endpoint } from './endpoint.js'
import { judge, provideNetwork } from './judged.js'
import { networkId, ownFilter, ownVolumes, volumeName } from './owned.js'
import { filtersOf } from './query.js'
import { malformed } from './refusal.js'
import { isFields, networkView, volumeView } from './view.js'

/** A filter by name is answered here, by the tenant's names; the rest by the engine. */
function splitFilters(
  call: Call,
  known: readonly string[],
): { names: readonly string[]; query: Record<string, string[]> } {
  const { name = [], ...rest } = filtersOf(call.query)
  const unknown = Object.keys(rest).find((one) => !known.includes(one))
  if (unknown !== undefined) throw malformed('docker-query', `filter ${unknown} is unknown here`)
  return { names: name, query: rest }
}

const isWanted = (names: readonly string[], name: string): boolean =>
  names.length === 0 || names.some((wanted) => name.includes(wanted.replace(/^\^|\$$/g, '')))

const volumeList: Endpoint = {
  ...{
    id: 'volume-list',
    method: 'GET',
    path: '/volumes',
    query: { filters: 'filters' },
    body: 'none',
  },
  serve: async (call) => {
    const { names, query } = splitFilters(call, ['label', 'driver', 'dangling'])
    const own = new Set(await ownVolumes(call))
    const asked = { method: 'GET', path: ['volumes'], query: { filters: [JSON.stringify(query)] } }
    const value = (await readEngine(call, asked)) as { Volumes: unknown[] | null }
    const shown = (value.Volumes ?? [])
      .filter((one) => isFields(one) && own.has(String(one.Name)))
      .map((one) => volumeView(call.tenant.name, one) as { Name: string })
      .filter(({ Name }) => isWanted(names, Name))
    sendJson(call.response, 200, { Volumes: shown, Warnings: null })
  },
}

const volumeInspect: Endpoint = {
  ...{ id: 'volume-inspect', method: 'GET', path: '/volumes/{id}', query: {}, body: 'none' },
  serve: async (call) =>
    passView(call, { method: 'GET', path: ['volumes', await volumeName(call)] }, (value) =>
      volumeView(call.tenant.name, value),
    ),
}

const volumeRemove: Endpoint = {
  ...{
    id: 'volume-remove',
    method: 'DELETE',
    path: '/volumes/{id}',
    query: { force: 'flag' },
    body: 'none',
  },
  serve: async (call) =>
    passStream(call, {
      method: 'DELETE',
      path: ['volumes', await volumeName(call)],
      query: call.query,
    }),
}

const volumeCreate: Endpoint = {
  ...{
    id: 'volume-create',
    method: 'POST',
    path: '/volumes/create',
    query: {},
    body: 'json',
    judged: 'volume-create',
  },
  serve: async (call) => {
    const { body } = await judge(call, 'volume-create')
    await passView(call, { method: 'POST', path: ['volumes', 'create'], body }, (value) =>
      volumeView(call.tenant.name, value),
    )
  },
}

const networkList: Endpoint = {
  ...{
    id: 'network-list',
    method: 'GET',
    path: '/networks',
    query: { filters: 'filters' },
    body: 'none',
  },
  serve: async (call) => {
    await provideNetwork(call)
    const { names, query } = splitFilters(call, [
      'label',
      'driver',
      'dangling',
      'id',
      'scope',
      'type',
    ])
    const own = {
      ...query,
      label: [...(query.label ?? []), ...(ownFilter(call.tenant).label ?? [])],
    }
    await passView(
      call,
      { method: 'GET', path: ['networks'], query: { filters: [JSON.stringify(own)] } },
      (value) =>
        (value as unknown[])
          .map((one) => networkView(call.tenant.name, one) as { Name: string })
          .filter(({ Name }) => isWanted(names, Name)),
    )
  },
}

const networkInspect: Endpoint = {
  ...{ id: 'network-inspect', method: 'GET', path: '/networks/{id}', body: 'none' },
  query: { verbose: 'flag', scope: 'word' },
  serve: async (call) =>
    passView(call, { method: 'GET', path: ['networks', await networkId(call)] }, (value) =>
      networkView(call.tenant.name, value),
    ),
}

const networkRemove: Endpoint = {
  ...{ id: 'network-remove', method: 'DELETE', path: '/networks/{id}', query: {}, body: 'none' },
  serve: async (call) =>
    passStream(call, { method: 'DELETE', path: ['networks', await networkId(call)] }),
}

const networkCreate: Endpoint = {
  ...{
    id: 'network-create',
    method: 'POST',
    path: '/networks/create',
    query: {},
    body: 'json',
    judged: 'network-create',
  },
  serve: async (call) => {
    const { body } = await judge(call, 'network-create')
    await passStream(call, { method: 'POST', path: ['networks', 'create'], body })
  },
}

function networkMember(action: 'connect' | 'disconnect'): Endpoint {
  const judged = `network-${action}` as const
  return {
    ...{
      id: judged,
      method: 'POST',
      path: `/networks/{id}/${action}`,
      query: {},
      body: 'json',
      judged,
    },
    serve: async (call) => {
      const id = await networkId(call)
      const { body } = await judge(call, judged, { id })
      await passStream(call, { method: 'POST', path: ['networks', id, action], body })
    },
  }
}

export const objectEndpoints: readonly Endpoint[] = [
  ...[volumeList, volumeInspect, volumeRemove, volumeCreate],
  ...[networkList, networkInspect, networkRemove, networkCreate],
  ...[networkMember('connect'), networkMember('disconnect')],
]
