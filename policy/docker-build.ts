// The adapter of `POST /build`: its query. What the archive says is run by the engine in containers of its own, within these limits.
import type { Ask, AskedLimit } from './ask.js'
import { type Adapted, askNothing, givenByEngine, type Subject } from './docker-adapted.js'
import { ownImageName } from './docker-image.js'
import { checkLabels, ownedBy } from './docker-labels.js'
import { askedUlimits } from './docker-limits.js'
import { engineNetwork } from './docker-network.js'
import { askedEnvironment, askedSecurity, peerReference } from './docker-security.js'
import type { ResolvedLimits } from './resolve.js'

const usualPeriod = 100_000

function askedLimits({ query, findings }: Subject): AskedLimit[] {
  const memory = query.number('/memory')
  const [period, quota] = [query.number('/cpuperiod'), query.number('/cpuquota')]
  const shm = query.number('/shmsize')
  if (period !== null && (period.value < 1000 || period.value > 1_000_000))
    findings.deny('docker-form', period, 'A period is 1000 to 1000000 microseconds.')
  return [
    ...(memory === null ? [] : [{ ...memory, name: 'memoryBytes' as const }]),
    ...(quota === null
      ? []
      : [
          {
            name: 'cpuMillis' as const,
            pointer: quota.pointer,
            value: (quota.value / (period?.value ?? usualPeriod)) * 1000,
          },
        ]),
    ...(shm === null ? [] : [{ ...shm, name: 'diskBytes' as const }]),
  ]
}

function writtenLimits(limits: ResolvedLimits, shm: number | undefined): Record<string, unknown> {
  return {
    memory: Math.floor(limits.memoryBytes),
    memswap: Math.floor(limits.memoryBytes),
    cpuperiod: usualPeriod,
    cpuquota: Math.floor((limits.cpuMillis * usualPeriod) / 1000),
    shmsize: shm ?? Math.min(64 * 1024 * 1024, Math.floor(limits.memoryBytes / 2)),
  }
}

/** Another build’s layers are taken from what is the tenant’s own alone. */
function ownCaches({ query, context, findings }: Subject): string[] {
  return query.texts('/cachefrom').map(({ value, pointer }) => {
    const image = context.owned.image(value)
    if (image === null) findings.deny('docker-owner', pointer, `No such image: ${value}`)
    return image?.id ?? ''
  })
}

function checkBuild({ context, findings, query }: Subject): void {
  const { grant } = context.grant
  if (!grant.docker.build)
    findings.deny('docker-grant', '', `The grant ${grant.name} gives no builds.`)
  const remote = query.text('/remote')
  if (remote !== null && remote.value !== 'client-session')
    findings.deny(
      'docker-fetch',
      remote,
      'A build’s files are the body of this request; none is fetched.',
    )
  else if (remote !== null)
    findings.deny(
      'docker-field',
      remote,
      'BuildKit’s session is a second protocol that nobody judges.',
    )
}

function namesOf(subject: Subject): string[] {
  return subject.query.texts('/t').map((name) => {
    const own = ownImageName(subject, name, null)
    return own === null ? '' : `${own.repo}:${own.tag}`
  })
}

/** The network of what is run: the tenant’s own, or none. */
function writtenNetwork(subject: Subject, mode: string): string {
  const peer = peerReference(mode)
  if (peer !== null) return `container:${subject.context.owned.container(peer) ?? ''}`
  return engineNetwork(subject.context, mode) ?? 'none'
}

export function adaptBuild(subject: Subject): Adapted {
  const { query, context } = subject
  checkBuild(subject)
  const network = query.text('/networkmode')
  const mode = network?.value ?? 'default'
  const peer = peerReference(mode)
  const labels = checkLabels(subject, query.settings('/labels'))
  const { limits, written: ulimits } = askedUlimits(subject, '/ulimits', query)
  const variables = query.settings('/buildargs')
  const [names, caches, shm] = [
    namesOf(subject),
    ownCaches(subject),
    query.number('/shmsize')?.value,
  ]
  const ask: Ask = {
    ...askNothing,
    ...askedSecurity(subject, query.texts('/securityopt')),
    limits: [...askedLimits(subject), ...limits],
    network,
    environment: askedEnvironment(
      variables.map(({ name, value, pointer }) => ({ value: `${name}=${value}`, pointer })),
    ),
    labels: labels.asked,
  }
  return {
    ask,
    further: [],
    given: givenByEngine(context, {
      networks: context.owned.network(mode) === null ? [] : [mode],
      peers: peer !== null && context.owned.container(peer) !== null ? [mode] : [],
    }),
    missingImage: null,
    write: (resolved) => ({
      query: {
        ...writtenLimits(resolved, shm),
        version: '1',
        t: names,
        networkmode: writtenNetwork(subject, mode),
        // As JSON in one parameter each; null stays null: it takes the client’s own variable.
        buildargs: JSON.stringify(query.whole('/buildargs') ?? {}),
        labels: JSON.stringify(ownedBy(context.tenant, names[0] ?? '', labels)),
        cachefrom: JSON.stringify(caches),
        ulimits: JSON.stringify(
          ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
        ),
        ...(context.cgroupParent === null ? {} : { cgroupparent: context.cgroupParent }),
      },
    }),
  }
}
