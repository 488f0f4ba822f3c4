// Hostile requests, by path, version, query and endpoint.
import type { Hostile } from './corpus.js'
import { request } from './raw.js'

const get = (path: string): string => request('GET', path)

const paths: readonly Hostile[] = [
  { name: 'version 1.9999', bytes: get('/v1.9999/containers/json'), bare: 400 },
  { name: 'version 1.1', bytes: get('/v1.1/containers/json') },
  { name: 'version 1.23', bytes: get('/v1.23/containers/json'), bare: 200 },
  { name: 'version 1.041', bytes: get('/v1.041/containers/json'), bare: 200 },
  { name: 'version 01.41', bytes: get('/v01.41/containers/json'), bare: 200 },
  { name: 'version 0.0', bytes: get('/v0.0/containers/json') },
  { name: 'version 1.41.0', bytes: get('/v1.41.0/containers/json') },
  { name: 'version 9.9', bytes: get('/v9.9/containers/json'), bare: 400 },
  { name: 'a version in capitals', bytes: get('/V1.41/containers/json') },
  { name: 'a version behind a version', bytes: get('/v1.41/v1.41/containers/json') },
  { name: 'two slashes at first', bytes: get('//v1.41/containers/json') },
  { name: 'two slashes within', bytes: get('/v1.41//containers/json') },
  { name: 'a slash at the end', bytes: get('/v1.41/containers/json/') },
  { name: 'a point', bytes: get('/v1.41/./containers/json') },
  { name: 'two points', bytes: get('/v1.41/images/../containers/json') },
  { name: 'two points, escaped', bytes: get('/v1.41/images/%2e%2e/containers/json') },
  { name: 'two points, half escaped', bytes: get('/v1.41/images/.%2E/containers/json') },
  { name: 'a slash, escaped', bytes: get('/v1.41/containers%2Fjson'), bare: 200 },
  { name: 'a slash, escaped twice', bytes: get('/v1.41/containers%252Fjson') },
  { name: 'a letter, escaped', bytes: get('/v1.41/%63ontainers/json'), bare: 200 },
  { name: 'a backslash', bytes: get('/v1.41/containers\\json') },
  { name: 'a NUL, escaped', bytes: get('/v1.41/containers/a%00b/json') },
  { name: 'a line end, escaped', bytes: get('/v1.41/containers/a%0d%0ab/json') },
  { name: 'an overlong slash', bytes: get('/v1.41/containers/a%c0%afb/json') },
  { name: 'a broken escape', bytes: get('/v1.41/containers/a%zz/json') },
  { name: 'a semicolon', bytes: get('/v1.41/containers;x/json') },
  { name: 'a fragment', bytes: get('/v1.41/containers/json#x') },
  { name: 'an absolute target', bytes: get('http://other/v1.41/containers/json'), bare: 200 },
  { name: 'an absolute target of a UNIX socket', bytes: get('unix:///v1.41/containers/json') },
  { name: 'no path at all', bytes: get('?all=1') },
  { name: 'a letter beyond ASCII', bytes: get('/v1.41/containers/\xe9/json') },
  { name: 'an image with two points', bytes: get('/v1.41/images/a/../../containers/json') },
]

const queries: readonly Hostile[] = [
  { name: 'an unknown parameter', bytes: get('/v1.41/containers/json?zz-mark=1'), bare: 200 },
  { name: 'a parameter in capitals', bytes: get('/v1.41/containers/json?ALL=1'), bare: 200 },
  { name: 'a parameter twice', bytes: get('/v1.41/containers/json?all=0&all=1'), bare: 200 },
  {
    name: 'parameters between semicolons',
    bytes: get('/v1.41/containers/json?all=0;all=1'),
  },
  {
    name: 'a parameter whose name is escaped twice',
    bytes: get('/v1.41/containers/json?%2561ll=1'),
    bare: 200,
  },
  {
    name: 'a broken escape in a parameter',
    bytes: get('/v1.41/containers/json?all=%zz'),
  },
  { name: 'a truth that is none', bytes: get('/v1.41/containers/json?all=zz-mark'), bare: 200 },
  { name: 'a number that is none', bytes: get('/v1.41/containers/json?limit=1e9') },
  { name: 'filters that are no JSON', bytes: get('/v1.41/containers/json?filters=zz-mark') },
  {
    name: 'filters with a key twice',
    bytes: get('/v1.41/containers/json?filters=%7B%22label%22:%5B%22a%22%5D,%22label%22:%5B%5D%7D'),
    bare: 200,
  },
  {
    name: 'filters with __proto__',
    bytes: get('/v1.41/containers/json?filters=%7B%22__proto__%22:%5B%22a%22%5D%7D'),
  },
  { name: 'filters as a list', bytes: get('/v1.41/containers/json?filters=%5B%5D') },
  {
    name: 'a filter of another tenant',
    bytes: get('/v1.41/containers/json?filters=%7B%22zz-mark%22:%5B%22other%22%5D%7D'),
  },
  {
    name: 'a filter that is a pattern without end',
    bytes: get('/v1.41/containers/json?filters=%7B%22name%22:%5B%22(a%2B)%2B$%22%5D%7D'),
    bare: 200,
  },
  {
    name: 'words for ps',
    bytes: ({ mine }) => get(`/v1.41/containers/${mine}/top?ps_args=-eo%20pid,args%20--zz-mark`),
  },
  {
    name: 'a signal that is none',
    bytes: ({ mine }) => request('POST', `/v1.41/containers/${mine}/kill?signal=zz-mark;id`),
  },
  {
    name: 'a new name with a slash',
    bytes: ({ mine }) => request('POST', `/v1.41/containers/${mine}/rename?name=a/b`),
  },
  {
    name: 'a path with a NUL',
    bytes: ({ mine }) => get(`/v1.41/containers/${mine}/archive?path=/a%00b`),
  },
]

