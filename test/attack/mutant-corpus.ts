// The corpus's programs, run in sandboxes of whatever launcher is there now: straight at its socket, with the plans that the policy makes
// for the same jobs. Compiled once, outside; a sandbox for each program, user and kind of job.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Catalogue } from '../../contract/catalogue.js'
import type { JobSpec } from '../../contract/job.js'
import type { Finished } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import {
  LaunchError,
  openSandbox,
  type Sandbox,
  type StepStreams,
} from '../../native/launch-client.js'
import type { Programs } from '../../native/launch-encode.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { judge } from '../../policy/engine.js'
import { parseGrants } from '../../policy/grant-file.js'
import { asRoot, instance, persist } from '../stack.js'
import { repository } from '../tidy-source.js'
import {
  attackFolder,
  attackNames,
  type Expectation,
  expectationOf,
  type Sights,
  sightsOf,
} from './control.js'
import { filled, identities } from './placeholders.js'

export type Probe = {
  readonly name: string
  readonly expectation: Expectation
  /** Compiled when it is first wanted. */
  program(): Buffer
}

/** What one run of a probe has seen, and how the step ended. */
export type Sighting = {
  readonly probe: Probe
  readonly uid: number
  readonly sights: Sights
  readonly ended: string
  /** The launcher's own read-back: the number of the check that found a fault, 0 for none. */
  readonly check: number
}

/** How it ended where its time was not enough. */
export const endedByTime: readonly string[] = ['wall', 'cpu', 'lifetime']

/** How `ended` begins where the launcher did not run the probe to its end. */
export const neverStarted = 'launcher: '

/** Compiled for the image's sake without a need for libraries. */
function compileAlone(name: string, directory: string): Buffer {
  const out = join(directory, name)
  const source = join(attackFolder, name, 'probe.c')
  const words = ['-O1', '-static', '-s', '-w', '-I', attackFolder, '-o', out, source]
  execFileSync('gcc', words, { stdio: 'pipe' })
  return readFileSync(out)
}

/** Every attack that is a program, and the one that has no row: a little more of everything. */
export function probesOf(directory: string): Probe[] {
  return [...attackNames(), 'limits'].flatMap((name) => {
    const expectation = expectationOf(name)
    if (expectation === null) return []
    let program: Buffer | null = null
    const compiled = (): Buffer => {
      program ??= compileAlone(name, directory)
      return program
    }
    return [{ name, expectation, program: compiled }]
  })
}

const catalogue = (): Catalogue => {
  const index = JSON.parse(asRoot(['cat', `/var/lib/${instance}/images/index.json`]))
  return { images: index.images, languages: [] }
}

/** The plan of a job, by the policy's own hand. @throws Error when it would be denied. */
function planOf(spec: JobSpec): Plan {
  const grant = parseGrants([]).get('untrusted')
  if (grant === undefined) throw new Error('there is no grant untrusted')
  const { plan, violations } = judge(spec, grant, catalogueOnce(), {
    apparmor: false,
    landlockAbi: 0,
  })
  if (plan === null) throw new Error(`the probe is denied: ${JSON.stringify(violations)}`)
  return plan
}
let known: Catalogue | null = null
function catalogueOnce(): Catalogue {
  known ??= catalogue()
  return known
}

const compiled = new Map<string, Programs>()
function programsOf(profile: string): Programs {
  const profilesFolder = join(repository, 'profiles')
  const made = compiled.get(profile) ?? {
    filter: compileSeccomp(profile, { profilesFolder }).program,
    audit: null,
  }
  compiled.set(profile, made)
  return made
}

/** setupUs carries the check in front (test/mutant/surroundings.c). */
const checkOf = (setupUs: number): number => Math.floor(setupUs / 1e9)

/** What comes from a running probe. `ready` resolves when it says so, or has ended without. */
function openRecord(): {
  readonly streams: StepStreams
  readonly ready: Promise<void>
  end(ended: string): Omit<Sighting, 'probe' | 'uid'>
} {
  let text = ''
  let check = 0
  let tell: () => void = () => undefined
  const ready = new Promise<void>((resolve) => {
    tell = resolve
  })
  return {
    ready,
    streams: {
      onStarted: ({ setupUs }) => {
        check = checkOf(setupUs)
      },
      onStdout: (bytes) => {
        text += bytes.toString()
        if (text.includes('ready')) tell()
      },
      onStderr: () => undefined,
      onCalls: () => undefined,
    },
    end(ended) {
      tell()
      return { sights: sightsOf(text), ended, check }
    },
  }
}

