// Every error that leaves the service: RFC 9457 problem details, from the one table in contract/error.ts.
import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errors, type Problem } from '../contract/error.js'
import type { QuotaState } from '../contract/quota.js'
import type { PatchOperation, Violation } from '../contract/verdict.js'
import { escapeControls } from '../policy/wording.js'
import { StoreUnavailable } from '../queue/connect.js'
import { CursorError } from '../queue/job-store.js'
import { OutputLost } from '../queue/output-store.js'

export const problemType = 'application/problem+json'

/** An expected no. Thrown inside a request, answered as a problem. `detail` is public. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly violations: readonly Violation[] | undefined
  readonly quota: QuotaState | undefined
  readonly suggestion: readonly PatchOperation[] | undefined
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: ErrorCode,
    detail?: string,
    more: {
      violations?: readonly Violation[]
      quota?: QuotaState
      suggestion?: readonly PatchOperation[]
      headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(detail ?? errors[code].title)
    this.code = code
    this.detail = detail
    this.violations = more.violations
    this.quota = more.quota
    this.suggestion = more.suggestion
    this.headers = more.headers ?? {}
  }
}

/** The problem document as text. `docsUrl` is where error links point. */
export function problemText(
  docsUrl: string,
  requestId: string | undefined,
  refusal: Refusal,
): string {
  const row = errors[refusal.code]
  const problem: Problem = {
    type: `${docsUrl}/errors/${refusal.code}`,
    title: row.title,
    status: row.status,
    code: refusal.code,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(refusal.violations === undefined ? {} : { violations: [...refusal.violations] }),
    ...(refusal.quota === undefined ? {} : { quota: refusal.quota }),
    ...(refusal.suggestion === undefined ? {} : { suggestion: [...refusal.suggestion] }),
  }
  // It repeats what was asked, and may be shown in a terminal.
  return escapeControls(JSON.stringify(problem))
}

/** Fastify's own errors that can reach a client, by their code. */
const byFrameworkCode: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload-too-large'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid-header',
    'Content-Length is not the length of the body.',
  ],
  FST_ERR_BAD_URL: ['invalid-header', 'The path is not valid percent-encoded UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found'],
  FST_ERR_NOT_FOUND: ['not-found'],
  FST_ERR_REOPENED_SERVER: ['shutting-down'],
}

/** Any error → the refusal that is answered. What is not expected is our fault, and says nothing of itself. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof StoreUnavailable) {
    return new Refusal('store-unavailable', undefined, { headers: { 'retry-after': '1' } })
  }
  if (error instanceof OutputLost) return new Refusal('output-lost')
  if (error instanceof CursorError) return new Refusal('invalid-cursor')
  const row = byFrameworkCode[(error as Partial<FastifyError>).code ?? '']
  return row === undefined ? new Refusal('internal') : new Refusal(...row)
}

export function sendRefusal(
  docsUrl: string,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  return reply
    .code(errors[refusal.code].status)
    .headers(refusal.headers)
    .type(problemType)
    .send(problemText(docsUrl, request.id, refusal))
}

/** The whole answer for a socket on which no request could be made out. The connection ends with it. */
export function rawProblem(docsUrl: string, refusal: Refusal): string {
  const { status } = errors[refusal.code]
  const body = problemText(docsUrl, undefined, refusal)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
