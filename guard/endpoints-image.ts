// Endpoints of images: one's own tags, and the operator's images that the grant names, which can be used and not touched.
import { randomBytes } from 'node:crypto'
import { passStream, passView, readEngine, sendJson } from './answer.js'
import type { Call, Endpoint } from './endpoint.js'
import { isSet } from './endpoint.js'
import { judge } from './judged.js'
import {
  clientTags,
  findImage,
  type ImageRow,
  isOwnImage,
  visibleImage,
  visibleImages,
} from './owned.js'
import { filtersOf } from './query.js'
import { malformed, missing, refused } from './refusal.js'
import { clientName, engineName, wholeReference } from './tenant.js'
import { clientLabels, isFields } from './view.js'

function rowView(call: Call, row: ImageRow): unknown {
  return {
    ...row,
    RepoTags: clientTags(call, row),
    RepoDigests: [],
    Labels: clientLabels(row.Labels),
  }
}

/** `busybox`, `busybox:1*`: as Docker's `reference` filter, with a star and nothing else that is special. */
function referenceTest(pattern: string): (tag: string) => boolean {
  if (!/^[a-zA-Z0-9_.:/*-]{1,256}$/.test(pattern))
    throw malformed('docker-query', 'filter reference is not usable')
  const hasTag = /:[^/]*$/.test(pattern)
  const parts = pattern.split(/\*+/)
  return (tag) => {
    const text = hasTag ? tag : tag.replace(/:[^/:]*$/, '')
    let at = 0
    for (const [index, part] of parts.entries()) {
      const found = index === 0 ? (text.startsWith(part) ? 0 : -1) : text.indexOf(part, at)
      if (found === -1) return false
      at = found + part.length
    }
    return at === text.length || pattern.endsWith('*')
  }
}

const list: Endpoint = {
  ...{ id: 'image-list', method: 'GET', path: '/images/json', body: 'none' },
  query: {
    all: 'flag',
    digests: 'flag',
    'shared-size': 'flag',
    filters: 'filters',
    filter: 'text',
  },
  serve: async (call) => {
    const asked = filtersOf(call.query)
    const unknown = Object.keys(asked).find((name) => !['reference', 'dangling'].includes(name))
    if (unknown !== undefined) throw malformed('docker-query', `filter ${unknown} is unknown here`)
    const tests = [...(asked.reference ?? []), ...(call.query.filter ?? [])].map(referenceTest)
    const dangling = asked.dangling?.[0] === 'true' || asked.dangling?.[0] === '1'
    const rows = dangling ? [] : await visibleImages(call)
    const shown = rows.filter(
      (row) =>
        tests.length === 0 || clientTags(call, row).some((tag) => tests.some((test) => test(tag))),
    )
    sendJson(
      call.response,
      200,
      shown.map((row) => rowView(call, row)),
    )
  },
}

const inspect: Endpoint = {
  ...{ id: 'image-inspect', method: 'GET', path: '/images/{name}/json', query: {}, body: 'none' },
  serve: async (call) => {
    const row = await visibleImage(call)
    await passView(call, { method: 'GET', path: ['images', row.Id, 'json'] }, (value) =>
      inspectView(call, row, value),
    )
  },
}

function inspectView(call: Call, row: ImageRow, value: unknown): unknown {
  if (!isFields(value)) return value
  const config = isFields(value.Config) ? value.Config : {}
  return {
    ...value,
    ...{ RepoTags: clientTags(call, row), RepoDigests: [], Container: '', Parent: '' },
    ContainerConfig: {},
    Config: { ...config, Labels: clientLabels(config.Labels), Image: '' },
    GraphDriver: { Name: isFields(value.GraphDriver) ? value.GraphDriver.Name : '', Data: {} },
  }
}

const history: Endpoint = {
  ...{
    id: 'image-history',
    method: 'GET',
    path: '/images/{name}/history',
    query: {},
    body: 'none',
  },
  serve: async (call) => {
    const row = await visibleImage(call)
    await passView(call, { method: 'GET', path: ['images', row.Id, 'history'] }, (value) =>
      (value as { Tags?: string[] | null }[]).map((layer) => ({
        ...layer,
        Tags:
          layer.Tags?.flatMap((tag) => clientName(call.tenant.name, 'image', tag) ?? []) ?? null,
      })),
    )
  },
}

/** By name: that tag. By id: all tags that the tenant has given. Another's tag, and the operator's, are never among them. */
async function ownTags(call: Call): Promise<string[]> {
  const reference = call.path.name ?? ''
  const row = findImage(call, await visibleImages(call), reference)
  if (row === null) throw missing('image', reference)
  if (!isOwnImage(call.tenant, row))
    throw refused('docker-owner', `the image ${reference} is the operator's`)
  const own = (row.RepoTags ?? []).filter(
    (tag) => clientName(call.tenant.name, 'image', tag) !== null,
  )
  const whole = wholeReference(reference)
  const named = own.filter(
    (tag) => wholeReference(clientName(call.tenant.name, 'image', tag) ?? '') === whole,
  )
  if (named.length === 0 && own.length > 1 && !isSet(call.query, 'force'))
    throw refused('docker-owner', `the image has ${own.length} tags: name one, or use force`, 409)
  return named.length === 0 ? own : named
}

const remove: Endpoint = {
  ...{ id: 'image-remove', method: 'DELETE', path: '/images/{name}', body: 'none' },
  query: { force: 'flag', noprune: 'flag' },
  serve: async (call) => {
    const gone: unknown[] = []
    for (const tag of await ownTags(call)) {
      const query = { noprune: [isSet(call.query, 'noprune') ? '1' : '0'] }
      const answer = await readEngine(call, { method: 'DELETE', path: ['images', tag], query })
      gone.push(...(answer as unknown[]))
    }
    sendJson(call.response, 200, call.tenant.unnamedIn(gone))
  },
}

const tag: Endpoint = {
  ...{
    id: 'image-tag',
    method: 'POST',
    path: '/images/{name}/tag',
    body: 'none',
    judged: 'image-tag',
  },
  query: { repo: 'names', tag: 'names' },
  serve: async (call) => {
    const row = await visibleImage(call)
    const { query } = await judge(call, 'image-tag')
    await passView(
      call,
      { method: 'POST', path: ['images', row.Id, 'tag'], query },
      (value) => value,
    )
  },
}

/** An image that nobody names would be nobody's, and lie there for ever. */
const untagged = (call: Call): Record<string, readonly string[]> => ({
  repo: [engineName(call.tenant.name, 'image', 'untagged').replace(/:latest$/, '')],
  tag: [randomBytes(6).toString('hex')],
})

/** `docker import`: the body becomes an image of the tenant's. A pull is not served yet, whatever the grant says of registries. */
const bring: Endpoint = {
  ...{
    id: 'image-create',
    method: 'POST',
    path: '/images/create',
    body: 'archive',
    judged: 'image-create',
  },
  query: {
    ...{
      fromSrc: 'text',
      fromImage: 'text',
      repo: 'text',
      tag: 'text',
      message: 'text',
      platform: 'word',
    },
    changes: 'texts',
  },
  serve: async (call) => {
    if (call.query.fromImage !== undefined)
      throw refused(
        'docker-endpoint',
        'images are not pulled through the guard yet: ask the operator to put it there',
      )
    const { query } = await judge(call, 'image-create')
    const named = query.repo === undefined ? { ...query, ...untagged(call) } : query
    await passStream(call, {
      method: 'POST',
      path: ['images', 'create'],
      query: named,
      archive: call.request,
    })
  },
}

const commit: Endpoint = {
  ...{ id: 'commit', method: 'POST', path: '/commit', body: 'json', judged: 'commit' },
  query: {
    ...{
      container: 'name',
      repo: 'text',
      tag: 'text',
      comment: 'text',
      author: 'text',
      pause: 'flag',
    },
    changes: 'texts',
  },
  serve: async (call) => {
    const { query, body } = await judge(call, 'commit')
    const named = query.repo === undefined ? { ...query, ...untagged(call) } : query
    const asked = { method: 'POST', path: ['commit'], query: named }
    await passView(call, body === null ? asked : { ...asked, body }, (value) => value)
  },
}

export const imageEndpoints: readonly Endpoint[] = [
  list,
  inspect,
  history,
  remove,
  tag,
  bring,
  commit,
]
