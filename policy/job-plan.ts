// An allowed job → its plan: everything resolved, nothing left open. Called only after every rule has passed.
import type { ImageEntry, Language } from '../contract/catalogue.js'
import type { JobSpec } from '../contract/job.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { Context } from './rule.js'
import { jobProfile } from './rule-apparmor-profile.js'
import { findImage } from './rule-image.js'
import { findLanguage, imageOfLanguage } from './rule-language.js'

const workspace = '/work'
/** The uid and gid that images have a user `job` for. */
const jobId = 1000
/** Making and ending the sandbox and the time between steps, beyond the steps' own limits, milliseconds. */
const lifetimeSlackMs = 30_000
const basicEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: workspace, LANG: 'C.UTF-8' }

type Resolved = { readonly language: Language | null; readonly image: ImageEntry }

function resolve(spec: JobSpec, { catalogue }: Context): Resolved {
  const language = spec.language === undefined ? undefined : findLanguage(catalogue, spec.language)
  const image =
    language === undefined
      ? findImage(catalogue.images, spec.image ?? '')
      : imageOfLanguage(catalogue, language)
  if (image === undefined) throw new Error('a job was allowed whose image is not there')
  return { language: language ?? null, image }
}

type LimitName =
  | 'wallMs'
  | 'cpuMs'
  | 'memoryBytes'
  | 'processes'
  | 'openFiles'
  | 'fileBytes'
  | 'diskBytes'
  | 'outputBytes'

/** What was asked, else the grant's default. The disk is in memory, so neither of its limits is ever above memory. */
function limitOf(name: LimitName, spec: JobSpec, context: Context): number {
  const asked = spec.limits?.[name]
  if (asked !== undefined) return asked
  const standard = context.grant.limits[name].default
  if (name === 'diskBytes') return Math.min(standard, limitOf('memoryBytes', spec, context))
  if (name === 'fileBytes') return Math.min(standard, limitOf('diskBytes', spec, context))
  return standard
}

function environmentOf(spec: JobSpec, language: Language | null): string[] {
  const merged = { ...basicEnvironment, ...language?.environment, ...spec.env }
  return Object.entries(merged).map(([name, value]) => `${name}=${value}`)
}

function runStep(spec: JobSpec, context: Context, language: Language | null): PlanStep {
  const argv =
    language === null ? [...(spec.command ?? [])] : [...language.run, ...(spec.arguments ?? [])]
  return {
    name: 'run',
    argv,
    environment: environmentOf(spec, language),
    directory: spec.workdir ?? workspace,
    wallMs: limitOf('wallMs', spec, context),
    cpuMs: limitOf('cpuMs', spec, context),
    memoryBytes: limitOf('memoryBytes', spec, context),
    processes: limitOf('processes', spec, context),
    openFiles: limitOf('openFiles', spec, context),
    fileBytes: limitOf('fileBytes', spec, context),
    stackBytes: context.grant.limits.stackBytes,
    outputBytes: limitOf('outputBytes', spec, context),
    takesStdin: spec.stdin !== undefined || spec.stdinBase64 !== undefined,
    seccomp: spec.seccomp ?? context.grant.seccompProfiles[0] ?? 'default',
    failureOutcome: 'program',
  }
}

/** Compiling is a step like any other, jailed alike, with limits of its own: the caller's are for the program. */
function compileStep(spec: JobSpec, context: Context, language: Language, run: PlanStep): PlanStep {
  const { limits, seccompProfiles } = context.grant
  return {
    ...run,
    name: 'compile',
    argv: [...(language.compile ?? [])],
    environment: environmentOf({ ...spec, env: {} }, language),
    directory: workspace,
    wallMs: limits.compileWallMs,
    cpuMs: limits.compileCpuMs,
    memoryBytes: limits.compileMemoryBytes,
    processes: limits.compileProcesses,
    openFiles: limits.openFiles.maximum,
    fileBytes: Math.max(
      run.fileBytes,
      Math.min(limits.fileBytes.default, limits.diskBytes.default),
    ),
    outputBytes: limits.outputBytes.default,
    takesStdin: false,
    seccomp: seccompProfiles.includes('build') ? 'build' : run.seccomp,
    failureOutcome: 'compile-error',
  }
}

export function planOfJob(spec: JobSpec, context: Context): Plan {
  const { language, image } = resolve(spec, context)
  const { grant, platform } = context
  const run = runStep(spec, context, language)
  const steps =
    language === null || language.compile === null
      ? [run]
      : [compileStep(spec, context, language, run), run]
  const diskBytes = limitOf('diskBytes', spec, context)
  return {
    runtime: 'native',
    imageName: image.name,
    imageDigest: image.digest,
    hostname: 'sandbox',
    uid: spec.user?.uid ?? jobId,
    gid: spec.user?.gid ?? jobId,
    workspace,
    memoryBytes: Math.max(...steps.map((step) => step.memoryBytes)),
    // A compiler's output must fit even where the program itself may write little.
    diskBytes: steps.length === 1 ? diskBytes : Math.max(diskBytes, grant.limits.diskBytes.default),
    diskInodes: grant.limits.diskInodes,
    processes: Math.max(...steps.map((step) => step.processes)),
    cpuMillis:
      spec.limits?.cpus === undefined
        ? grant.limits.cpuMillis.default
        : Math.ceil(spec.limits.cpus * 1000),
    proc: grant.procView,
    network: spec.network === 'loopback' ? 'loopback' : 'none',
    apparmor: platform.apparmor ? jobProfile : 'none',
    landlockAbiMinimum: grant.landlockAbiMinimum,
    lifetimeMs: steps.reduce((sum, step) => sum + step.wallMs, lifetimeSlackMs),
    attempts: spec.retry?.attempts ?? grant.limits.attempts.default,
    expiresAfterMs: spec.expiresAfterMs ?? grant.limits.expiresAfterMs.default,
    steps,
    fileCount: (spec.files?.length ?? 0) + (language === null ? 0 : 1),
  }
}
