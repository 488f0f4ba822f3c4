// A plain plan for tests and the bench that speak to the launcher themselves.
import { readFileSync } from 'node:fs'
import { frameTypes } from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import { encodeSandbox, encodeStep } from '../native/launch-encode.js'
import { encodeFrame } from '../native/launch-frame.js'
import { compileSeccomp } from '../native/seccomp.js'

const mebibyte = 1_048_576

export function plainStep(argv: readonly string[], more: Partial<PlanStep> = {}): PlanStep {
  return {
    name: 'run',
    argv: [...argv],
    environment: ['PATH=/usr/bin:/bin'],
    directory: '/work',
    wallMs: 10_000,
    cpuMs: 10_000,
    memoryBytes: 64 * mebibyte,
    processes: 16,
    openFiles: 64,
    fileBytes: mebibyte,
    stackBytes: 8 * mebibyte,
    outputBytes: 65_536,
    takesStdin: false,
    seccomp: 'default',
    seccompWatch: 'refusals',
    seccompAudited: '',
    failureOutcome: 'program',
    when: 'success',
    passesOn: false,
    ownVariables: [],
    continueOnError: false,
    ...more,
  }
}

export function plainPlan(imageDigest: string, steps: readonly PlanStep[]): Plan {
  return {
    runtime: 'native',
    imageName: 'default',
    imageDigest,
    hostname: 'sandbox',
    uid: 1000,
    gid: 1000,
    workspace: '/work',
    memoryBytes: 64 * mebibyte,
    diskBytes: 16 * mebibyte,
    diskInodes: 1000,
    processes: 16,
    cpuMillis: 1000,
    proc: 'masked',
    network: 'none',
    apparmor: 'none',
    landlockAbiMinimum: 0,
    lifetimeMs: 60_000,
    attempts: 1,
    expiresAfterMs: 60_000,
    steps: [...steps],
    fileCount: 0,
    languageVersion: '',
    judging: null,
    artifacts: { patterns: [], files: 0, bytes: 0 },
    sessionIdleMs: 0,
  }
}

/** The digest of an instance's default image. @throws Error when the index names none. */
export function defaultImage(imageDirectory: string): string {
  const index = JSON.parse(readFileSync(`${imageDirectory}/index.json`, 'utf8')) as {
    images: { name: string; digest: string }[]
  }
  const digest = index.images.find((image) => image.name === 'default')?.digest
  if (digest === undefined) throw new Error(`${imageDirectory} has no default image`)
  return digest
}

/** All frames up to the start of the plan's first step. */
export function framesOf(plan: Plan, profilesFolder: string): Buffer {
  const [step] = plan.steps
  if (step === undefined) throw new Error('a plan without a step')
  const { program: filter } = compileSeccomp(step.seccomp, { profilesFolder })
  const programs = { filter, audit: null }
  return Buffer.concat([...encodeSandbox('plain', plan, []), ...encodeStep(step, programs, null)])
}

export const endFrame: Buffer = encodeFrame(frameTypes.end, Buffer.alloc(0))
