// The adapter of services: what a task is given is asked as a container is; how many there are and where they listen is bounded here.
import type { Ask, Asked, AskedLimit, AskedMount } from './ask.js'
import {
  type Adapted,
  askNothing,
  type FurtherAsk,
  givenByEngine,
  type Subject,
} from './docker-adapted.js'
import { type Labels, ownedBy, ownLabels } from './docker-labels.js'
import { askedUlimits } from './docker-limits.js'
import { mountsOfService } from './docker-mounts.js'
import { askedName } from './docker-name.js'
import { plainAliases } from './docker-network.js'
import { checkSwarm } from './docker-object.js'
import { writtenHealthcheck } from './docker-run.js'
import { askedEnvironment, askedUser, seccompName, writtenCapabilities } from './docker-security.js'
import type { ResolvedLimits } from './resolve.js'

const task = '/TaskTemplate'
const spec = `${task}/ContainerSpec`
const restartDelay = 5_000_000_000
const stopGraceMax = 60_000_000_000
const networkRules = ['network-grant', 'network-sharing', 'host-network']
const argumentRules = ['argument-size', 'argument-text']

/** Modes of newer engines, in the words of a container’s options. */
function askedPrivileges({ body }: Subject): Pick<Ask, 'seccomp' | 'apparmor' | 'setuid'> {
  const at = `${spec}/Privileges`
  const [seccomp, apparmor] = [body.text(`${at}/Seccomp/Mode`), body.text(`${at}/AppArmor/Mode`)]
  const profile = body.text(`${at}/Seccomp/Profile`)
  const gained = body.truth(`${at}/NoNewPrivileges`)
  const asked = (mode: Asked<string> | null): Asked<string> | null =>
    mode?.value === 'default' ? null : mode
  return {
    seccomp: profile ?? asked(seccomp),
    apparmor:
      asked(apparmor) === null
        ? null
        : {
            value: apparmor?.value === 'disabled' ? 'unconfined' : (apparmor?.value ?? ''),
            pointer: apparmor?.pointer ?? at,
          },
    // Its rest is false, and it is on for every container of the engine.
    setuid: gained === null ? null : { ...gained, value: false },
  }
}

/** Secrets and configurations are files of the task: absolute where they are asked so, else in a directory of the engine’s. */
function keptFiles(
  subject: Subject,
  kind: 'secret' | 'config',
): { asked: AskedMount[]; written: unknown[] } {
  const { body, context, findings } = subject
  const [list, id, name] =
    kind === 'secret'
      ? ['Secrets', 'SecretID', 'SecretName']
      : ['Configs', 'ConfigID', 'ConfigName']
  const asked: AskedMount[] = []
  const written = body.below(`${spec}/${list}`).map(({ pointer }) => {
    const reference = body.text(`${pointer}/${id}`) ?? { value: '', pointer: `${pointer}/${id}` }
    const own = context.owned[kind](reference.value)
    if (own === null)
      findings.deny('docker-owner', reference, `No such ${kind}: ${reference.value}`)
    const file = body.text(`${pointer}/File/Name`)
    const mode = body.number(`${pointer}/File/Mode`)
    if (file?.value.startsWith('/'))
      asked.push({ pointer, type: 'volume', source: null, target: file })
    else if (file !== null && !/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/.test(file.value))
      findings.deny('docker-name', file, 'A file is a plain name, or an absolute path.')
    if (mode !== null && (mode.value & ~0o777) !== 0)
      findings.deny('docker-mount', mode, 'A mode is at most 0777.')
    const [uid, gid] = [body.text(`${pointer}/File/UID`), body.text(`${pointer}/File/GID`)]
    for (const one of [uid, gid])
      if (one !== null && !/^[0-9]{1,5}$/.test(one.value))
        findings.deny('docker-name', one, 'An id is a number of at most 5 digits.')
    const label = body.text(`${pointer}/${name}`)?.value ?? reference.value
    return {
      [id]: own ?? '',
      [name]: context.engineName(kind, label),
      ...(file === null
        ? {}
        : {
            File: {
              Name: file.value,
              UID: uid?.value ?? '0',
              GID: gid?.value ?? '0',
              Mode: mode?.value ?? 0o444,
            },
          }),
    }
  })
  return { asked, written }
}

