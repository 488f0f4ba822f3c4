// The adapters of volumes and networks, and of what a swarm keeps.

import type { Adapted, Subject, Written } from './docker-adapted.js'
import type { ObjectKind } from './docker-door.js'
import { plainly } from './docker-image.js'
import { ownedBy, ownLabels } from './docker-labels.js'
import { askedOptions } from './docker-mounts.js'
import { askedName } from './docker-name.js'
import { endpoint, ownLinks, plainAliases } from './docker-network.js'

function checkCount({ context, findings }: Subject, kind: 'volumes' | 'networks'): void {
  const { grant } = context.grant
  const most = grant.docker[kind]
  if (context.counts[kind] >= most)
    findings.deny(
      'docker-quota',
      '',
      `The grant ${grant.name} gives ${most} ${kind}, and so many there are. Remove one first.`,
    )
}

/** Options of `local` are those of mount(8): they are asked as the bind that they can be. */
export function adaptVolumeCreate(subject: Subject): Adapted {
  const { body, context, findings } = subject
  const name = askedName(subject, 'volume')
  const driver = body.text('/Driver')
  const options = body.settings('/DriverOpts')
  const labels = ownLabels(subject, '/Labels')
  if (driver !== null && driver.value !== 'local')
    findings.deny('docker-driver', driver, 'Of volume drivers there is `local`.')
  if (name === null || context.owned.volume(name) === null) checkCount(subject, 'volumes')
  const target = { value: '/volume', pointer: '/DriverOpts' }
  const write = (): Written => ({
    body: {
      ...(name === null ? {} : { Name: context.engineName('volume', name) }),
      Driver: 'local',
      Labels: ownedBy(context.tenant, name ?? '', labels),
    },
  })
  const mounts = askedOptions(options, '/DriverOpts', target)
  return plainly(subject, write, { mounts, labels: labels.asked })
}

const bridge = 'com.docker.network.bridge.'
/** Options that change nothing for the host; what the guard writes is its own in any case. */
const harmless = [
  `${bridge}enable_icc`,
  `${bridge}enable_ip_masquerade`,
  'com.docker.network.driver.mtu',
]

export function adaptNetworkCreate(subject: Subject): Adapted {
  const { body, context, findings, passed } = subject
  const name = askedName(subject, 'network')
  const driver = body.text('/Driver')
  const labels = ownLabels(subject, '/Labels')
  if (name === null) findings.deny('docker-form', '/Name', 'A network needs a name.')
  else if (['host', 'none', 'bridge', 'default'].includes(name))
    findings.deny('docker-name', '/Name', 'These names are the engine’s own.')
  if (driver !== null && driver.value !== 'bridge' && driver.value !== 'default')
    findings.deny('docker-driver', driver, 'Of network drivers there is `bridge`.')
  for (const option of body.settings('/Options'))
    if (!harmless.includes(option.name))
      findings.deny(
        'docker-driver',
        option,
        'Options of a driver name interfaces, parents and modes of the host.',
      )
  checkCount(subject, 'networks')
  const traffic = context.grant.grant.docker.trafficInside ? 'true' : 'false'
  const write = (): Written => ({
    body: {
      ...passed,
      Name: context.engineName('network', name ?? ''),
      CheckDuplicate: true,
      Driver: 'bridge',
      Options: {
        [`${bridge}enable_icc`]: traffic,
        [`${bridge}host_binding_ipv4`]: context.ports.address,
      },
      Labels: ownedBy(context.tenant, name ?? '', labels),
    },
  })
  return plainly(subject, write, { labels: labels.asked })
}

function ownNetwork({ call, context, findings }: Subject): string {
  const asked = call.path.id ?? ''
  const id = context.owned.network(asked)
  if (id === null) findings.deny('docker-owner', '', `network ${asked} not found`)
  return id ?? ''
}

function ownContainer({ body, context, findings }: Subject): string {
  const asked = body.text('/Container')
  const id = asked === null ? null : context.owned.container(asked.value)
  if (id === null)
    findings.deny('docker-owner', '/Container', `No such container: ${asked?.value ?? ''}`)
  return id ?? ''
}

export function adaptNetworkConnect(subject: Subject): Adapted {
  const { body } = subject
  const [network, container] = [ownNetwork(subject), ownContainer(subject)]
  const aliases = plainAliases(subject, body.texts('/EndpointConfig/Aliases'))
  const links = ownLinks(subject, body.texts('/EndpointConfig/Links'))
  return plainly(subject, () => ({
    path: { id: network },
    body: { Container: container, EndpointConfig: endpoint(aliases, links) },
  }))
}

export function adaptNetworkDisconnect(subject: Subject): Adapted {
  const [network, container] = [ownNetwork(subject), ownContainer(subject)]
  return plainly(subject, () => ({
    path: { id: network },
    body: { ...subject.passed, Container: container },
  }))
}

/** What every adapter of a swarm begins with. */
export function checkSwarm({ context, findings }: Subject): void {
  const { grant } = context.grant
  if (!grant.docker.swarm)
    findings.deny('docker-grant', '', `The grant ${grant.name} gives no swarm.`)
}

/** Secrets and configurations: bytes with a name. */
export const adaptKept =
  (kind: Extract<ObjectKind, 'secret' | 'config'>) =>
  (subject: Subject): Adapted => {
    const { context, findings, passed } = subject
    checkSwarm(subject)
    const name = askedName(subject, kind)
    if (name === null) findings.deny('docker-form', '/Name', `A ${kind} needs a name.`)
    const labels = ownLabels(subject, '/Labels')
    const write = (): Written => ({
      body: {
        ...passed,
        Name: context.engineName(kind, name ?? ''),
        Labels: ownedBy(context.tenant, name ?? '', labels),
      },
    })
    return plainly(subject, write, { labels: labels.asked })
  }

/** A swarm itself and plug-ins are the operator’s, whatever a request says. */
export const adaptNever =
  (rule: 'docker-grant' | 'docker-plugin', message: string) =>
  (subject: Subject): Adapted => {
    subject.findings.deny(rule, '', message)
    return plainly(subject, () => ({}))
  }
