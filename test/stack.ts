// The running stack as the tests see it: tenants of their own on the instance that test/run has brought up, and root for
// looking at the host's side.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { JobSpec } from '../contract/job.js'
import type { Job } from '../contract/result.js'
import { repository } from './tidy-source.js'

export const instance = process.env.STOCKADE_TEST_INSTANCE ?? 'stockade-test'
export const address = process.env.STOCKADE_TEST_ADDRESS ?? '127.0.0.1:7170'
export const port = address.slice(address.lastIndexOf(':') + 1)

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null when it is none. */
  readonly json: unknown
}
export type Event = { readonly id: string; readonly name: string; readonly data: unknown }

export type Tenant = {
  readonly name: string
  readonly key: string
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** Sends a job and does not wait. @throws Error unless it was accepted. */
  submit(spec: JobSpec): Promise<Job>
  /** Waits for the end of a job. @throws LostJob */
  finished(jobId: string): Promise<Job>
  /** Sends a job and waits for its end. */
  run(spec: JobSpec): Promise<Job>
  /** All events of a job until its result. */
  events(jobId: string, lastEventId?: string): AsyncGenerator<Event>
}

const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']

/** Runs a command as root and gives its standard output. @throws Error when it fails. */
export function asRoot(command: readonly string[], input = ''): string {
  const [program = 'true', ...rest] = [...sudo, ...command]
  return execFileSync(program, rest, {
    encoding: 'utf8',
    input,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Runs a command as root that may fail. */
export function tryAsRoot(command: readonly string[]): { status: number | null; stdout: string } {
  const [program = 'true', ...rest] = [...sudo, ...command]
  const { status, stdout } = spawnSync(program, rest, { encoding: 'utf8' })
  return { status, stdout }
}

export type ServiceName = 'redis' | 'launcher' | 'worker' | 'api'

/** Host pid of a service, by the same words that an operator reads. @throws Error when it does not run. */
export function servicePid(service: ServiceName): number {
  const { stdout } = tryAsRoot([join(repository, 'stockade'), 'status', '--instance', instance])
  const pid = new RegExp(`^${service}\\s+running\\s+(\\d+)`, 'm').exec(stdout)?.[1]
  if (pid === undefined) throw new Error(`${service} of ${instance} does not run:\n${stdout}`)
  return Number(pid)
}

/** Stops or starts one service by whatever supervises it here. */
export function supervise(verb: 'stop' | 'start', service: ServiceName): void {
  const bySystemd = ['systemctl', verb, `${instance}-${service}`]
  const byRunit = ['sv', '-w', '30', verb, `/var/lib/${instance}/service/${service}`]
  asRoot(existsSync('/run/systemd/system') ? bySystemd : byRunit)
}

/** Tries again while the service is away, up to a minute: what a careful client does. */
export async function persist<Result>(attempt: () => Promise<Result>): Promise<Result> {
  const end = Date.now() + 60_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > end || error instanceof LostJob) throw error
      await setTimeout(100)
    }
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  let json: unknown = null
  try {
    json = JSON.parse(text)
  } catch {
    // Not every answer is JSON, and that is for the test to judge.
  }
  return { status: response.status, headers: response.headers, text, json }
}

/** What a request hears on a connection that its server has closed, in the order in which the kernel may find it out. */
const closedByServer: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'EPIPE', 'ECONNRESET'])

/**
 * A test that holds this process for half a minute (a compiler, a control) finds its kept connection closed by the server, which has not
 * read anything of the request then: once more, on a new one.
 */
async function send(path: string, options: RequestInit): Promise<Response> {
  const url = `http://${address}${path}`
  try {
    return await fetch(url, options)
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    if (!closedByServer.has(cause?.code ?? '')) throw error
    return await fetch(url, options)
  }
}

/** Server-Sent Events, as the WHATWG HTML standard cuts them. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string): string =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).trimStart())
          .join('\n')
      if (field('data') !== '') {
        yield { id: field('id'), name: field('event'), data: JSON.parse(field('data')) }
      }
    }
  }
}

function accepted(answer: Answer): Job {
  if (answer.status !== 200 && answer.status !== 202) {
    throw new Error(`${answer.status}: ${answer.text}`)
  }
  return answer.json as Job
}

/** Longest `wait` of one request, seconds: below the idle times of anything between. */
const waitSeconds = 30
/** How many times as long things take here: more than 1 where the processor is emulated. */
export const patience = Number(process.env.STOCKADE_TEST_PATIENCE ?? 1)
/** No job of any test takes this long, its queue included: a job that does has been lost. */
const finishedSeconds = 150 * patience

/** A job that never ended. Never tried again. */
export class LostJob extends Error {}

export function tenantOf(name: string, key: string): Tenant {
  const request: Tenant['request'] = async (method, path, body, headers = {}) =>
    answerOf(
      await send(path, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
  const finished: Tenant['finished'] = async (jobId) => {
    for (let waited = 0; waited < finishedSeconds; waited += waitSeconds) {
      const job = accepted(await request('GET', `/v1/jobs/${jobId}?wait=${waitSeconds}`))
      if (job.state === 'finished') return job
    }
    throw new LostJob(`${jobId} has not ended after ${finishedSeconds} seconds`)
  }
  return {
    name,
    key,
    request,
    finished,
    submit: async (spec) => accepted(await request('POST', '/v1/jobs', spec)),
    run: async (spec) => {
      const job = accepted(await request('POST', `/v1/jobs?wait=${waitSeconds}`, spec))
      return job.state === 'finished' ? job : finished(job.id)
    },
    async *events(jobId, lastEventId) {
      const response = await fetch(`http://${address}/v1/jobs/${jobId}/events`, {
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'text/event-stream',
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
      })
      if (response.status !== 200 || response.body === null) throw new Error(await response.text())
      yield* readEvents(response.body)
    },
  }
}

/** A tenant with a new key, from the same command that an operator uses. */
export function openTenant(name: string, grant = 'untrusted'): Tenant {
  const command = ['key', 'create', '--tenant', name, '--grant', grant, '--instance', instance]
  return tenantOf(name, asRoot([join(repository, 'stockade'), ...command]).trim())
}

/** Bytes that a job wrote, whatever their encoding in the answer. */
export function outputOf(job: Job, stream: 'stdout' | 'stderr' = 'stdout'): Buffer {
  return Buffer.from(job[stream] ?? '', job.encoding?.[stream] === 'base64' ? 'base64' : 'utf8')
}

/** A short account of how a job ended, for a failing test's message. */
export function accountOf(job: Job): string {
  const { id, outcome, cause, exitCode, signal, stdout, stderr } = job
  const cut = (text: string | null): string => (text ?? '').slice(0, 2000)
  return JSON.stringify({
    id,
    outcome,
    cause,
    exitCode,
    signal,
    stdout: cut(stdout),
    stderr: cut(stderr),
  })
}
