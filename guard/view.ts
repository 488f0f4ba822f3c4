// What a tenant sees of its own things: its own names, no label of the guard's, no path of the host. Pure.
import { guardLabelPrefix } from '../contract/docker-owner.js'
import type { ObjectKind } from '../policy/docker-door.js'
import { clientName } from './tenant.js'

type Fields = Record<string, unknown>
export type ImageNames = (idOrName: string) => string | null

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsAt = (value: Fields, name: string): Fields => {
  const found = value[name]
  return isFields(found) ? found : {}
}

export function clientLabels(labels: unknown): Fields {
  if (!isFields(labels)) return {}
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => !name.startsWith(guardLabelPrefix)),
  )
}

const named = (tenant: string, kind: ObjectKind, name: string): string =>
  clientName(tenant, kind, name) ?? name

/** `/acme.web` → `/web`; `/acme.web/acme.db` (a link) part by part. */
const containerName = (tenant: string, name: string): string =>
  name
    .split('/')
    .map((part) => named(tenant, 'container', part))
    .join('/')

function mountView(tenant: string, mount: unknown): unknown {
  if (!isFields(mount)) return mount
  const { Name, ...rest } = mount
  if (rest.Type !== 'volume')
    return { ...rest, ...(rest.Source === undefined ? {} : { Source: '' }) }
  return { ...rest, Name: named(tenant, 'volume', String(Name ?? '')), Source: '' }
}

function networksView(tenant: string, networks: unknown): unknown {
  if (!isFields(networks)) return networks
  return Object.fromEntries(
    Object.entries(networks).map(([name, endpoint]) => [named(tenant, 'network', name), endpoint]),
  )
}

function networkMode(tenant: string, mode: unknown): unknown {
  return typeof mode === 'string' ? named(tenant, 'network', mode) : mode
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** One of `GET /containers/json`. */
export function containerRowView(tenant: string, row: unknown, imageNames: ImageNames): unknown {
  if (!isFields(row)) return row
  return {
    ...row,
    Names: listOf(row.Names).map((name) => containerName(tenant, String(name))),
    Image: imageNames(String(row.ImageID)) ?? row.Image,
    Labels: clientLabels(row.Labels),
    HostConfig: { NetworkMode: networkMode(tenant, fieldsAt(row, 'HostConfig').NetworkMode) },
    NetworkSettings: {
      Networks: networksView(tenant, fieldsAt(row, 'NetworkSettings').Networks),
    },
    Mounts: listOf(row.Mounts).map((mount) => mountView(tenant, mount)),
  }
}

/** `acme.data:/x:ro` → `data:/x:ro`. */
function bindView(tenant: string, bind: unknown): unknown {
  if (typeof bind !== 'string') return bind
  const colon = bind.indexOf(':')
  return `${named(tenant, 'volume', bind.slice(0, colon))}${bind.slice(colon)}`
}

/** The text of a profile is a hundred kilobytes, and says nothing to a client. */
const securityView = (option: unknown): unknown =>
  typeof option === 'string' && option.startsWith('seccomp=') ? 'seccomp=stockade' : option

function hostConfigView(tenant: string, host: Fields): Fields {
  return {
    ...host,
    Binds: host.Binds === null ? null : listOf(host.Binds).map((bind) => bindView(tenant, bind)),
    Mounts:
      host.Mounts === undefined
        ? undefined
        : listOf(host.Mounts).map((mount) => specMountView(tenant, mount)),
    NetworkMode: networkMode(tenant, host.NetworkMode),
    Links:
      host.Links === null
        ? null
        : listOf(host.Links).map((link) => containerName(tenant, String(link))),
    SecurityOpt: listOf(host.SecurityOpt).map(securityView),
    CgroupParent: '',
  }
}

function specMountView(tenant: string, mount: unknown): unknown {
  if (!isFields(mount) || mount.Type !== 'volume') return mount
  const { VolumeOptions: _labels, ...rest } = mount
  return { ...rest, Source: named(tenant, 'volume', String(mount.Source ?? '')) }
}

/** Paths of the host, and what is another's to know. */
const hiddenOfContainer = ['ResolvConfPath', 'HostnamePath', 'HostsPath', 'LogPath'] as const

/** `GET /containers/{id}/json`. */
export function containerView(tenant: string, value: unknown, imageNames: ImageNames): unknown {
  if (!isFields(value)) return value
  const config = fieldsAt(value, 'Config')
  const settings = fieldsAt(value, 'NetworkSettings')
  const hidden = Object.fromEntries(hiddenOfContainer.map((name) => [name, '']))
  return {
    ...value,
    ...hidden,
    Name: containerName(tenant, String(value.Name)),
    GraphDriver: { Name: fieldsAt(value, 'GraphDriver').Name ?? '', Data: {} },
    Config: {
      ...config,
      Labels: clientLabels(config.Labels),
      Image: imageNames(String(value.Image)) ?? config.Image,
    },
    HostConfig: hostConfigView(tenant, fieldsAt(value, 'HostConfig')),
    NetworkSettings: {
      ...settings,
      SandboxKey: '',
      Networks: networksView(tenant, settings.Networks),
    },
    Mounts: listOf(value.Mounts).map((mount) => mountView(tenant, mount)),
  }
}

/** `GET /networks/{id}` and one of `GET /networks`. */
export function networkView(tenant: string, value: unknown): unknown {
  if (!isFields(value)) return value
  const containers = Object.entries(fieldsAt(value, 'Containers')).map(([id, endpoint]) => {
    const one = isFields(endpoint) ? endpoint : {}
    return [id, { ...one, Name: named(tenant, 'container', String(one.Name)) }]
  })
  return {
    ...value,
    Name: named(tenant, 'network', String(value.Name)),
    Containers: Object.fromEntries(containers),
    Labels: clientLabels(value.Labels),
    Options: {},
  }
}

/** `GET /volumes/{name}` and one of the list. */
export function volumeView(tenant: string, value: unknown): unknown {
  if (!isFields(value)) return value
  return {
    ...value,
    Name: named(tenant, 'volume', String(value.Name)),
    Mountpoint: '',
    Labels: clientLabels(value.Labels),
  }
}
