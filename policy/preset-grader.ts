// The preset `grader`: an online judge. Tighter than `untrusted` in what a program may do, looser in how many wait:
// no network at all, no root inside, the strict filter, and a stack as large as contests want it.
import type { Grant } from '../contract/grant.js'
import { gibibyte, mebibyte } from './preset.js'
import { noDocker } from './preset-docker.js'

export const grader: Grant = {
  name: 'grader',
  limits: {
    wallMs: { default: 10_000, maximum: 120_000 },
    cpuMs: { default: 2_000, maximum: 60_000 },
    memoryBytes: { default: 256 * mebibyte, maximum: 2 * gibibyte },
    processes: { default: 32, maximum: 128 },
    openFiles: { default: 64, maximum: 256 },
    fileBytes: { default: 16 * mebibyte, maximum: 256 * mebibyte },
    diskBytes: { default: 64 * mebibyte, maximum: 256 * mebibyte },
    outputBytes: { default: 4 * mebibyte, maximum: 64 * mebibyte },
    cpuMillis: { default: 1000, maximum: 1000 },
    compileWallMs: 30_000,
    compileCpuMs: 30_000,
    compileMemoryBytes: gibibyte,
    compileProcesses: 128,
    expiresAfterMs: { default: 3_600_000, maximum: 24 * 3_600_000 },
    diskInodes: 4096,
    stackBytes: 64 * mebibyte,
    attempts: { default: 3, maximum: 5 },
  },
  networks: ['none'],
  images: ['*'],
  languages: ['*'],
  capabilities: [],
  seccompProfiles: ['strict', 'build'],
  seccompLearning: false,
  rootInside: false,
  apparmorRequired: false,
  landlockAbiMinimum: 0,
  procView: 'masked',
  priorityMinimum: 0,
  warningsRefused: [],
  steps: 8,
  docker: noDocker,
  queuedJobs: 50_000,
  runningJobs: 256,
  submitsPerMinute: 0,
  cpuSecondsPerDay: 0,
  memoryMebibyteSecondsPerDay: 0,
  storedBytes: 0,
  weight: 100,
}
