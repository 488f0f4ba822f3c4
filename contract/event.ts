// Events of one job, in order, as a client reads them (SSE) and as Redis keeps them (one expiring stream a job).
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
export const eventNames = ['state', 'step', 'stdout', 'stderr', 'result'] as const
export type EventName = (typeof eventNames)[number]

export const StateEvent = Type.Object(
  { state: Type.Enum(['queued', 'running', 'finished']), attempt: Type.Integer() },
  closed,
)
export const StepEvent = Type.Object(
  {
    name: Type.String(),
    state: Type.Enum(['started', 'ended']),
    outcome: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
)
/** A piece of output. `base64` because a piece may end inside a UTF-8 character. */
export const OutputEvent = Type.Object({ step: Type.String(), base64: Type.String() }, closed)

export type StateEvent = Static<typeof StateEvent>
export type StepEvent = Static<typeof StepEvent>
export type OutputEvent = Static<typeof OutputEvent>

/** Most events kept of one job; when output is more, the oldest pieces go and the stored result has the whole. */
export const eventsKeptMax = 2000
/** How long a job’s events are kept after the last of them, seconds. */
export const eventsKeptSeconds = 900
