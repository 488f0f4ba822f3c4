// Networks and ports of a container: which network it is on, under which names, and which ports of the host lead to it.
import type { Asked } from './ask.js'
import { askNothing, type FurtherAsk, networkWords, type Subject } from './docker-adapted.js'
import type { DockerContext, OwnedImage } from './docker-door.js'
import { peerReference } from './docker-security.js'

const networkRules = ['network-grant', 'network-sharing', 'host-network']
const dnsName = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9_])?$/
const namesMax = 32

export type Network = {
  readonly asked: Asked<string> | null
  /** Networks by the words in which they are asked, and peers, that are the tenant’s own. */
  readonly own: { readonly networks: readonly string[]; readonly peers: readonly string[] }
  readonly further: readonly FurtherAsk[]
  /** `NetworkMode` for the engine. */
  readonly mode: string
  readonly endpoints: Readonly<Record<string, unknown>>
}

/** The engine’s name of a network that is the tenant’s; null where it is not. */
export function engineNetwork(context: DockerContext, asked: string): string | null {
  if (asked === '' || asked === 'default' || asked === 'bridge') return context.network
  return asked === 'none' ? null : context.owned.network(asked)
}

/** `name:alias` or `name`, each the tenant’s own, by id: a name is of the tenant’s world. */
export function ownLinks(
  { context, findings }: Subject,
  links: readonly Asked<string>[],
): string[] {
  return links.flatMap(({ value, pointer }) => {
    const [reference = '', alias = reference, ...rest] = value.split(':')
    const id = context.owned.container(reference)
    if (id === null) findings.deny('docker-owner', pointer, `No such container: ${reference}`)
    if (!dnsName.test(alias) || rest.length > 0)
      findings.deny(
        'docker-name',
        pointer,
        'A link is `container:alias`, and an alias a plain host name.',
      )
    return id === null ? [] : [`${id}:${alias}`]
  })
}

export function plainAliases({ findings }: Subject, aliases: readonly Asked<string>[]): string[] {
  for (const { value, pointer } of aliases.slice(0, namesMax))
    if (!dnsName.test(value))
      findings.deny('docker-name', pointer, 'An alias is a plain host name.')
  const over = aliases[namesMax]
  if (over !== undefined)
    findings.deny('docker-quota', over, `A container has at most ${namesMax} names on a network.`)
  return aliases.map(({ value }) => value)
}

function endpointsOf(
  subject: Subject,
  name: string | null,
): {
  words: Asked<string>[]
  written: Record<string, unknown>
} {
  const written: Record<string, unknown> = Object.create(null)
  const words = subject.body.below('/NetworkingConfig/EndpointsConfig')
  for (const { value, pointer } of words) {
    const aliases = plainAliases(subject, subject.body.texts(`${pointer}/Aliases`))
    const links = ownLinks(subject, subject.body.texts(`${pointer}/Links`))
    const engine = engineNetwork(subject.context, value)
    if (engine !== null)
      written[engine] = endpoint([...aliases, ...(name === null ? [] : [name])], links)
  }
  return { words: [...words], written }
}

/** The name by which the tenant calls a container is one of its names on the network: the engine’s own has the tenant in it. */
export function endpoint(
  aliases: readonly string[],
  links: readonly string[],
): Record<string, unknown> {
  return { Aliases: [...new Set(aliases)], ...(links.length === 0 ? {} : { Links: links }) }
}

/** Networks beside the one of the mode: each is asked as that one is. */
function furtherNetworks(words: readonly Asked<string>[], mode: string): FurtherAsk[] {
  return words
    .filter(({ value }) => value !== mode)
    .map((network) => ({ ask: { ...askNothing, network }, rules: networkRules }))
}

function writtenMode(context: DockerContext, mode: string): string {
  const peer = peerReference(mode)
  if (peer !== null) return `container:${context.owned.container(peer) ?? ''}`
  return engineNetwork(context, mode) ?? 'none'
}