function networksOf(subject: Subject): { words: Asked<string>[]; written: unknown[] } {
  const { body, context } = subject
  const words: Asked<string>[] = []
  const written = [task, ''].flatMap((at) =>
    body.below(`${at}/Networks`).map(({ pointer }) => {
      const target = body.text(`${pointer}/Target`) ?? { value: '', pointer: `${pointer}/Target` }
      words.push(target)
      const aliases = plainAliases(subject, body.texts(`${pointer}/Aliases`))
      for (const option of body.settings(`${pointer}/DriverOpts`))
        subject.findings.deny(
          'docker-driver',
          option,
          'Drivers take settings of the kernel and of the host there.',
        )
      return { Target: context.owned.network(target.value) ?? '', Aliases: aliases }
    }),
  )
  return { words, written }
}

/** Each has to be named: the swarm would choose one outside of the tenant’s range. */
function portsOf({ body, context, findings }: Subject): unknown[] {
  const { first, last } = context.ports
  const ports = body.below('/EndpointSpec/Ports').map(({ pointer }) => {
    const published = body.number(`${pointer}/PublishedPort`)
    const target = body.number(`${pointer}/TargetPort`)
    const [protocol, mode] = [
      body.text(`${pointer}/Protocol`)?.value ?? 'tcp',
      body.text(`${pointer}/PublishMode`)?.value ?? 'ingress',
    ]
    if (published === null || published.value < first || published.value > last)
      findings.deny(
        'docker-port',
        published ?? `${pointer}/PublishedPort`,
        `Ports of the host are ${first} to ${last} here.`,
      )
    if (
      !['tcp', 'udp', 'sctp'].includes(protocol) ||
      !['ingress', 'host'].includes(mode) ||
      !target ||
      target.value < 1 ||
      target.value > 65_535
    )
      findings.deny(
        'docker-form',
        pointer,
        'A port has a target, tcp, udp or sctp, and is published by ingress or host.',
      )
    const name = body.text(`${pointer}/Name`)
    return {
      Name: name?.value ?? '',
      Protocol: protocol,
      TargetPort: target?.value,
      PublishedPort: published?.value,
      PublishMode: mode,
    }
  })
  const most = context.grant.grant.docker.ports
  if (ports.length > most)
    findings.deny(
      'docker-port',
      '/EndpointSpec/Ports',
      `The grant publishes at most ${most} ports.`,
    )
  return ports
}

function writtenMode({ body, context, findings }: Subject): unknown {
  for (const field of ['Global', 'ReplicatedJob', 'GlobalJob']) {
    const present = body.below('/Mode').some(({ value }) => value === field)
    if (present && body.whole(`/Mode/${field}`) !== undefined)
      findings.deny(
        'docker-service-mode',
        `/Mode/${field}`,
        'A service has so many tasks as it names.',
      )
  }
  const replicas = body.number('/Mode/Replicated/Replicas')
  const most = context.grant.grant.docker.containers
  if (replicas !== null && !(replicas.value > 0 && replicas.value <= most))
    findings.deny('docker-quota', replicas, `The grant gives at most ${most} tasks.`)
  const present = body.below('/Mode/Replicated').some(({ value }) => value === 'Replicas')
  return { Replicated: { Replicas: replicas?.value ?? (present ? 0 : 1) } }
}

function askedLimits({ body }: Subject): AskedLimit[] {
  const at = `${task}/Resources/Limits`
  const [memory, processors, processes] = [
    body.number(`${at}/MemoryBytes`),
    body.number(`${at}/NanoCPUs`),
    body.number(`${at}/Pids`),
  ]
  return [
    ...(memory === null ? [] : [{ ...memory, name: 'memoryBytes' as const }]),
    ...(processors === null
      ? []
      : [
          {
            name: 'cpuMillis' as const,
            value: processors.value / 1_000_000,
            pointer: processors.pointer,
          },
        ]),
    ...(processes === null ? [] : [{ ...processes, name: 'processes' as const }]),
  ]
}

