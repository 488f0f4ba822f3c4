// Every error the API can answer: one table. `code` is stable for ever; docs/errors.md is generated from here.
import { type Static, Type } from 'typebox'
import { QuotaState } from './quota.js'
import { Suggestion, Violation } from './verdict.js'

export type ErrorRow = { readonly status: number; readonly title: string; readonly meaning: string }

export const errors = {
  'malformed-json': {
    status: 400,
    title: 'The body is not JSON',
    meaning: 'Send one JSON value, UTF-8, without duplicate or forbidden keys.',
  },
  'invalid-request': {
    status: 400,
    title: 'The request does not match the schema',
    meaning: 'Each fault is named in `violations` with a JSON pointer.',
  },
  'invalid-header': {
    status: 400,
    title: 'A header or query value is not usable',
    meaning: 'The detail names it.',
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not one of ours',
    meaning: 'Use the `next` of the last page.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid key',
    meaning: 'Send `Authorization: Bearer <key>`. The key may be unknown, expired or revoked.',
  },
  'scope-missing': {
    status: 403,
    title: 'The key lacks a scope',
    meaning: 'The detail names the scope.',
  },
  'tenant-disabled': {
    status: 403,
    title: 'Your tenant is disabled',
    meaning: 'The operator has switched it off; its keys work again when they switch it on.',
  },
  'policy-denied': {
    status: 403,
    title: 'Policy denies this job',
    meaning: 'Each reason is in `violations`, with its rule id and a JSON pointer.',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    meaning: 'The path or the id is unknown to this tenant.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not take this method',
    meaning: 'See /openapi.json.',
  },
  'not-acceptable': {
    status: 406,
    title: 'No such representation',
    meaning: 'Events are `text/event-stream`; all else is JSON.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'Send headers and body without long pauses.',
  },
  'idempotency-conflict': {
    status: 409,
    title: 'The idempotency key was used for another request',
    meaning: 'Use a new key for a new job.',
  },
  'webhook-secret-missing': {
    status: 409,
    title: 'Your tenant has no secret for webhooks',
    meaning:
      'A `callback` is told only what is signed. The operator makes the secret: `./stockade tenant webhook-secret NAME`.',
  },
  'unknown-dependency': {
    status: 409,
    title: 'It is to run after a job that there is not',
    meaning:
      'The detail names it. A job that is no longer kept is none; `after` takes your own jobs alone.',
  },
  'too-many-dependents': {
    status: 409,
    title: 'Too many jobs wait for one',
    meaning: 'The detail names it. At most 1000 jobs may be to run after one.',
  },
  conflict: {
    status: 409,
    title: 'It cannot be done as things stand',
    meaning: 'The detail says what is in the way.',
  },
  'revision-mismatch': {
    status: 412,
    title: 'It has been changed meanwhile',
    meaning: 'Read it again, and send its `ETag` as `If-Match`.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    meaning: 'The detail names the limit in bytes.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is not application/json',
    meaning: 'Send `Content-Type: application/json`.',
  },
  'revision-required': {
    status: 428,
    title: 'Say which revision you mean to change',
    meaning: 'Send the `ETag` of what you have read as `If-Match`, or `*` for whatever it is.',
  },
  'queue-full': {
    status: 429,
    title: 'The queue is full',
    meaning: 'Try again after `Retry-After` seconds.',
  },
  'tenant-queue-full': {
    status: 429,
    title: 'Too many of your jobs are waiting',
    meaning: 'Try again after `Retry-After` seconds.',
  },
  'quota-exceeded': {
    status: 429,
    title: 'A quota of your tenant is used up',
    meaning:
      '`quota` says which, and when some of it is free again; try again after `Retry-After` seconds. Nothing was queued.',
  },
  'too-many-waits': {
    status: 429,
    title: 'Too many of your requests and event streams are waiting',
    meaning:
      'Try again after `Retry-After` seconds, or send jobs without `wait` and read them later. Nothing was queued.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests with this key',
    meaning:
      'Try again after `Retry-After` seconds; wait for a job with `wait` or its events, instead of asking again and again. Jobs that are sent are not counted here.',
  },
  'too-many-connections': {
    status: 429,
    title: 'Too many connections from your address',
    meaning: 'Use fewer connections, and each for many requests.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The output has no such bytes',
    meaning: '`Content-Range` says how many it has.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    meaning: 'Send fewer or shorter headers.',
  },
  internal: { status: 500, title: 'Our fault', meaning: 'It is logged under the request id.' },
  'output-lost': {
    status: 500,
    title: 'The output of this job is lost',
    meaning:
      'Its file is missing or damaged, and no part of it is given. How the job ended stands in the list of jobs.',
  },
  'store-full': {
    status: 503,
    title: 'The queue’s store is nearly full',
    meaning:
      'Nothing was accepted. Old results are being removed: try again after `Retry-After` seconds.',
  },
  'audit-unavailable': {
    status: 503,
    title: 'The audit log cannot be written',
    meaning:
      'Nothing was accepted, since it could not be written down. The operator looks at the disk: try again after `Retry-After` seconds.',
  },
  'store-unavailable': {
    status: 503,
    title: 'The queue’s store cannot be reached',
    meaning:
      'Try again after `Retry-After` seconds; with an `Idempotency-Key` a job is never taken twice.',
  },
  'not-ready': {
    status: 503,
    title: 'This process cannot serve jobs yet',
    meaning: 'The detail says what is missing: no image has been built, for example.',
  },
  'shutting-down': {
    status: 503,
    title: 'This process is ending',
    meaning: 'Try again; another one answers.',
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errors
export const errorCodes = Object.keys(errors) as ErrorCode[]

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A link to the error’s page.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum([...errorCodes]),
    detail: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String()),
    violations: Type.Optional(Type.Array(Violation)),
    quota: Type.Optional(
      Type.Object(QuotaState.properties, {
        additionalProperties: false,
        description: 'For 429 by a quota of the tenant: which, and how it stands.',
      }),
    ),
    suggestion: Type.Optional(Suggestion),
  },
  { additionalProperties: false, $id: 'Problem', description: 'RFC 9457 problem details.' },
)
export type Problem = Static<typeof Problem>