export function networkOfContainer(subject: Subject, name: string | null): Network {
  const { body, context } = subject
  const asked = body.text('/HostConfig/NetworkMode')
  const { words, written } = endpointsOf(subject, name)
  const mode = asked?.value ?? 'default'
  const links = ownLinks(subject, body.texts('/HostConfig/Links'))
  const peer = peerReference(mode)
  const engine = engineNetwork(context, mode)
  if (engine !== null) {
    const known = (written[engine] ?? endpoint(name === null ? [] : [name], [])) as {
      Aliases: string[]
      Links?: string[]
    }
    written[engine] = endpoint(known.Aliases, [...(known.Links ?? []), ...links])
  }
  return {
    asked,
    own: {
      networks: [mode, ...words.map(({ value }) => value)].filter(
        (word) =>
          !(networkWords as readonly string[]).includes(word) &&
          context.owned.network(word) !== null,
      ),
      peers: peer !== null && context.owned.container(peer) !== null ? [mode] : [],
    },
    further: furtherNetworks(words, mode),
    mode: writtenMode(context, mode),
    endpoints: engine === null ? {} : written,
  }
}

const port = /^([0-9]{1,5})\/(tcp|udp|sctp)$/
const portIn = (text: string): string | null => {
  const name = text.includes('/') ? text : `${text}/tcp`
  const [, number = ''] = port.exec(name) ?? []
  return Number(number) >= 1 && Number(number) <= 65_535 ? name : null
}

type Binding = { readonly HostIp: string; readonly HostPort: string }

/** A port of the host: within the tenant’s range, or any of it where none is named. */
function hostPort({ context, findings }: Subject, asked: Asked<string> | null): string {
  const { first, last } = context.ports
  if (asked === null || asked.value === '0') return `${first}-${last}`
  const [, from = '', to = from] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(asked.value) ?? []
  if (from === '' || Number(from) < first || Number(to) > last || Number(from) > Number(to))
    findings.deny(
      'docker-port',
      asked,
      `Ports of the host are ${first} to ${last} here, or none named for any of them.`,
    )
  return asked.value
}

function bindingOf(subject: Subject, at: string): Binding {
  const { body, context, findings } = subject
  const address = body.text(`${at}/HostIp`)
  if (address !== null && !['0.0.0.0', '::', context.ports.address].includes(address.value))
    findings.deny(
      'docker-port',
      address,
      `Ports are published on ${context.ports.address} here; leave the address out.`,
    )
  return { HostIp: context.ports.address, HostPort: hostPort(subject, body.text(`${at}/HostPort`)) }
}

export type Ports = {
  readonly exposed: Record<string, object>
  readonly bindings: Record<string, Binding[]>
}

/** `-p` and `-P`: all of them on the tenant’s address, in its range. */
export function portsOfContainer(subject: Subject, image: OwnedImage | null): Ports {
  const { body, findings, context } = subject
  const bindings: Record<string, Binding[]> = Object.create(null)
  const exposed: Record<string, object> = Object.create(null)
  const checked = ({ value, pointer }: Asked<string>): string => {
    const name = portIn(value)
    if (name === null)
      findings.deny('docker-form', pointer, 'A port is `80/tcp`: a number, and tcp, udp or sctp.')
    return name ?? value
  }
  for (const asked of body.keys('/ExposedPorts')) exposed[checked(asked)] = {}
  for (const asked of body.below('/HostConfig/PortBindings')) {
    const name = checked(asked)
    const list = body.below(asked.pointer).map(({ pointer }) => bindingOf(subject, pointer))
    bindings[name] =
      list.length === 0
        ? [{ HostIp: context.ports.address, HostPort: hostPort(subject, null) }]
        : list
  }
  const all = body.truth('/HostConfig/PublishAllPorts')
  if (all?.value === true)
    for (const name of [...Object.keys(exposed), ...(image?.exposedPorts ?? [])])
      bindings[name] ??= [{ HostIp: context.ports.address, HostPort: hostPort(subject, null) }]
  const count = Object.values(bindings).reduce((sum, list) => sum + list.length, 0)
  const most = context.grant.grant.docker.ports
  if (count > most)
    findings.deny(
      'docker-port',
      all?.value === true ? all : '/HostConfig/PortBindings',
      `The grant ${context.grant.grant.name} publishes at most ${most} ports of a container; this asks ${count}.`,
    )
  return { exposed, bindings }
}
