// The preset `ci`: builds and tests of known people. Long, many processes, much disk; still nothing of the host’s.
import type { Grant } from '../contract/grant.js'
import { gibibyte, mebibyte } from './preset.js'

export const ci: Grant = {
  name: 'ci',
  limits: {
    wallMs: { default: 600_000, maximum: 6 * 3_600_000 },
    cpuMs: { default: 1_200_000, maximum: 24 * 3_600_000 },
    memoryBytes: { default: 2 * gibibyte, maximum: 16 * gibibyte },
    processes: { default: 1024, maximum: 8192 },
    openFiles: { default: 4096, maximum: 65_536 },
    fileBytes: { default: gibibyte, maximum: 8 * gibibyte },
    diskBytes: { default: gibibyte, maximum: 8 * gibibyte },
    outputBytes: { default: 16 * mebibyte, maximum: 64 * mebibyte },
    cpuMillis: { default: 2000, maximum: 16_000 },
    compileWallMs: 600_000,
    compileCpuMs: 1_200_000,
    compileMemoryBytes: 2 * gibibyte,
    compileProcesses: 1024,
    expiresAfterMs: { default: 3_600_000, maximum: 24 * 3_600_000 },
    diskInodes: 1_048_576,
    stackBytes: 8 * mebibyte,
    attempts: { default: 3, maximum: 5 },
  },
  networks: ['none', 'loopback'],
  images: ['*'],
  languages: ['*'],
  capabilities: [],
  seccompProfiles: ['default', 'strict', 'build'],
  seccompLearning: true,
  rootInside: true,
  apparmorRequired: false,
  landlockAbiMinimum: 0,
  procView: 'masked',
  priorityMinimum: 0,
  queuedJobs: 10_000,
  runningJobs: 32,
}
