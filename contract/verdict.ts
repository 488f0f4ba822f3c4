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
    asked: Type.Optional(
      Type.Unknown({
        description:
          'The value that was asked. Absent where nothing was, and for sources, files, input, environment and callbacks.',
      }),
    ),
    allowed: Type.Optional(Type.String({ description: 'What would be allowed there, in words.' })),
    docs: Type.Optional(
      Type.String({ description: 'The path of this service that tells of the rule.' }),
    ),
  },
  closed,
)

/** A job that asks for a thousand unwise things is told of so many. */
export const warningsMax = 16

export const Warning = Type.Object(
  {
    warning: Type.String({ description: 'The warning’s id; stable for ever.' }),
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the field; empty: the job.' }),
    message: Type.String({ description: 'What is unwise, and what would be better.' }),
    docs: Type.String({ description: 'The path of this service that tells of the warning.' }),
  },
  { ...closed, description: 'Allowed, and unwise.' },
)

export const PatchOperation = Type.Object(
  {
    op: Type.Enum(['remove', 'replace']),
    path: Type.String({ description: 'JSON pointer (RFC 6901).' }),
    value: Type.Optional(Type.Number({ description: 'The new value, for `replace`.' })),
  },
  { ...closed, description: 'One operation of a JSON Patch (RFC 6902).' },
)

export const Suggestion = Type.Array(PatchOperation, {
  description:
    'A JSON Patch that makes of the job one that this grant allows. It drops or clamps; it never changes what is run.',
})

export const Evaluation = Type.Object(
  {
    verdict: Type.Enum(['allow', 'deny']),
    policyRevision: Type.Integer(),
    grant: Type.Object({ name: Type.String(), revision: Type.String() }, closed),
    violations: Type.Array(Violation),
    warnings: Type.Array(Warning, { maxItems: warningsMax }),
    suggestion: Type.Union([Suggestion, Type.Null()], {
      description: 'Null when nothing is denied, or when only a person can say what was meant.',
    }),
    plan: Type.Union([Plan, Type.Null()]),
  },
  { ...closed, $id: 'Evaluation' },
)

export type Violation = Static<typeof Violation>
export type Warning = Static<typeof Warning>
export type PatchOperation = Static<typeof PatchOperation>
export type Evaluation = Static<typeof Evaluation>
/** A verdict as it falls, before anybody looks for a way to put the job right. */
export type Judgement = Omit<Evaluation, 'suggestion'>

/** Where this service tells of a rule or a warning. */
export const ruleDocs = (id: string): string => `/v1/policy/rules/${id}`
