// What a job asks that is a session: its program comes later.
import { type Static, Type } from 'typebox'

export const SessionAsk = Type.Object(
  {
    idleMs: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 7 * 24 * 3600 * 1000,
        description:
          'How long it may be without a running program before it ends. Default ten minutes, or its whole life if that is shorter.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'The job is a session: it has no program of its own, but programs are started in it while it lasts. `limits.wallMs` is its whole life; ' +
      '`memoryBytes`, `processes`, `diskBytes` and `cpus` hold for all its programs together, the others for each.',
  },
)
export type SessionAsk = Static<typeof SessionAsk>
