// The four presets that a grant extends. What a tenant gets who is told nothing else: `untrusted`.
import type { Grant, GrantLimits, Preset } from '../contract/grant.js'

const mebibyte = 1_048_576
const second = 1000
const minute = 60 * second
const hour = 60 * minute

const untrustedLimits: GrantLimits = {
  wallMs: { default: 10 * second, maximum: minute },
  cpuMs: { default: 10 * second, maximum: minute },
  memoryBytes: { default: 256 * mebibyte, maximum: 1024 * mebibyte },
  processes: { default: 64, maximum: 256 },
  openFiles: { default: 256, maximum: 1024 },
  fileBytes: { default: 64 * mebibyte, maximum: 256 * mebibyte },
  diskBytes: { default: 64 * mebibyte, maximum: 256 * mebibyte },
  outputBytes: { default: mebibyte, maximum: 16 * mebibyte },
  cpuMillis: { default: 1000, maximum: 2000 },
  compileWallMs: 30 * second,
  compileCpuMs: 30 * second,
  compileMemoryBytes: 512 * mebibyte,
  compileProcesses: 64,
  expiresAfterMs: { default: hour, maximum: 24 * hour },
  diskInodes: 10_000,
  stackBytes: 64 * mebibyte,
  attempts: { default: 3, maximum: 5 },
}

const untrusted: Grant = {
  name: 'untrusted',
  limits: untrustedLimits,
  networks: ['none', 'loopback'],
  images: ['*'],
  languages: ['*'],
  capabilities: [],
  seccompProfiles: ['default', 'strict', 'build'],
  rootInside: true,
  apparmorRequired: false,
  landlockAbiMinimum: 0,
  procView: 'masked',
  priorityMinimum: 1,
  queuedJobs: 10_000,
  runningJobs: 64,
}

/** Judges want long queues, short exact runs and no root. */
const grader: Grant = {
  ...untrusted,
  name: 'grader',
  limits: {
    ...untrustedLimits,
    wallMs: { default: 20 * second, maximum: 2 * minute },
    outputBytes: { default: 16 * mebibyte, maximum: 64 * mebibyte },
    stackBytes: 256 * mebibyte,
  },
  networks: ['none'],
  rootInside: false,
  priorityMinimum: 0,
  queuedJobs: 100_000,
  runningJobs: 256,
}

/** CI wants long runs, many processes and files, and root inside for package managers. */
const ci: Grant = {
  ...untrusted,
  name: 'ci',
  limits: {
    ...untrustedLimits,
    wallMs: { default: 10 * minute, maximum: hour },
    cpuMs: { default: 10 * minute, maximum: 2 * hour },
    memoryBytes: { default: 1024 * mebibyte, maximum: 4096 * mebibyte },
    processes: { default: 512, maximum: 4096 },
    openFiles: { default: 1024, maximum: 16_384 },
    fileBytes: { default: 512 * mebibyte, maximum: 2048 * mebibyte },
    diskBytes: { default: 512 * mebibyte, maximum: 2048 * mebibyte },
    cpuMillis: { default: 2000, maximum: 8000 },
    compileWallMs: 10 * minute,
    compileCpuMs: 20 * minute,
    compileMemoryBytes: 2048 * mebibyte,
    compileProcesses: 512,
    diskInodes: 500_000,
  },
  seccompProfiles: ['build', 'default', 'strict'],
}

/** A platform's back end acts for its own users: as untrusted as they are, but many at once. */
const platform: Grant = {
  ...untrusted,
  name: 'platform',
  priorityMinimum: 0,
  queuedJobs: 100_000,
  runningJobs: 512,
}

export const presetGrants: Readonly<Record<Preset, Grant>> = { untrusted, grader, ci, platform }
