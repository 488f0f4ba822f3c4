// The steps of a job as they are asked, and what is asked anywhere in a job: at its top or in a step.
import type { JobStep } from '../contract/step.js'
import type { Ask, Asked, AskedLimit, AskedSetting, AskedStep } from './ask.js'
import { asked, askedList, askedSettings } from './asked.js'

const stepLimits = [
  'wallMs',
  'cpuMs',
  'memoryBytes',
  'processes',
  'openFiles',
  'fileBytes',
  'outputBytes',
] as const

function askedLimits(step: JobStep, pointer: string): readonly AskedLimit[] {
  const found: AskedLimit[] = []
  for (const name of stepLimits) {
    const value = step.limits?.[name]
    if (value !== undefined) found.push({ name, value, pointer: `${pointer}/limits/${name}` })
  }
  return found
}

export function askedStep(step: JobStep, index: number): AskedStep {
  const pointer = `/steps/${index}`
  return {
    pointer,
    name: { value: step.name, pointer: `${pointer}/name` },
    argv:
      step.run === undefined
        ? askedList(step.command, `${pointer}/command`)
        : [{ value: step.run, pointer: `${pointer}/run` }],
    isLine: step.run !== undefined,
    when: step.if ?? 'success',
    continueOnError: step.continueOnError ?? false,
    directory: asked(step.workdir, `${pointer}/workdir`),
    environment: askedSettings(step.env, `${pointer}/env`),
    limits: askedLimits(step, pointer),
  }
}

/** Of a job of one program its own list, so that nothing is copied for it. */
function withSteps<T>(
  { steps }: Ask,
  own: readonly T[],
  ofStep: (step: AskedStep) => readonly T[],
): readonly T[] {
  return steps.length === 0 ? own : [...own, ...steps.flatMap(ofStep)]
}

export const everyArgument = (ask: Ask): readonly Asked<string>[] =>
  withSteps(ask, ask.argv, ({ argv }) => argv)

export const everyVariable = (ask: Ask): readonly AskedSetting[] =>
  withSteps(ask, ask.environment, ({ environment }) => environment)

export const everyLimit = (ask: Ask): readonly AskedLimit[] =>
  withSteps(ask, ask.limits, ({ limits }) => limits)

export const everyDirectory = (ask: Ask): readonly Asked<string>[] =>
  withSteps(ask, ask.directory === null ? [] : [ask.directory], ({ directory }) =>
    directory === null ? [] : [directory],
  )

/** What is asked for one program of the job: a step’s variables come over the job’s. */
export type AskedProgram = Pick<AskedStep, 'argv' | 'environment'>

export const everyProgram = (ask: Ask): readonly AskedProgram[] =>
  ask.steps.length === 0
    ? [ask]
    : ask.steps.map(({ argv, environment }) => ({
        argv,
        environment: [...ask.environment, ...environment],
      }))
