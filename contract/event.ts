// Events of one job, in order, as a client reads them (SSE) and as Redis keeps them (one expiring stream a job).
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
export const eventNames = [
  'state',
  'step',
  'test',
  'stdout',
  'stderr',
  'omitted',
  'result',
] as const
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
export const TestEvent = Type.Object(
  { name: Type.String(), verdict: Type.String(), score: Type.Number() },
  closed,
)
/** A piece of output. `base64` because a piece may end inside a UTF-8 character. */
export const OutputEvent = Type.Object({ step: Type.String(), base64: Type.String() }, closed)

/** Told when a run's output is more than events carry, and again at the end of each such step: the result has the whole. */
export const OmittedEvent = Type.Object(
  {
    step: Type.String(),
    bytes: Type.Integer({
      description: 'Output of this step so far that is not among the events.',
    }),
  },
  closed,
)

export type StateEvent = Static<typeof StateEvent>
export type StepEvent = Static<typeof StepEvent>
export type TestEvent = Static<typeof TestEvent>
export type OutputEvent = Static<typeof OutputEvent>
export type OmittedEvent = Static<typeof OmittedEvent>

/** Output that the events of one run carry, at most, bytes. */
export const eventOutputBytesMax = 1_048_576

/** Most events kept of one job; when output is more, the oldest pieces go and the stored result has the whole. */
export const eventsKeptMax = 2000
/** How long a job’s events are kept after the last of them, seconds. */
export const eventsKeptSeconds = 900
