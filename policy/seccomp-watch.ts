// What is written down of a program’s system calls beside the filter in force.
import type { PlanStep } from '../contract/plan.js'
import { type Ask, seccompLearn } from './ask.js'

export function watchOf(ask: Ask): PlanStep['seccompWatch'] {
  if (ask.seccomp?.value === seccompLearn) return 'learn'
  return ask.seccompAudit === null ? 'refusals' : 'audit'
}
