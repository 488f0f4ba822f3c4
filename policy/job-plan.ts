// From a judged Ask to a Plan: every default is decided here, and nothing is left open.
// It is called only when every rule has allowed; it refuses nothing and looks nothing up but what was resolved.
import type { Grant } from '../contract/grant.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import { apparmorLabelOf, seccompOf } from './apparmor-label.js'
import type { Ask } from './ask.js'
import { plannedLimits, plannedSeccomp } from './program-bounds.js'
import { absoluteProgram, environmentOf, fill, workspace } from './program-plan.js'
import type { Context } from './rule.js'
import { stepPlanOf } from './step-plan.js'

/** The user of a job that asks for none: `job` in the images’ /etc/passwd. */
export const plainId = 1000
/** What a sandbox may live beyond its steps: set-up, files, clean-up. Milliseconds. */
export const lifetimeSlackMs = 30_000
/** What reading artifacts may take beyond that. */
export const artifactsMs = 330_000
/** The priority of a job that asks for none. */
export const plainPriority = 5

/** The priority in force: what was asked, else 5, never more urgent than the grant allows. */
export function priorityOf(asked: number | undefined, grant: Grant): number {
  return Math.max(asked ?? plainPriority, grant.priorityMinimum)
}

function compileStep(ask: Ask, context: Context, compile: readonly string[]): PlanStep {
  const { grant, resolved } = context
  const { limits } = grant
  return {
    name: 'compile',
    argv: compile.map((argument) => fill(argument, limits.compileMemoryBytes)),
    // The caller’s environment is the program’s, not the compiler’s.
    environment: environmentOf(resolved.language, limits.compileMemoryBytes, []),
    directory: workspace,
    wallMs: limits.compileWallMs,
    cpuMs: limits.compileCpuMs,
    memoryBytes: limits.compileMemoryBytes,
    processes: limits.compileProcesses,
    openFiles: limits.openFiles.default,
    fileBytes: Math.min(resolved.limits.diskBytes, limits.fileBytes.maximum),
    stackBytes: limits.stackBytes,
    outputBytes: limits.outputBytes.default,
    takesStdin: false,
    seccomp: grant.seccompProfiles.includes('build') ? 'build' : seccompOf(ask, grant),
    seccompWatch: 'refusals',
    seccompAudited: '',
    failureOutcome: 'compile-error',
    when: 'success',
    passesOn: false,
    ownVariables: [],
    continueOnError: false,
  }
}

function runStep(ask: Ask, context: Context): PlanStep {
  const { grant, resolved } = context
  const { language, limits } = resolved
  const directory = ask.directory?.value ?? workspace
  // The source lies in the workspace, wherever the program starts.
  const place = (argument: string): string =>
    argument === language?.sourceFile && directory !== workspace
      ? `${workspace}/${argument}`
      : argument
  const program = language?.run.map((one) => place(fill(one, limits.memoryBytes))) ?? []
  const argv = [...program, ...ask.argv.map((argument) => argument.value)]
  return {
    name: 'run',
    argv: absoluteProgram(argv, directory),
    environment: environmentOf(language, limits.memoryBytes, ask.environment),
    directory,
    ...plannedLimits(limits, grant),
    takesStdin: ask.stdinBytes !== null && ask.stdinBytes.value > 0,
    ...plannedSeccomp(ask, grant),
    failureOutcome: 'program',
    when: 'success',
    passesOn: false,
    ownVariables: [],
    continueOnError: false,
  }
}

/** What each program of a session has, until it says otherwise. It is run itself, to make the sandbox; whether the image has it matters not. */
function sessionStep(ask: Ask, context: Context): PlanStep {
  return {
    ...runStep({ ...ask, argv: [{ value: '/bin/true', pointer: '' }] }, context),
    name: 'session',
  }
}

/** How long a session is kept without a running program, unless it says so itself. Milliseconds. */
const plainIdleMs = 600_000

function mostOf(steps: readonly PlanStep[], key: 'memoryBytes' | 'processes'): number {
  return Math.max(...steps.map((step) => step[key]))
}

function stepsOf(ask: Ask, context: Context): PlanStep[] {
  if (ask.session !== null) return [sessionStep(ask, context)]
  if (ask.steps.length > 0) return ask.steps.map((step) => stepPlanOf(ask, step, context))
  const compile = context.resolved.language?.compile ?? null
  const run = runStep(ask, context)
  return compile === null ? [run] : [compileStep(ask, context, compile), run]
}

export function planOf(ask: Ask, context: Context): Plan {
  const { grant, platform, resolved } = context
  const { image, limits } = resolved
  if (image === null) throw new Error('no image was resolved')
  const steps = stepsOf(ask, context)
  return {
    runtime: 'native',
    imageName: image.name,
    imageDigest: image.digest,
    hostname: 'sandbox',
    uid: ask.uid?.value ?? plainId,
    gid: ask.gid?.value ?? plainId,
    workspace,
    // The disk lives in it, however little each step may have of it.
    memoryBytes: Math.max(limits.memoryBytes, mostOf(steps, 'memoryBytes')),
    diskBytes: limits.diskBytes,
    diskInodes: grant.limits.diskInodes,
    processes: mostOf(steps, 'processes'),
    cpuMillis: Math.round(limits.cpuMillis),
    proc: grant.procView,
    network: ask.network?.value === 'loopback' ? 'loopback' : 'none',
    apparmor: platform.apparmor ? apparmorLabelOf(ask, grant) : 'none',
    landlockAbiMinimum: grant.landlockAbiMinimum,
    lifetimeMs: steps.reduce(
      (sum, step) => sum + step.wallMs,
      lifetimeSlackMs + (ask.artifacts.length === 0 ? 0 : artifactsMs),
    ),
    // Another sandbox would not be the same session.
    attempts: ask.session === null ? limits.attempts : 1,
    expiresAfterMs: limits.expiresAfterMs,
    steps,
    languageVersion: image.languages[resolved.language?.toolchain ?? '']?.version ?? '',
    judging: null,
    artifacts: {
      patterns: ask.artifacts.map(({ value, when }) => ({ path: value, when: when ?? 'always' })),
      files: grant.artifactFiles,
      bytes: grant.artifactBytes,
    },
    sessionIdleMs:
      ask.session === null
        ? 0
        : (ask.session.idleMs?.value ?? Math.min(plainIdleMs, limits.wallMs)),
    fileCount: ask.files.length + (ask.sourceBytes === null ? 0 : 1),
  }
}
