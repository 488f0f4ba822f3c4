// A road: one request of a Docker client that would give it what it may not have, and the rule that must refuse it.
import type { DockerEndpoint } from '../../policy/docker-door.js'
import { cliCreate } from './docker-fixture.js'

export type Road = {
  readonly name: string
  readonly endpoint: DockerEndpoint
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly rule: string
}

export type Fields = Readonly<Record<string, unknown>>
export const create = (
  name: string,
  rule: string,
  config: Fields,
  query?: Road['query'],
): Road => ({
  name,
  endpoint: 'container-create',
  body: { ...cliCreate, ...config },
  rule,
  ...(query === undefined ? {} : { query }),
})
export const host = (name: string, rule: string, fields: Fields): Road =>
  create(name, rule, { HostConfig: { ...cliCreate.HostConfig, ...fields } })
export const mount = (name: string, rule: string, fields: Fields): Road =>
  host(name, rule, { Mounts: [{ Target: '/x', ...fields }] })
export const endpoint = (name: string, rule: string, fields: Fields, network = 'default'): Road =>
  create(name, rule, { NetworkingConfig: { EndpointsConfig: { [network]: fields } } })
export const query = (
  at: DockerEndpoint,
  name: string,
  rule: string,
  fields: Record<string, string>,
): Road => ({
  name,
  endpoint: at,
  query: fields,
  rule,
})
export const body = (
  at: DockerEndpoint,
  name: string,
  rule: string,
  fields: Fields,
  path: Road['path'] = { id: 'web' },
): Road => ({
  name,
  endpoint: at,
  body: fields,
  path,
  rule,
})
