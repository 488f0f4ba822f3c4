// A typed client of the HTTP interface, on fetch alone. Its types are the contract's own.
import type { Problem } from '../contract/error.js'
import type { EventName } from '../contract/event.js'
import type { ImageList, JobPage, LanguageList, RuleList } from '../contract/http.js'
import type { JobSpec } from '../contract/job.js'
import type { KeyCreated, KeyCreation, KeyList, KeyRotation } from '../contract/key.js'
import type { Outcome } from '../contract/outcome.js'
import type { Job, JobState } from '../contract/result.js'
import type { Tenant, TenantChange, TenantCreation, TenantList } from '../contract/tenant.js'
import type { UsageAnswer, UsageQuery } from '../contract/usage.js'
import type { Evaluation } from '../contract/verdict.js'

/** An answer that is a problem. */
export class StockadeError extends Error {
  readonly problem: Problem
  /** Seconds after which trying again makes sense, when the service said so. */
  readonly retryAfterSeconds: number | null
  constructor(problem: Problem, retryAfterSeconds: number | null) {
    super(problem.detail ?? problem.title)
    this.problem = problem
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type CreateOptions = { readonly waitSeconds?: number; readonly idempotencyKey?: string }
export type ListOptions = {
  readonly state?: JobState
  readonly outcome?: Outcome
  readonly label?: readonly [string, string]
  readonly cursor?: string
  readonly limit?: number
}
export type JobEvent = {
  readonly id: string | null
  readonly name: EventName
  readonly data: unknown
}

export type Client = {
  create(spec: JobSpec, options?: CreateOptions): Promise<Job>
  read(jobId: string, options?: { readonly waitSeconds?: number }): Promise<Job>
  cancel(jobId: string): Promise<Job>
  /** What a step of a finished job wrote, byte for byte. */
  output(
    jobId: string,
    step: string,
    stream: 'stdout' | 'stderr',
  ): Promise<ReadableStream<Uint8Array>>
  list(options?: ListOptions): Promise<JobPage>
  /** Until `result`, over lost connections. Abort to stop earlier. */
  events(
    jobId: string,
    options?: { readonly afterId?: string; readonly signal?: AbortSignal },
  ): AsyncGenerator<JobEvent>
  evaluate(spec: JobSpec): Promise<Evaluation>
  rules(): Promise<RuleList>
  languages(): Promise<LanguageList>
  images(): Promise<ImageList>
  usage(query?: UsageQuery): Promise<UsageAnswer>
  /** With a key that has the scope `admin`. */
  readonly admin: AdminClient
}

export type AdminClient = {
  tenants(): Promise<TenantList>
  tenant(name: string): Promise<Tenant>
  createTenant(wish: TenantCreation): Promise<Tenant>
  /** @throws StockadeError revision-mismatch when another admin was faster. */
  changeTenant(name: string, revision: number, change: TenantChange): Promise<Tenant>
  deleteTenant(name: string, revision: number): Promise<void>
  keys(): Promise<KeyList>
  createKey(wish: KeyCreation): Promise<KeyCreated>
  rotateKey(id: string, rotation?: KeyRotation): Promise<KeyCreated>
  revokeKey(id: string): Promise<void>
}

type Send = (path: string, init?: RequestInit) => Promise<Response>

function sender(origin: string, key: string): Send {
  return async (path, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${key}`)
    if (init.body !== undefined) headers.set('content-type', 'application/json')
    const response = await fetch(`${origin}${path}`, { ...init, headers })
    if (response.ok) return response
    const retryAfter = response.headers.get('retry-after')
    throw new StockadeError(
      (await response.json()) as Problem,
      retryAfter === null ? null : Number(retryAfter),
    )
  }
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

function eventOf(frame: string): JobEvent | null {
  const fields = new Map<string, string>()
  for (const line of frame.split('\n')) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, value)
  }
  const name = fields.get('event')
  if (name === undefined) return null
  return {
    id: fields.get('id') ?? null,
    name: name as EventName,
    data: JSON.parse(fields.get('data') ?? 'null'),
  }
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<JobEvent> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const event = eventOf(text.slice(0, end))
      text = text.slice(end + 2)
      if (event !== null) yield event
    }
  }
}

async function* follow(
  send: Send,
  jobId: string,
  afterId: string | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEvent> {
  let lastId = afterId
  for (;;) {
    const headers = {
      accept: 'text/event-stream',
      ...(lastId === null ? {} : { 'last-event-id': lastId }),
    }
    const response = await send(`/v1/jobs/${jobId}/events`, {
      headers,
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      for await (const event of eventsOf(response.body ?? new ReadableStream())) {
        yield event
        lastId = event.id ?? lastId
        if (event.name === 'result') return
      }
    } catch {
      // A lost connection is taken up again after the last event; anything else the next request will tell.
    }
    signal?.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

function adminClient(send: Send): AdminClient {
  const call = async <Answer>(
    method: string,
    path: string,
    body?: unknown,
    revision?: number,
  ): Promise<Answer> => {
    const response = await send(`/v1/admin/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(revision === undefined ? {} : { headers: { 'if-match': `"${revision}"` } }),
    })
    return (response.status === 204 ? undefined : await response.json()) as Answer
  }
  return {
    tenants: () => call('GET', 'tenants'),
    tenant: (name) => call('GET', `tenants/${name}`),
    createTenant: (wish) => call('POST', 'tenants', wish),
    changeTenant: (name, revision, change) => call('PATCH', `tenants/${name}`, change, revision),
    deleteTenant: (name, revision) => call('DELETE', `tenants/${name}`, undefined, revision),
    keys: () => call('GET', 'keys'),
    createKey: (wish) => call('POST', 'keys', wish),
    rotateKey: (id, rotation = {}) => call('POST', `keys/${id}/rotate`, rotation),
    revokeKey: (id) => call('DELETE', `keys/${id}`),
  }
}

export function openClient(options: { readonly origin: string; readonly key: string }): Client {
  const send = sender(options.origin, options.key)
  const get = async <Answer>(path: string): Promise<Answer> =>
    (await (await send(path)).json()) as Answer
  const post = async <Answer>(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    (await (
      await send(path, { method: 'POST', body: JSON.stringify(body), headers })
    ).json()) as Answer
  return {
    create(spec, { waitSeconds, idempotencyKey } = {}) {
      const headers: Record<string, string> =
        idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
      return post(`/v1/jobs${queryOf({ wait: waitSeconds })}`, spec, headers)
    },
    read: (jobId, { waitSeconds } = {}) =>
      get(`/v1/jobs/${jobId}${queryOf({ wait: waitSeconds })}`),
    cancel: async (jobId) =>
      (await (await send(`/v1/jobs/${jobId}`, { method: 'DELETE' })).json()) as Job,
    output: async (jobId, step, stream) =>
      (await send(`/v1/jobs/${jobId}/output/${step}/${stream}`)).body ?? new ReadableStream(),
    list: ({ label, ...rest } = {}) =>
      get(`/v1/jobs${queryOf({ ...rest, label: label?.join('=') })}`),
    events: (jobId, { afterId, signal } = {}) => follow(send, jobId, afterId ?? null, signal),
    evaluate: (spec) => post('/v1/policy/evaluate', spec),
    rules: () => get('/v1/policy/rules'),
    languages: () => get('/v1/languages'),
    images: () => get('/v1/images'),
    usage: (query = {}) => get(`/v1/usage${queryOf(query)}`),
    admin: adminClient(send),
  }
}
