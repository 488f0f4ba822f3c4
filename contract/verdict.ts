// Verdict: what the policy engine says of a request.
import { type Static, Type } from 'typebox'
import { Plan } from './plan.js'

const closed = { additionalProperties: false } as const

export const Violation = Type.Object(
  {
    rule: Type.String({
      description: 'The rule’s id; stable for ever. `schema` for a fault of form.',
    }),
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the field.' }),
    message: Type.String({ description: 'What is wrong, and what would be allowed.' }),
  },
  closed,
)

export const Evaluation = Type.Object(
  {
    verdict: Type.Enum(['allow', 'deny']),
    policyRevision: Type.Integer(),
    grant: Type.Object({ name: Type.String(), revision: Type.String() }, closed),
    violations: Type.Array(Violation),
    plan: Type.Union([Plan, Type.Null()]),
  },
  { ...closed, $id: 'Evaluation' },
)

export type Violation = Static<typeof Violation>
export type Evaluation = Static<typeof Evaluation>