const others: readonly Hostile[] = [
  'inspect json',
  'logs logs?stdout=1',
  'top top',
  'changes changes',
  'export export',
  'stats stats?stream=0',
  'archive archive?path=/',
].map((words) => {
  const [name, action] = words.split(' ')
  return {
    name: `${name} of another tenant's container`,
    bytes: ({ theirs }) => get(`/v1.41/containers/${theirs}/${action}`),
    bare: 200,
  }
})

const actions: readonly Hostile[] = [
  'start',
  'stop',
  'kill',
  'pause',
  'restart',
  'wait',
  'rename?name=x',
  'resize?h=1&w=1',
  'attach?stream=1&stdout=1',
].map((action) => ({
  name: `${action.split('?')[0]} of another tenant's container`,
  bytes: ({ theirs }) => request('POST', `/v1.41/containers/${theirs}/${action}`),
}))

const strangers: readonly Hostile[] = [
  {
    name: 'another tenant by its engine name',
    bytes: get('/v1.41/containers/other.theirs/json'),
    bare: 200,
  },
  { name: 'another tenant by its name', bytes: get('/v1.41/containers/theirs/json') },
  {
    name: 'another tenant by the beginning of an id',
    bytes: ({ theirs }) => get(`/v1.41/containers/${theirs.slice(0, 12)}/json`),
    bare: 200,
  },
  {
    name: 'another tenant removed',
    bytes: ({ theirs }) => request('DELETE', `/v1.41/containers/${theirs}?force=1`),
  },
  {
    name: 'exec in another tenant’s',
    bytes: ({ theirs }) =>
      request('POST', `/v1.41/containers/${theirs}/exec`, '{"Cmd":["/bin/true"]}'),
    bare: 201,
  },
  {
    name: 'an exec of another tenant’s started',
    bytes: ({ exec }) => request('POST', `/v1.41/exec/${exec}/start`, '{"Detach":true}'),
  },
  {
    name: 'an exec of another tenant’s looked at',
    bytes: ({ exec }) => get(`/v1.41/exec/${exec}/json`),
    bare: 200,
  },
  {
    name: 'update of another tenant’s',
    bytes: ({ theirs }) => request('POST', `/v1.41/containers/${theirs}/update`, '{}'),
    bare: 200,
  },
  {
    name: 'files into another tenant’s',
    bytes: ({ theirs }) =>
      request('PUT', `/v1.41/containers/${theirs}/archive?path=/`, '', [
        'Content-Type: application/x-tar',
      ]),
  },
  {
    name: 'the network of another tenant looked at',
    bytes: get('/v1.41/networks/other.default'),
    bare: 200,
  },
  { name: 'the engine’s own bridge', bytes: request('DELETE', '/v1.41/networks/host'), bare: 403 },
  { name: 'the volume of another tenant', bytes: get('/v1.41/volumes/other.theirs'), bare: 200 },
  {
    name: 'the volume of another tenant removed',
    bytes: request('DELETE', '/v1.41/volumes/other.theirs'),
  },
  {
    name: 'an image of another tenant',
    bytes: get('/v1.41/images/other.stockade/docker.io/library/theirs/json'),
    bare: 200,
  },
  { name: 'an image of the operator removed', bytes: request('DELETE', '/v1.41/images/base') },
  { name: 'an exec without an id', bytes: get('/v1.41/exec/zz-mark/json') },
]

const endpoints: readonly Hostile[] = [
  'POST /swarm/init',
  'POST /swarm/join',
  'POST /swarm/leave?force=1',
  'GET /swarm',
  'GET /nodes',
  'GET /services',
  'POST /services/create',
  'GET /secrets',
  'POST /secrets/create',
  'POST /configs/create',
  'POST /plugins/pull?remote=x',
  'POST /plugins/x/enable',
  'POST /auth',
  'POST /images/load',
  'GET /images/get?names=base',
  'GET /images/base/get',
  'POST /images/create?fromImage=base',
  'POST /images/create?fromSrc=http://169.254.169.254/',
  'POST /images/base/push',
  'POST /build?remote=http://169.254.169.254/',
  'POST /build?networkmode=host',
  'POST /commit?container=x',
  'GET /distribution/base/json',
  'GET /images/search?term=x',
  'GET /debug/pprof/',
  'GET /debug/vars',
  'GET /metrics',
  'GET /libpod/info',
  'POST /containers/x/checkpoints',
  'GET /containers/x/attach/ws',
  'POST /containers/x/copy',
  'GET /',
  'GET /v1.41',
  'GET /v1.41/',
].map((line) => {
  const [method = '', path = ''] = line.split(' ')
  return { name: line, bytes: request(method, path.startsWith('/v') ? path : `/v1.41${path}`) }
})

export const pathCorpus: readonly Hostile[] = [
  ...paths,
  ...queries,
  ...others,
  ...actions,
  ...strangers,
  ...endpoints,
]