/** A lead to the parts that are read once; see docker-container.ts. */
function partsOf(subject: Subject) {
  const { body, context } = subject
  const asked = body.text(`${spec}/Image`)
  if (asked === null)
    subject.findings.deny('docker-form', `${spec}/Image`, 'A service needs an image.')
  const mounts = mountsOfService(subject, `${spec}/Mounts`)
  const ulimits = askedUlimits(subject, `${spec}/Ulimits`)
  return {
    asked,
    image: asked === null ? null : context.owned.image(asked.value),
    name: askedName(subject, 'service'),
    mounts,
    ulimits,
    limits: [...askedLimits(subject), ...ulimits.limits],
    secrets: keptFiles(subject, 'secret'),
    configs: keptFiles(subject, 'config'),
    networks: networksOf(subject),
    ports: portsOf(subject),
    mode: writtenMode(subject),
    user: askedUser(subject, body.text(`${spec}/User`)),
    groups: body.texts(`${spec}/Groups`),
    command: body.texts(`${spec}/Command`),
    args: body.texts(`${spec}/Args`),
    env: body.texts(`${spec}/Env`),
    healthTest: body.texts(`${spec}/HealthCheck/Test`),
    healthcheck: writtenHealthcheck(subject, `${spec}/HealthCheck`),
    grace: body.number(`${spec}/StopGracePeriod`)?.value ?? 0,
    labels: ownLabels(subject, '/Labels'),
    taskLabels: ownLabels(subject, `${spec}/Labels`),
  }
}
type Parts = ReturnType<typeof partsOf>

function askOf(subject: Subject, parts: Parts): Ask {
  const { body } = subject
  const sizes = parts.mounts.tmpfsBytes
  const [size] = sizes
  const disk =
    size === undefined
      ? []
      : [
          {
            name: 'diskBytes' as const,
            pointer: size.pointer,
            value: sizes.reduce((sum, { value }) => sum + value, 0),
          },
        ]
  return {
    ...askNothing,
    ...askedPrivileges(subject),
    image: parts.asked,
    argv: [...parts.command, ...parts.args],
    directory: body.text(`${spec}/Dir`),
    environment: askedEnvironment(parts.env),
    limits: [...parts.limits, ...disk],
    mounts: [...parts.mounts.asked, ...parts.secrets.asked, ...parts.configs.asked],
    devices: body
      .below(`${task}/Resources/Reservations/GenericResources`)
      .map(({ pointer }) => ({ value: JSON.stringify(body.whole(pointer)), pointer })),
    sysctls: body.settings(`${spec}/Sysctls`),
    capabilitiesAdded: body.texts(`${spec}/CapabilityAdd`),
    capabilitiesDropped: body.texts(`${spec}/CapabilityDrop`),
    uid: parts.user.uid,
    gid: parts.user.gid,
    labels: [...parts.labels.asked, ...parts.taskLabels.asked],
  }
}

const words = (list: readonly Asked<string>[]): string[] => list.map(({ value }) => value)

function writtenSpec(
  subject: Subject,
  ask: Ask,
  parts: Parts,
  labels: Labels,
): Record<string, unknown> {
  const { context } = subject
  const { grant } = context.grant
  const passed = (
    subject.passed.TaskTemplate as { ContainerSpec?: Record<string, unknown> } | undefined
  )?.ContainerSpec
  return {
    ...passed,
    Image: parts.image?.id ?? '',
    Labels: ownedBy(context.tenant, parts.name ?? '', labels),
    ...(parts.command.length === 0 ? {} : { Command: words(parts.command) }),
    ...(parts.args.length === 0 ? {} : { Args: words(parts.args) }),
    Env: words(parts.env),
    User: parts.user.written === '' && !grant.rootInside ? '1000:1000' : parts.user.written,
    Groups: words(parts.groups),
    ...(ask.directory === null ? {} : { Dir: ask.directory.value }),
    Mounts: parts.mounts.written,
    Secrets: parts.secrets.written,
    Configs: parts.configs.written,
    CapabilityDrop: ['ALL'],
    CapabilityAdd: writtenCapabilities(ask, grant),
    Ulimits: parts.ulimits.written.map(({ name, soft, hard }) => ({
      Name: name,
      Soft: soft,
      Hard: hard,
    })),
    Init: context.init,
    StopGracePeriod: Math.min(parts.grace === 0 ? 10_000_000_000 : parts.grace, stopGraceMax),
    ...(parts.healthcheck === null ? {} : { HealthCheck: parts.healthcheck }),
  }
}

