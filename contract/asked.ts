// Asked: what the jobs of the last day asked for, by kind, so that an operator can see what another grant would change for them.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Kinds of jobs kept of one tenant, and tenants of whom any are: those heard of last. */
export const askedKindsMax = 50
export const askedTenantsMax = 200
/** A kind that nobody asked for in so long is forgotten, milliseconds. */
export const askedKeepMs = 24 * 3_600_000
/** All that is kept, sealed; beyond it those tenants go who were heard of the longest ago. Bytes. */
export const askedAllBytesMax = 8 * 1_048_576
/** A job whose ask is longer, as JSON, is counted and not kept. Bytes. */
export const askedBytesMax = 4096

export const AskedKind = Type.Object(
  {
    tenant: Type.String(),
    grant: Type.String(),
    verdict: Type.Enum(['allow', 'deny'], { description: 'As it was judged then.' }),
    count: Type.Integer({
      minimum: 1,
      description: 'Jobs of this kind in the last day, to the hour.',
    }),
    lastAtMs: Type.Integer({ minimum: 0 }),
    ask: Type.Unknown({ description: 'Names and sizes alone (policy/kept-ask.ts).' }),
  },
  { ...closed, $id: 'AskedKind' },
)

export const AskedList = Type.Object(
  { asked: Type.Array(AskedKind) },
  { ...closed, $id: 'AskedList' },
)

export type AskedKind = Static<typeof AskedKind>
export type AskedList = Static<typeof AskedList>
