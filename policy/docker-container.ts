// The adapter of `POST /containers/create`: all of Config, HostConfig and NetworkingConfig as one ask, and the judged ask written out as a
// new body. Nothing of the caller’s body is in it but what was read here or passed by its claim.
import { imageLabel } from '../contract/docker-owner.js'
import type { Ask, Asked, AskedLimit } from './ask.js'
import {
  type Adapted,
  askNothing,
  type FurtherAsk,
  givenByEngine,
  type Subject,
} from './docker-adapted.js'
import type { OwnedImage } from './docker-door.js'
import { ownedBy, ownLabels } from './docker-labels.js'
import { askedDevices, askedResources, writtenResources } from './docker-limits.js'
import { type Mounts, mountsOfContainer, volumesFrom } from './docker-mounts.js'
import { askedName } from './docker-name.js'
import { networkOfContainer, portsOfContainer } from './docker-network.js'
import {
  askedCommand,
  writtenHealthcheck,
  writtenLog,
  writtenOomScore,
  writtenRestart,
  writtenStop,
} from './docker-run.js'
import {
  askedEnvironment,
  askedModes,
  askedSecurity,
  askedUser,
  maskedPaths,
  peerReference,
  readonlyPaths,
  seccompName,
  writtenCapabilities,
  writtenSecurity,
} from './docker-security.js'
import type { ResolvedLimits } from './resolve.js'

const usualShmBytes = 64 * 1024 * 1024
const argumentRules = ['argument-size', 'argument-text']
const identityRules = ['identity-root', 'identity-range']

/** What a job has as its user when it names none (policy/job-plan.ts), where a grant gives no root inside. */
const plainUser = '1000:1000'

/** `/app/` and `/app` are one to the engine. */
function withoutTrailingSlash(path: Asked<string> | null): Asked<string> | null {
  return path === null || path.value === '/'
    ? path
    : { ...path, value: path.value.replace(/\/+$/, '') }
}

/** Files in memory: shared memory and every tmpfs, as one sum. */
function askedDisk(mounts: Mounts, shm: Asked<number> | null): AskedLimit[] {
  const parts = [...(shm === null ? [] : [shm]), ...mounts.tmpfsBytes]
  const [first] = parts
  if (first === undefined) return []
  const value = parts.reduce((sum, part) => sum + part.value, 0)
  const negative = parts.find((part) => part.value < 0)
  return [{ name: 'diskBytes', ...(negative ?? { value, pointer: first.pointer }) }]
}

/** Each group is judged as one that was asked for as the group. */
function furtherGroups(subject: Subject, groups: readonly Asked<string>[]): FurtherAsk[] {
  return groups.map((group) => {
    const { uid } = askedUser(
      subject,
      group.value.includes(':') ? { ...group, value: '::' } : group,
    )
    return { ask: { ...askNothing, gid: uid }, rules: identityRules }
  })
}

function askedWishes(
  subject: Subject,
): Pick<
  Ask,
  | 'capabilitiesAdded'
  | 'capabilitiesDropped'
  | 'devices'
  | 'sysctls'
  | 'privileged'
  | 'namespaces'
  | 'environment'
  | 'directory'
> {
  const { body } = subject
  return {
    capabilitiesAdded: [
      ...body.texts('/HostConfig/CapAdd'),
      ...body.texts('/HostConfig/Capabilities'),
    ],
    capabilitiesDropped: body.texts('/HostConfig/CapDrop'),
    devices: askedDevices(subject, '/HostConfig'),
    sysctls: body.settings('/HostConfig/Sysctls'),
    privileged: body.truth('/HostConfig/Privileged'),
    namespaces: askedModes(body, '/HostConfig'),
    environment: askedEnvironment(body.texts('/Env')),
    directory: withoutTrailingSlash(body.text('/WorkingDir')),
  }
}

function ownPeers(subject: Subject, ask: Pick<Ask, 'namespaces'>): string[] {
  return ask.namespaces
    .filter(
      ({ kind, value }) =>
        kind === 'pid' && subject.context.owned.container(peerReference(value) ?? '') !== null,
    )
    .map(({ value }) => value)
}

/** A peer by its id. */
function writtenPid(subject: Subject, ask: Ask): string {
  const peer = ask.namespaces.find(({ kind }) => kind === 'pid')?.value ?? ''
  const reference = peerReference(peer)
  return reference === null ? '' : `container:${subject.context.owned.container(reference) ?? ''}`
}

/** What every container gets, whatever was asked. */
function writtenProtections(subject: Subject, ask: Ask): Record<string, unknown> {
  const { context } = subject
  const { grant } = context.grant
  return {
    CapDrop: ['ALL'],
    CapAdd: writtenCapabilities(ask, grant),
    SecurityOpt: writtenSecurity(context, seccompName(ask.seccomp, grant)),
    MaskedPaths: maskedPaths,
    ReadonlyPaths: readonlyPaths,
    Privileged: false,
    PidMode: writtenPid(subject, ask),
    UsernsMode: '',
    UTSMode: '',
    CgroupnsMode: 'private',
    ...(context.cgroupParent === null ? {} : { CgroupParent: context.cgroupParent }),
  }
}

function checkQuota({ context, findings }: Subject): void {
  const { grant } = context.grant
  const most = grant.docker.containers
  if (context.counts.containers >= most)
    findings.deny(
      'docker-quota',
      '',
      `The grant ${grant.name} gives ${most} containers, and so many there are. Remove one first.`,
    )
}