const endOf = ({ reason, ended, exitCode, signal }: Finished): string =>
  reason === 'none' ? `${ended} ${ended === 'exited' ? exitCode : signal}` : reason

function firstStep({ steps: [step] }: Plan): PlanStep {
  if (step === undefined) throw new Error('a plan without a step')
  return step
}

type Started = {
  readonly sandbox: Sandbox
  readonly ready: Promise<void>
  readonly over: Promise<Sighting>
}

function start(socket: string, probe: Probe, spec: JobSpec, uid: number): Started {
  const plan = planOf(spec)
  const step = firstStep(plan)
  const sandbox = openSandbox(socket, 'mutant', plan, [
    { path: 'probe', mode: 0o755, bytes: probe.program() },
  ])
  const record = openRecord()
  const run = async (): Promise<Sighting> => {
    try {
      const finished = await sandbox.run(step, programsOf(step.seccomp), null, record.streams)
      const sighting = { probe, uid, ...record.end(endOf(finished)) }
      await sandbox.end()
      return sighting
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error
      return { probe, uid, ...record.end(`${neverStarted}${error.stage}: ${error.message}`) }
    }
  }
  return { sandbox, ready: record.ready, over: run() }
}

/** Waits until a launcher that was just started answers; how it answers is for others to say. */
export async function awaitLauncher(socket: string): Promise<void> {
  await persist(async () => {
    const plan = planOf({ image: 'default', command: ['/bin/true'] })
    const step = firstStep(plan)
    const sandbox = openSandbox(socket, 'mutant', plan, [])
    try {
      await sandbox.run(step, programsOf(step.seccomp), null, openRecord().streams)
    } catch (error) {
      if (error instanceof LaunchError && !error.stage.startsWith('launcher-')) return
      throw error
    }
    await sandbox.end()
  })
}

/** As much time as the grant gives: what a try does not come to on a busy machine would look like another layer's answer. */
const patient = { wallMs: 60_000, cpuMs: 60_000 }

function specOf(
  values: readonly string[],
  user: { uid: number; gid: number },
  more: Partial<JobSpec>,
): JobSpec {
  const limits = { ...patient, ...more.limits }
  return { image: 'default', command: ['./probe', ...values], user, ...more, limits }
}

async function runOne(
  socket: string,
  probe: Probe,
  user: { uid: number; gid: number },
  more: Partial<JobSpec>,
): Promise<Sighting> {
  const values = filled(probe.expectation.arguments ?? [])
  const own = (): Promise<Sighting> =>
    start(socket, probe, specOf(values, user, more), user.uid).over
  const held = probe.expectation.beside
  if (held === undefined) return own()
  const holder = start(socket, probe, specOf(held, user, more), user.uid)
  await holder.ready
  const sighting = await own()
  holder.sandbox.cancel('cancelled')
  await holder.over
  return sighting
}

/** So many sandboxes at one time, of those that nothing else needs; beside them, one by one, those that hold something for another. */
const atOnce = 2

/** The whole corpus once, as an ordinary user and as root. */
export async function runCorpus(socket: string, probes: readonly Probe[]): Promise<Sighting[]> {
  const sightings: Sighting[] = []
  const workOf = (some: readonly Probe[]): (() => Promise<Sighting>)[] =>
    some.flatMap((probe) =>
      identities.flatMap((user) =>
        (probe.expectation.specs ?? [{}]).map((more) => () => runOne(socket, probe, user, more)),
      ),
    )
  const isPair = ({ expectation }: Probe): boolean => expectation.beside !== undefined
  const pairs = workOf(probes.filter(isPair))
  const single = workOf(probes.filter((probe) => !isPair(probe)))
  const hand = async (work: (() => Promise<Sighting>)[]): Promise<void> => {
    for (let next = work.shift(); next !== undefined; next = work.shift())
      sightings.push(await next())
  }
  await Promise.all([hand(pairs), ...Array.from({ length: atOnce }, () => hand(single))])
  return sightings
}