function writtenBody(
  subject: Subject,
  ask: Ask,
  parts: Parts,
  limits: ResolvedLimits,
): Record<string, unknown> {
  const { context, passed } = subject
  const { grant } = context.grant
  const [force] = [(passed.TaskTemplate as { ForceUpdate?: unknown } | undefined)?.ForceUpdate]
  const size = Math.ceil(grant.limits.outputBytes.default / 2)
  return {
    ...passed,
    Name: context.engineName('service', parts.name ?? ''),
    Labels: ownedBy(context.tenant, parts.name ?? '', parts.labels),
    TaskTemplate: {
      ContainerSpec: writtenSpec(subject, ask, parts, parts.taskLabels),
      Resources: {
        Limits: {
          MemoryBytes: Math.floor(limits.memoryBytes),
          NanoCPUs: Math.round(limits.cpuMillis * 1_000_000),
          Pids: Math.floor(limits.processes),
        },
      },
      RestartPolicy: { Condition: 'on-failure', Delay: restartDelay },
      LogDriver: { Name: 'json-file', Options: { 'max-size': `${size}`, 'max-file': '2' } },
      Networks: parts.networks.written,
      ...(force === undefined ? {} : { ForceUpdate: force }),
    },
    Mode: parts.mode,
    EndpointSpec: { ...(passed.EndpointSpec as object | undefined), Ports: parts.ports },
  }
}

function furtherOf(subject: Subject, parts: Parts): FurtherAsk[] {
  return [
    ...parts.networks.words.map((network) => ({
      ask: { ...askNothing, network },
      rules: networkRules,
    })),
    ...parts.groups.map((group) => ({
      ask: { ...askNothing, gid: askedUser(subject, group).uid },
      rules: ['identity-range', 'identity-root'],
    })),
    { ask: { ...askNothing, argv: parts.healthTest }, rules: argumentRules },
  ]
}

/** `POST /services/create` and `/services/{id}/update`: an update is the whole service again. */
export function adaptService(subject: Subject): Adapted {
  const { context, call, findings } = subject
  checkSwarm(subject)
  const parts = partsOf(subject)
  if (parts.name === null) findings.deny('docker-form', '/Name', 'A service needs a name.')
  const id = call.endpoint === 'service-update' ? context.owned.service(call.path.id ?? '') : ''
  if (id === null) findings.deny('docker-owner', '', `service ${call.path.id} not found`)
  const ask = askOf(subject, parts)
  // Engines before 26 take no profile for a task: it has the engine’s own, and one that is asked by name cannot be kept.
  if (
    ask.seccomp !== null &&
    context.seccompProfiles.has(seccompName(ask.seccomp, context.grant.grant))
  )
    findings.deny(
      'docker-security-option',
      ask.seccomp,
      'A service gets the engine’s own filter; leave it out.',
    )
  return {
    ask,
    further: furtherOf(subject, parts),
    given: givenByEngine(context, {
      networks: parts.networks.words
        .map(({ value }) => value)
        .filter((word) => context.owned.network(word) !== null),
    }),
    missingImage: parts.image === null ? parts.asked : null,
    write: (limits) => ({
      ...(id === '' || id === null ? {} : { path: { id } }),
      body: writtenBody(subject, ask, parts, limits),
    }),
  }
}
