// The preset `platform`: the back end of a platform or of an agent’s code interpreter, with tenants of its own behind it.
import type { Grant } from '../contract/grant.js'
import { gibibyte, mebibyte } from './preset.js'

export const platform: Grant = {
  name: 'platform',
  limits: {
    wallMs: { default: 60_000, maximum: 3_600_000 },
    cpuMs: { default: 60_000, maximum: 2 * 3_600_000 },
    memoryBytes: { default: 512 * mebibyte, maximum: 8 * gibibyte },
    processes: { default: 256, maximum: 4096 },
    openFiles: { default: 1024, maximum: 16_384 },
    fileBytes: { default: 256 * mebibyte, maximum: 4 * gibibyte },
    diskBytes: { default: 256 * mebibyte, maximum: 4 * gibibyte },
    outputBytes: { default: 4 * mebibyte, maximum: 64 * mebibyte },
    cpuMillis: { default: 1000, maximum: 8000 },
    compileWallMs: 120_000,
    compileCpuMs: 240_000,
    compileMemoryBytes: gibibyte,
    compileProcesses: 256,
    expiresAfterMs: { default: 600_000, maximum: 24 * 3_600_000 },
    diskInodes: 262_144,
    stackBytes: 8 * mebibyte,
    attempts: { default: 3, maximum: 5 },
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
  queuedJobs: 100_000,
  runningJobs: 512,
}
