// The preset `untrusted`: code that nobody vouches for, one short program a job. What a tenant gets when nothing is said.
import type { Grant } from '../contract/grant.js'
import { gibibyte, mebibyte } from './preset.js'

export const untrusted: Grant = {
  name: 'untrusted',
  limits: {
    wallMs: { default: 10_000, maximum: 60_000 },
    cpuMs: { default: 10_000, maximum: 60_000 },
    memoryBytes: { default: 256 * mebibyte, maximum: gibibyte },
    processes: { default: 64, maximum: 256 },
    openFiles: { default: 256, maximum: 1024 },
    fileBytes: { default: 64 * mebibyte, maximum: 256 * mebibyte },
    diskBytes: { default: 64 * mebibyte, maximum: 256 * mebibyte },
    outputBytes: { default: mebibyte, maximum: 16 * mebibyte },
    cpuMillis: { default: 1000, maximum: 2000 },
    compileWallMs: 30_000,
    compileCpuMs: 30_000,
    compileMemoryBytes: 512 * mebibyte,
    compileProcesses: 128,
    expiresAfterMs: { default: 600_000, maximum: 3_600_000 },
    diskInodes: 16_384,
    stackBytes: 8 * mebibyte,
    attempts: { default: 3, maximum: 3 },
  },
  networks: ['none', 'loopback'],
  images: ['*'],
  languages: ['*'],
  capabilities: [],
  seccompProfiles: ['default', 'strict', 'build'],
  seccompLearning: false,
  rootInside: true,
  apparmorRequired: false,
  landlockAbiMinimum: 0,
  procView: 'masked',
  priorityMinimum: 0,
  queuedJobs: 10_000,
  runningJobs: 64,
}
