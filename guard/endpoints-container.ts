// Endpoints of a container that is there: by its own tenant, by whatever reference, as the engine's full id.
import { passStream, passView } from './answer.js'
import type { Endpoint, QueryKind } from './endpoint.js'
import { isSet } from './endpoint.js'
import { passHijacked } from './hijack.js'
import { judge, judgeContainer } from './judged.js'
import { eachLine } from './lines.js'
import { containerId, execId } from './owned.js'
import { clientName, engineName } from './tenant.js'
import { isFields } from './view.js'

type Method = Endpoint['method']
type Queries = Readonly<Record<string, QueryKind>>

/** What follows the id: passed on as it was read, the answer as it comes. */
function onContainer(id: string, method: Method, action: string, query: Queries = {}): Endpoint {
  const tail = action === '' ? [] : [action]
  return {
    ...{ id, method, path: ['/containers/{id}', ...tail].join('/'), query, body: 'none' },
    serve: async (call) => {
      const path = ['containers', await containerId(call), ...tail]
      await passStream(call, { method, path, query: call.query, version: call.version })
    },
  }
}

const logs: Endpoint = onContainer('container-logs', 'GET', 'logs', {
  ...{ stdout: 'flag', stderr: 'flag', follow: 'flag', timestamps: 'flag', details: 'flag' },
  ...{ since: 'time', until: 'time', tail: 'tail' },
})

const attach: Endpoint = {
  ...{
    id: 'container-attach',
    method: 'POST',
    path: '/containers/{id}/attach',
    body: 'none',
    upgrade: true,
  },
  query: {
    stream: 'flag',
    logs: 'flag',
    stdin: 'flag',
    stdout: 'flag',
    stderr: 'flag',
    detachKeys: 'keys',
  },
  serve: async (call) => {
    const path = ['containers', await containerId(call), 'attach']
    await passHijacked(call, { method: 'POST', path, query: call.query, version: call.version })
  },
}

/** Each sample names its container. */
const statsView =
  (tenant: string) =>
  (value: unknown): unknown => {
    if (!isFields(value) || typeof value.name !== 'string') return value
    const name = value.name.replace(/^\//, '')
    return { ...value, name: `/${clientName(tenant, 'container', name) ?? name}` }
  }

const stats: Endpoint = {
  ...{ id: 'container-stats', method: 'GET', path: '/containers/{id}/stats', body: 'none' },
  query: { stream: 'flag', 'one-shot': 'flag' },
  serve: async (call) => {
    const path = ['containers', await containerId(call), 'stats']
    const asked = { method: 'GET', path, query: call.query, version: call.version }
    await passStream(call, asked, eachLine(statsView(call.tenant.name)))
  },
}

const rename: Endpoint = {
  ...{ id: 'container-rename', method: 'POST', path: '/containers/{id}/rename', body: 'none' },
  query: { name: 'name' },
  serve: async (call) => {
    const wanted = (call.query.name?.[0] ?? '').replace(/^\//, '')
    const query = { name: [wanted === '' ? '' : engineName(call.tenant.name, 'container', wanted)] }
    const path = ['containers', await containerId(call), 'rename']
    await passStream(call, { method: 'POST', path, query })
  },
}

const update: Endpoint = {
  ...{
    id: 'container-update',
    method: 'POST',
    path: '/containers/{id}/update',
    body: 'json',
    query: {},
  },
  judged: 'container-update',
  serve: async (call) => {
    const { id, body, warnings } = await judgeContainer(call, 'container-update')
    await passView(call, { method: 'POST', path: ['containers', id, 'update'], body }, (value) =>
      withWarnings(value, warnings),
    )
  },
}

export function withWarnings(value: unknown, warnings: readonly string[]): unknown {
  if (!isFields(value) || warnings.length === 0) return value
  const said = Array.isArray(value.Warnings) ? value.Warnings : []
  return { ...value, Warnings: [...said, ...warnings] }
}

const execCreate: Endpoint = {
  ...{ id: 'exec-create', method: 'POST', path: '/containers/{id}/exec', body: 'json', query: {} },
  judged: 'exec-create',
  serve: async (call) => {
    const { id, body } = await judgeContainer(call, 'exec-create')
    await passStream(call, { method: 'POST', path: ['containers', id, 'exec'], body })
  },
}

const execStart: Endpoint = {
  ...{ id: 'exec-start', method: 'POST', path: '/exec/{id}/start', body: 'json', query: {} },
  ...{ judged: 'exec-start', upgrade: true },
  serve: async (call) => {
    const id = await execId(call)
    const { body } = await judge(call, 'exec-start', { id })
    await passHijacked(call, {
      method: 'POST',
      path: ['exec', id, 'start'],
      body,
      version: call.version,
    })
  },
}

function onExec(id: string, method: Method, action: string, query: Queries = {}): Endpoint {
  return {
    ...{ id, method, path: `/exec/{id}/${action}`, query, body: 'none' },
    serve: async (call) => {
      const path = ['exec', await execId(call), action]
      await passStream(call, { method, path, query: call.query })
    },
  }
}

const archivePath = { path: 'path' } as const

const putArchive: Endpoint = {
  ...{
    id: 'container-archive-put',
    method: 'PUT',
    path: '/containers/{id}/archive',
    body: 'archive',
  },
  query: { ...archivePath, noOverwriteDirNonDir: 'flag', copyUIDGID: 'flag' },
  serve: async (call) => {
    const path = ['containers', await containerId(call), 'archive']
    // The engine takes any text but these for yes, the empty one for no.
    const query = {
      ...call.query,
      noOverwriteDirNonDir: [isSet(call.query, 'noOverwriteDirNonDir') ? '1' : '0'],
    }
    await passStream(call, { method: 'PUT', path, query, archive: call.request })
  },
}

export const containerEndpoints: readonly Endpoint[] = [
  onContainer('container-start', 'POST', 'start', { detachKeys: 'keys' }),
  onContainer('container-stop', 'POST', 'stop', { t: 'number', signal: 'signal' }),
  onContainer('container-restart', 'POST', 'restart', { t: 'number', signal: 'signal' }),
  onContainer('container-kill', 'POST', 'kill', { signal: 'signal' }),
  onContainer('container-pause', 'POST', 'pause'),
  onContainer('container-unpause', 'POST', 'unpause'),
  onContainer('container-wait', 'POST', 'wait', { condition: 'word' }),
  onContainer('container-resize', 'POST', 'resize', { h: 'number', w: 'number' }),
  onContainer('container-remove', 'DELETE', '', { v: 'flag', force: 'flag' }),
  onContainer('container-top', 'GET', 'top', { ps_args: 'ps' }),
  onContainer('container-changes', 'GET', 'changes'),
  onContainer('container-export', 'GET', 'export'),
  onContainer('container-archive-head', 'HEAD', 'archive', archivePath),
  onContainer('container-archive-get', 'GET', 'archive', archivePath),
  onExec('exec-resize', 'POST', 'resize', { h: 'number', w: 'number' }),
  ...[logs, attach, stats, rename, update, execCreate, execStart, putArchive],
]
