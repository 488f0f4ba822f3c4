// What one step of several may use: what it asks, else what the job has.
import type { AskedStep, LimitName } from './ask.js'
import type { ResolvedLimits } from './resolve.js'

export function limitsOfStep(step: AskedStep, ofJob: ResolvedLimits): ResolvedLimits {
  const own: Partial<Record<LimitName, number>> = {}
  for (const { name, value } of step.limits) own[name] = value
  return { ...ofJob, ...own }
}
