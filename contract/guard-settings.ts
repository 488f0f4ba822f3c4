// guard.yaml: the engine behind the guard, and the tenants at its door. docs/guard.md tells of each.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const port = Type.Integer({ minimum: 1024, maximum: 65_535 })

export const GuardTenant = Type.Object(
  {
    grant: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,62}$',
      description: 'The grant by which its requests are judged.',
    }),
    group: Type.Optional(
      Type.String({
        pattern: '^[a-z_][a-z0-9_-]{0,31}$',
        description: 'The UNIX group whose members may open its socket. Absent: root alone.',
      }),
    ),
    ports: Type.Optional(
      Type.Object(
        {
          address: Type.String({ pattern: '^\\d{1,3}(\\.\\d{1,3}){3}$' }),
          first: port,
          last: port,
        },
        { ...closed, description: 'Where its containers may publish ports. Absent: nowhere.' },
      ),
    ),
  },
  closed,
)

export const GuardSettings = Type.Object(
  {
    engine: Type.String({
      pattern: '^unix:///[^\\0]{1,100}$',
      description: 'The address of the engine.',
    }),
    metricsAddress: Type.Optional(
      Type.String({
        pattern: '^.+:\\d{1,5}$',
        description: 'Where /metrics is served. Absent: nowhere.',
      }),
    ),
    tenants: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), GuardTenant, closed),
  },
  { ...closed, $id: 'GuardSettings' },
)

export type GuardSettings = Static<typeof GuardSettings>
export type GuardTenant = Static<typeof GuardTenant>
