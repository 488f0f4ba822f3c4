// How a run ended: a closed set, grouped by whose fault it was (design section 6).
import { Type } from 'typebox'

export const programOutcomes = ['ok', 'exit-nonzero', 'signalled'] as const
export const limitOutcomes = [
  'cpu-time-limit',
  'wall-time-limit',
  'memory-limit',
  'output-limit',
  'disk-limit',
  'process-limit',
] as const
export const policyOutcomes = ['syscall-denied', 'policy-denied'] as const
export const callerOutcomes = ['cancelled', 'expired'] as const
export const toolchainOutcomes = ['compile-error'] as const
export const serviceOutcomes = ['sandbox-error'] as const

export const outcomes = [
  ...programOutcomes,
  ...limitOutcomes,
  ...policyOutcomes,
  ...callerOutcomes,
  ...toolchainOutcomes,
  ...serviceOutcomes,
] as const

export type Outcome = (typeof outcomes)[number]

export const faults = ['program', 'limit', 'policy', 'caller', 'toolchain', 'service'] as const
export type Fault = (typeof faults)[number]

const outcomesByFault: ReadonlyArray<readonly [Fault, readonly Outcome[]]> = [
  ['program', programOutcomes],
  ['limit', limitOutcomes],
  ['policy', policyOutcomes],
  ['caller', callerOutcomes],
  ['toolchain', toolchainOutcomes],
  ['service', serviceOutcomes],
]

/** Whose fault an outcome is. Only `service` may be retried, and only it pages anybody. */
export function faultOf(outcome: Outcome): Fault {
  for (const [fault, members] of outcomesByFault) if (members.includes(outcome)) return fault
  throw new Error(`outcome ${outcome} belongs to no fault`)
}

export const OutcomeSchema = Type.Enum([...outcomes], {
  description: 'How the run ended. A closed set, grouped by whose fault it was.',
})

/** A step may also not have been run at all; a job always has an outcome of the set above. */
export const stepOutcomes = [...outcomes, 'skipped'] as const
export type StepOutcome = (typeof stepOutcomes)[number]

export const StepOutcomeSchema = Type.Enum([...stepOutcomes], {
  description:
    'How the step ended, as of a job; `skipped`: it was not run, since its `if` did not hold or the job had ended.',
})
