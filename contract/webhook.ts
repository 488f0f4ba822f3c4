// Webhooks: what a receiver is sent, how it is signed (Standard Webhooks 1.0.0), and what a tenant sees of each delivery.
import { type Static, Type } from 'typebox'
import { BatchEnd } from './batch.js'
import { Job } from './result.js'

const closed = { additionalProperties: false } as const

/** States of which a receiver is told. */
export const callbackStates = ['queued', 'running', 'finished'] as const
export type CallbackState = (typeof callbackStates)[number]

export const webhookTypes = ['job.queued', 'job.running', 'job.finished', 'batch.finished'] as const
export type WebhookType = (typeof webhookTypes)[number]

/** Deliveries of one job at most, so that one that is given back again and again does not fill Redis. The end is always told. */
export const deliveriesMax = 16
/** Deliveries of one tenant that wait at one time, at most: what comes beyond that ends as `failed` at once. */
export const tenantDeliveriesMax = 10_000
/** Deliveries of one tenant that are being sent at one time, by all api processes together. */
export const tenantSendsMax = 8
/** What the deliveries of one job take of Redis, reserved when it is accepted. Bytes. */
export const deliveriesBytes = 4096

export const deliveryStates = ['waiting', 'delivered', 'failed', 'refused'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** Why a try did not succeed, in words that say nothing of our own network. */
export const deliveryFaults = [
  'status',
  'timed-out',
  'unresolved',
  'address-refused',
  'callback-refused',
  'not-connected',
  'tls',
  'answer-refused',
  'no-secret',
  'too-many-waiting',
] as const
export type DeliveryFault = (typeof deliveryFaults)[number]

const Instant = Type.String({ description: 'RFC 3339, UTC, milliseconds.' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const Delivery = Type.Object(
  {
    id: Type.String({
      description: 'The same for each try: a receiver that has seen it has it already.',
    }),
    type: Type.Enum([...webhookTypes]),
    state: Type.Enum([...deliveryStates], {
      description:
        '`failed`: tried as often as it may be, or answered 410. `refused`: nothing was sent, since the address, the grant or the tenant does not allow it.',
    }),
    tries: Type.Integer({ minimum: 0 }),
    lastStatus: orNull(
      Type.Integer({ description: 'HTTP status of the last answer. Nothing else of it is kept.' }),
    ),
    lastFault: orNull(Type.Enum([...deliveryFaults], { description: 'What was wrong last.' })),
    happenedAt: Instant,
    lastTriedAt: orNull(Instant),
    nextTryAt: orNull(Instant),
  },
  { ...closed, description: 'One message to a callback.' },
)
export type Delivery = Static<typeof Delivery>

export const DeliveryList = Type.Object(
  {
    deliveries: Type.Array(Delivery, { description: 'In the order in which things happened.' }),
    omitted: Type.Integer({
      minimum: 0,
      description: `States that were not told, since a job has ${deliveriesMax} deliveries at most. The end is always told.`,
    }),
  },
  { ...closed, $id: 'DeliveryList' },
)
export type DeliveryList = Static<typeof DeliveryList>

export const WebhookMessage = Type.Object(
  {
    type: Type.Enum([...webhookTypes]),
    timestamp: Type.String({ description: 'When it happened: RFC 3339, UTC, milliseconds.' }),
    data: Type.Object(
      {
        job: Type.Optional(
          Type.Object(Job.properties, { ...closed, description: 'As it stands in a list.' }),
        ),
        batch: Type.Optional(BatchEnd),
      },
      { ...closed, description: 'One of the two, as `type` says.' },
    ),
  },
  { ...closed, $id: 'WebhookMessage', description: 'The body that a receiver is sent.' },
)
export type WebhookMessage = Static<typeof WebhookMessage>

/** How long both secrets sign after a rotation when nothing is said. Seconds. */
export const secretOverlapSecondsDefault = 86_400

/** What is stored of a tenant’s secrets, sealed. */
export const WebhookSecretRecord = Type.Object(
  {
    tenant: Type.String(),
    secret: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$', description: '32 bytes, base64.' }),
    createdAtMs: Type.Integer({ minimum: 0 }),
    previous: Type.Union([
      Type.Object(
        {
          secret: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }),
          untilMs: Type.Integer({ minimum: 0 }),
        },
        closed,
      ),
      Type.Null(),
    ]),
  },
  { ...closed, $id: 'WebhookSecretRecord' },
)
export type WebhookSecretRecord = Static<typeof WebhookSecretRecord>

export const WebhookSecretRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30 * 86_400,
        description: `How long the secret that there was signs as well. Default ${secretOverlapSecondsDefault}.`,
      }),
    ),
  },
  { ...closed, $id: 'WebhookSecretRotation' },
)
export type WebhookSecretRotation = Static<typeof WebhookSecretRotation>

export const WebhookSecret = Type.Object(
  {
    tenant: Type.String(),
    secret: Type.String({
      description:
        '`whsec_` and 32 bytes in base64. This answer is the only place where it stands.',
    }),
    createdAt: Instant,
    previousUntil: orNull(
      Type.String({ description: 'Until when the secret before it signs, too.' }),
    ),
  },
  { ...closed, $id: 'WebhookSecret' },
)
export type WebhookSecret = Static<typeof WebhookSecret>
