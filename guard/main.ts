// The guard process: looks at the engine, opens a door for each tenant, watches the engine, and ends when told to.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import { sharedRootAccepted } from '../contract/grant-docker.js'
import type { GuardSettings } from '../contract/guard-settings.js'
import { ociSeccomp } from '../native/oci-seccomp.js'
import { compileSeccomp } from '../native/seccomp.js'
import { profileNames } from '../native/seccomp-load.js'
import type { LoadedGrant } from '../policy/grant-file.js'
import { parseGrants } from '../policy/grant-file.js'
import { openLog } from '../queue/log.js'
import { loadSettings } from '../queue/settings-file.js'
import { watchUntilSettled } from '../queue/settled-directory.js'
import { endpoints } from './endpoints.js'
import { openEngine } from './engine.js'
import { type EngineLook, faultsOf, lookAt, sharesRoot } from './engine-look.js'
import { type Front, openKnown } from './front.js'
import { readGuardSettings } from './guard-settings.js'
import { refused } from './refusal.js'
import { compileRoutes } from './route.js'
import { type Door, openDoor } from './server.js'
import { openTelemetry, type Telemetry } from './telemetry.js'
import { type Tenant, tenantOf } from './tenant.js'

const lookMs = 10_000

function stop(message: string): never {
  process.stderr.write(`stockade guard: ${message}\n`)
  process.exit(2)
}

function readGrants(directory: string): ReadonlyMap<string, LoadedGrant> {
  const names = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name))
  return parseGrants(
    names.map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') })),
  )
}

/** As engines take them: compiled, and written so that no two rules of a call overlap, which libseccomp refuses. */
function readProfiles(settings: Settings): ReadonlyMap<string, unknown> {
  const folders = {
    profilesFolder: settings.profileDirectory,
    ownFolder: settings.seccompDirectory,
  }
  return new Map(
    profileNames(folders).map((name) => [name, ociSeccomp(compileSeccomp(name, folders))]),
  )
}

const noPorts = { address: '127.0.0.1', first: 0, last: -1 }

function tenantsOf({ tenants }: GuardSettings): Tenant[] {
  return Object.entries(tenants).map(([name, { grant, ports }]) =>
    tenantOf(name, grant, ports ?? noPorts),
  )
}

async function lookOrStop(
  socketPath: string,
  tenants: readonly Tenant[],
  grants: ReadonlyMap<string, LoadedGrant>,
): Promise<EngineLook> {
  const first = openEngine(socketPath, '1.25')
  const look = await lookAt(first)
  first.close()
  if (look === null)
    stop(
      `the engine at ${socketPath} does not answer: is its address right, and may this user open it?`,
    )
  const faults = faultsOf(look)
  if (faults.length > 0) stop(faults.map(({ fault, advice }) => `${fault}: ${advice}`).join('; '))
  const bare = tenants.filter(
    ({ grant }) => grants.get(grant)?.grant.docker.sharedRoot !== sharedRootAccepted,
  )
  if (sharesRoot(look) && bare.length > 0)
    stop(
      `root in this engine's containers is root of this host: run it rootless or with userns-remap, or say in the grant of ${bare.map(({ name }) => name).join(', ')} that this is accepted (docs/guard.md)`,
    )
  return look
}

/** Differences that make it another engine than the one that was let in. */
const changed = (one: EngineLook, other: EngineLook): boolean =>
  sharesRoot(one) !== sharesRoot(other) ||
  one.hasSeccomp !== other.hasSeccomp ||
  one.apiVersion !== other.apiVersion

function serveMetrics(telemetry: Telemetry, address: string): void {
  const colon = address.lastIndexOf(':')
  createServer((_request, response) => {
    void telemetry
      .scrape()
      .then((text) => response.setHeader('Content-Type', telemetry.contentType).end(text))
  }).listen(Number(address.slice(colon + 1)), address.slice(0, colon))
}

type Running = {
  readonly log: Logger
  readonly doors: readonly Door[]
  readonly telemetry: Telemetry
}

/** An engine that has become another one is not served: the supervisor starts the guard again, which looks at it anew. */
function watchEngine(
  { log, doors, telemetry }: Running,
  socketPath: string,
  first: EngineLook,
): void {
  const engine = openEngine(socketPath, first.apiVersion)
  let wasUp = true
  setInterval(async () => {
    const look = await lookAt(engine)
    telemetry.engineUp(look !== null)
    if ((look !== null) !== wasUp)
      log.warn({ engine: look }, look === null ? 'the engine is away' : 'the engine is back')
    wasUp = look !== null
    if (look === null || !changed(first, look)) return
    log.fatal({ was: first, is: look }, 'the engine is another one than before')
    await Promise.all(doors.map((door) => door.close()))
    process.exit(1)
  }, lookMs)
}

const settings = loadSettings(process.env)
const guard = readGuardSettings(settings.guardFile)
const log = openLog(settings, 'guard')
const socketPath = guard.engine.slice('unix://'.length)
let grants = readGrants(settings.grantDirectory)
const tenants = tenantsOf(guard)
const look = await lookOrStop(socketPath, tenants, grants)
const telemetry = openTelemetry()
telemetry.engineUp(true)

watchUntilSettled(settings.grantDirectory, async () => {
  try {
    grants = readGrants(settings.grantDirectory)
    log.info('grants read again')
  } catch (error) {
    log.error({ error: (error as Error).message }, 'grants do not load; the old ones stay in force')
  }
})

const front: Front = {
  ...{ log, telemetry, apparmor: null, ...openKnown() },
  look: () => look,
  grantOf(tenant) {
    const grant = grants.get(tenant.grant)
    if (grant !== undefined && !grant.grant.docker.allowed)
      throw refused('docker-owner', `the grant ${tenant.grant} gives no Docker Engine`)
    if (grant === undefined) throw refused('docker-owner', `the grant ${tenant.grant} is not there`)
    return grant
  },
  seccompProfiles: readProfiles(settings),
}

const engine = openEngine(socketPath, look.apiVersion)
const routes = compileRoutes(endpoints)
const directory = settings.guardDirectory
const doors = await Promise.all(
  tenants.map((tenant) =>
    openDoor({ front, engine, routes, tenant }, join(directory, tenant.name, 'docker.sock')),
  ),
)
if (guard.metricsAddress !== undefined) serveMetrics(telemetry, guard.metricsAddress)
watchEngine({ log, doors, telemetry }, socketPath, look)
log.info({ engine: look, tenants: doors.map((door) => door.tenant.name) }, 'listening')

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    log.info({ signal }, 'stopping')
    void Promise.all(doors.map((door) => door.close())).then(() => process.exit(0))
  })
