// The steps of a job as they will be run: each with everything that it has of its own or of the job.
import type { PlanStep } from '../contract/plan.js'
import { passedFile, passedVariable, shellOf } from '../contract/step.js'
import type { Ask, AskedStep } from './ask.js'
import { plannedLimits, plannedSeccomp } from './program-bounds.js'
import { absoluteProgram, environmentOf, workspace } from './program-plan.js'
import type { Context } from './rule.js'
import { limitsOfStep } from './step-limits.js'

function argvOf({ argv, isLine }: AskedStep, directory: string): string[] {
  const values = argv.map(({ value }) => value)
  return isLine ? shellOf(values.join('\n')) : absoluteProgram(values, directory)
}

export function stepPlanOf(ask: Ask, step: AskedStep, { grant, resolved }: Context): PlanStep {
  const limits = limitsOfStep(step, resolved.limits)
  const directory = step.directory?.value ?? ask.directory?.value ?? workspace
  const passing = { name: passedVariable, value: passedFile, pointer: step.pointer }
  const callers = [...ask.environment, ...step.environment, passing]
  return {
    name: step.name.value,
    argv: argvOf(step, directory),
    environment: environmentOf(resolved.language, limits.memoryBytes, callers),
    directory,
    ...plannedLimits(limits, grant),
    takesStdin: false,
    ...plannedSeccomp(ask, grant),
    failureOutcome: 'program',
    when: step.when,
    passesOn: ask.steps.at(-1) !== step,
    ownVariables: [...step.environment.map(({ name }) => name), passedVariable],
    continueOnError: step.continueOnError,
  }
}
