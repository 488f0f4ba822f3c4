// What a program of a job may use, and what its system calls are judged by, as its plan says it.
import type { Grant } from '../contract/grant.js'
import type { PlanStep } from '../contract/plan.js'
import { seccompOf } from './apparmor-label.js'
import type { Ask } from './ask.js'
import type { ResolvedLimits } from './resolve.js'
import { watchOf } from './seccomp-watch.js'

type Limits = Pick<
  PlanStep,
  | 'wallMs'
  | 'cpuMs'
  | 'memoryBytes'
  | 'processes'
  | 'openFiles'
  | 'fileBytes'
  | 'stackBytes'
  | 'outputBytes'
>

export const plannedLimits = (limits: ResolvedLimits, grant: Grant): Limits => ({
  wallMs: limits.wallMs,
  cpuMs: limits.cpuMs,
  memoryBytes: limits.memoryBytes,
  processes: limits.processes,
  openFiles: limits.openFiles,
  fileBytes: limits.fileBytes,
  stackBytes: grant.limits.stackBytes,
  outputBytes: limits.outputBytes,
})

export const plannedSeccomp = (
  ask: Ask,
  grant: Grant,
): Pick<PlanStep, 'seccomp' | 'seccompWatch' | 'seccompAudited'> => ({
  seccomp: seccompOf(ask, grant),
  seccompWatch: watchOf(ask),
  seccompAudited: ask.seccompAudit?.value ?? '',
})
