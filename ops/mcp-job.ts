// Tools of the MCP server about jobs: run one and wait for its end, look at one, end one.
import { Type } from 'typebox'
import type { Client } from '../api/client.js'
import { JobSpec } from '../contract/job.js'
import type { Job } from '../contract/result.js'
import { type Said, toolOf } from './mcp-tool.js'

/** What an agent is shown of one stream; the rest would fill its context. The service keeps all of it. Characters. */
const shownMax = 32_768
const waitSecondsDefault = 60
const waitSecondsMax = 600

const { language, source, image, command, files, stdin, env, workdir, limits } = JobSpec.properties

/** What a program needs, of all that a job may have. */
export const program = {
  language,
  source,
  image,
  command,
  arguments: JobSpec.properties.arguments,
  files,
  stdin,
  env,
  workdir,
  limits,
} as const

const closed = { additionalProperties: false } as const
const jobId = Type.String({ pattern: '^job_[0-9a-z]{26}$', description: 'As `run` has said it.' })
const waitSeconds = (whenAbsent: number) =>
  Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: waitSecondsMax,
      description: `How long to wait for the end, seconds. Default ${whenAbsent}.`,
    }),
  )

type Shown = { readonly text: string; readonly leftOut: number }

/** The beginning and the end, where there is too much. */
function shownOf(stream: string | null): Shown {
  const text = stream ?? ''
  if (text.length <= shownMax) return { text, leftOut: 0 }
  const leftOut = text.length - shownMax
  const first = Math.floor(shownMax / 2)
  const cut = `\n[… ${leftOut} characters are left out here …]\n`
  return {
    text: text.slice(0, first) + cut + text.slice(text.length - (shownMax - first)),
    leftOut,
  }
}

function streamLines(name: string, { text }: Shown, isBase64: boolean): string[] {
  return text === '' ? [] : ['', `${name}${isBase64 ? ' (base64: it is no UTF-8)' : ''}:`, text]
}

function endOf({ outcome, exitCode, signal, cause, failedStep }: Job): string {
  const how = [
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
    ...(signal === null ? [] : [`signal ${signal}`]),
    ...(failedStep === null ? [] : [`step ${failedStep}`]),
  ]
  const why = cause === null ? '' : ` ${cause.message}`
  return `${outcome}${how.length === 0 ? '' : ` (${how.join(', ')})`}.${why}`
}

function said(job: Job): Said {
  const { id, state, outcome, exitCode, signal, cause, failedStep, usage, truncated, encoding } =
    job
  if (state !== 'finished') {
    const text = `${id} is ${state}. Ask again with read_job, or end it with cancel_job.`
    return { text, data: { job: id, state } }
  }
  const [stdout, stderr] = [shownOf(job.stdout), shownOf(job.stderr)]
  const lines = [
    `${id}: ${endOf(job)}`,
    ...(usage === null
      ? []
      : [
          `${usage.wallMs} ms, ${usage.cpuMs} ms of processor, ${usage.memoryPeakBytes} bytes of memory`,
        ]),
    ...(truncated ? ['The output was longer than its limit, and is cut.'] : []),
    ...streamLines('stdout', stdout, encoding?.stdout === 'base64'),
    ...streamLines('stderr', stderr, encoding?.stderr === 'base64'),
  ]
  const data = {
    ...{ job: id, state, outcome, exitCode, signal, cause, failedStep, usage, truncated },
    ...{ stdout: stdout.text, stderr: stderr.text, encoding },
    leftOut: { stdout: stdout.leftOut, stderr: stderr.leftOut },
  }
  return { text: lines.join('\n'), data }
}

/** Until it has ended or time is up. A client that gives up ends the job, which nobody else waits for. */
async function awaitEnd(
  client: Client,
  id: string,
  seconds: number,
  signal: AbortSignal | null,
): Promise<Job> {
  const time = AbortSignal.timeout(seconds * 1000)
  try {
    const until = signal === null ? time : AbortSignal.any([time, signal])
    for await (const { name } of client.events(id, { signal: until })) if (name === 'result') break
  } catch (error) {
    if (signal?.aborted) return await client.cancel(id)
    if (!time.aborted) throw error
  }
  return await client.read(id)
}

const run = toolOf({
  name: 'run',
  title: 'Run a program in a sandbox',
  description:
    'Runs code in a language (`language` and `source`), or a command in an image (`image` and `command`), in a fresh sandbox without ' +
    'network that nothing survives, and answers how it ended, with its output. `files` are put into its working directory, `stdin` is its ' +
    'standard input. See `languages` for what there is. A refusal says every reason at once.',
  input: Type.Object(
    { ...program, waitSeconds: waitSeconds(waitSecondsDefault) },
    { ...closed, description: 'A program and how long to wait for it.' },
  ),
  isReadOnly: false,
  async call(client, { waitSeconds: seconds = waitSecondsDefault, ...spec }, signal) {
    const { id } = await client.create(spec)
    return said(await awaitEnd(client, id, seconds, signal))
  },
})

const readJob = toolOf({
  name: 'read_job',
  title: 'Look at a job',
  description: 'How a job stands, or how it ended with its output; waits for its end if asked to.',
  input: Type.Object({ job: jobId, waitSeconds: waitSeconds(0) }, closed),
  isReadOnly: true,
  async call(client, { job: id, waitSeconds: seconds = 0 }) {
    const job = await client.read(id)
    return said(
      job.state === 'finished' || seconds === 0 ? job : await awaitEnd(client, id, seconds, null),
    )
  },
})

const cancelJob = toolOf({
  name: 'cancel_job',
  title: 'End a job',
  description: 'Ends a job that waits or runs. One that has ended stays as it is.',
  input: Type.Object({ job: jobId }, closed),
  isReadOnly: false,
  call: async (client, { job }) => said(await client.cancel(job)),
})

export const jobTools = [run, readJob, cancelJob]