function imageOf(subject: Subject): { asked: Asked<string> | null; image: OwnedImage | null } {
  const asked = subject.body.text('/Image')
  if (asked === null) subject.findings.deny('docker-form', '/Image', 'A container needs an image.')
  return { asked, image: asked === null ? null : subject.context.owned.image(asked.value) }
}

type Parts = ReturnType<typeof partsOf>

/** Everything that is read of the body, once. */
function partsOf(subject: Subject) {
  const { body, context } = subject
  const { grant } = context.grant
  const { asked: imageAsked, image } = imageOf(subject)
  const name = askedName(subject, 'container')
  return {
    imageAsked,
    image,
    name,
    command: askedCommand(subject),
    user: askedUser(subject, body.text('/User')),
    groups: body.texts('/HostConfig/GroupAdd'),
    mounts: mountsOfContainer(subject, image),
    from: volumesFrom(subject),
    resources: askedResources(subject, '/HostConfig'),
    shm: body.number('/HostConfig/ShmSize'),
    network: networkOfContainer(subject, name),
    ports: portsOfContainer(subject, image),
    labels: ownLabels(subject, '/Labels'),
    ipcNone: body.text('/HostConfig/IpcMode')?.value === 'none',
    init: body.truth('/HostConfig/Init'),
    healthcheck: writtenHealthcheck(subject, '/Healthcheck'),
    restart: writtenRestart(subject, '/HostConfig/RestartPolicy'),
    log: writtenLog(subject, '/HostConfig/LogConfig', grant),
    oomScore: writtenOomScore(subject),
    stop: writtenStop(subject, '/StopTimeout'),
    security: askedSecurity(subject, body.texts('/HostConfig/SecurityOpt')),
    healthTest: body.texts('/Healthcheck/Test'),
  }
}

function askOf(subject: Subject, parts: Parts): Ask {
  return {
    ...askNothing,
    ...parts.security,
    ...askedWishes(subject),
    image: parts.imageAsked,
    argv: parts.command.argv,
    limits: [...parts.resources.limits, ...askedDisk(parts.mounts, parts.shm)],
    network: parts.network.asked,
    mounts: [...parts.mounts.asked, ...parts.from.asked],
    uid: parts.user.uid,
    gid: parts.user.gid,
    labels: parts.labels.asked,
  }
}

function writtenHostConfig(
  subject: Subject,
  ask: Ask,
  parts: Parts,
  limits: ResolvedLimits,
): Record<string, unknown> {
  const { passed, context } = subject
  return {
    ...(passed.HostConfig as Record<string, unknown> | undefined),
    ...writtenResources(limits, parts.resources.ulimits),
    ...writtenProtections(subject, ask),
    IpcMode: parts.ipcNone ? 'none' : 'private',
    ShmSize: parts.shm?.value ?? Math.min(usualShmBytes, Math.floor(limits.memoryBytes / 2)),
    Mounts: parts.mounts.written,
    Tmpfs: { ...parts.mounts.tmpfs },
    VolumesFrom: parts.from.written,
    NetworkMode: parts.network.mode,
    PortBindings: { ...parts.ports.bindings },
    PublishAllPorts: false,
    LogConfig: parts.log,
    RestartPolicy: parts.restart ?? { Name: 'no', MaximumRetryCount: 0 },
    GroupAdd: parts.groups.map(({ value }) => value),
    OomScoreAdj: parts.oomScore,
    Init: context.init && (parts.init?.value ?? true),
  }
}

function writtenBody(
  subject: Subject,
  ask: Ask,
  parts: Parts,
  limits: ResolvedLimits,
): Record<string, unknown> {
  const { context, passed, body } = subject
  const { grant } = context.grant
  const user = parts.user.written === '' && !grant.rootInside ? plainUser : parts.user.written
  const volumes = body.has('/HostConfig/VolumesFrom') ? body.keys('/Volumes') : []
  return {
    ...passed,
    ...parts.command.written,
    ...parts.stop,
    ...(parts.healthcheck === null ? {} : { Healthcheck: parts.healthcheck }),
    Image: parts.image?.id ?? '',
    User: user,
    Env: body.texts('/Env').map(({ value }) => value),
    ...(ask.directory === null ? {} : { WorkingDir: ask.directory.value }),
    ExposedPorts: { ...parts.ports.exposed },
    Volumes: Object.fromEntries(volumes.map(({ value }) => [value, {}])),
    Labels: {
      ...ownedBy(context.tenant, parts.name ?? '', parts.labels),
      [imageLabel]: parts.imageAsked?.value ?? '',
    },
    HostConfig: writtenHostConfig(subject, ask, parts, limits),
    NetworkingConfig: { EndpointsConfig: { ...parts.network.endpoints } },
  }
}

export function adaptContainerCreate(subject: Subject): Adapted {
  const { context } = subject
  checkQuota(subject)
  const parts = partsOf(subject)
  const ask = askOf(subject, parts)
  const { networks, peers } = parts.network.own
  return {
    ask,
    further: [
      ...parts.network.further,
      ...furtherGroups(subject, parts.groups),
      // They are run as the command is.
      {
        ask: { ...askNothing, argv: [...parts.command.shell, ...parts.healthTest] },
        rules: argumentRules,
      },
    ],
    given: givenByEngine(context, { networks, peers: [...peers, ...ownPeers(subject, ask)] }),
    missingImage: parts.image === null ? parts.imageAsked : null,
    write: (limits) => ({
      query: parts.name === null ? {} : { name: context.engineName('container', parts.name) },
      body: writtenBody(subject, ask, parts, limits),
    }),
  }
}
