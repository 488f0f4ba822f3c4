// The bytes of one stream of one step as the program wrote them, whole or from a place on: for output that is large or no text.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../contract/error.js'
import { NoQuery, OutputHeaders } from '../contract/http.js'
import type { KeptJob, KeptOutput } from '../contract/result.js'
import { callerOf } from './auth.js'
import { describeBytes, spanOf } from './byte-range.js'
import { checker } from './check.js'
import { streamOf } from './job-answer.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

const OutputPath = Type.Object({
  ...JobPath.properties,
  step: Type.String({ pattern: '^[a-z0-9-]{1,64}$', description: 'The step’s name.' }),
  stream: Type.Enum(['stdout', 'stderr'], { description: 'Which stream.' }),
})

type Found = { readonly kept: KeptOutput; readonly encoding: 'utf8' | 'base64' }

/** @throws Refusal not-found */
function outputOf(job: KeptJob | null, step: string, stream: string): Found {
  if (job === null) throw new Refusal('not-found')
  if (job.state !== 'finished')
    throw new Refusal('not-found', 'The job has not ended: follow its events.')
  const found = job.steps.find(({ name }) => name === step)
  if (found === undefined || (stream !== 'stdout' && stream !== 'stderr'))
    throw new Refusal('not-found', 'The job has no such step or stream.')
  return { kept: found[stream], encoding: found.encoding[stream] }
}

async function answer(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { tenant } = callerOf(request)
  const jobId = jobIdOf(request)
  checkNoQuery(request.query)
  const { step, stream } = request.params as { step: string; stream: string }
  const { kept, encoding } = outputOf(await service.store.read(tenant, jobId), step, stream)
  const fileName = `${jobId}-${step}-${stream}`
  if (typeof kept === 'string') {
    const bytes = Buffer.from(kept, encoding)
    const { start, end } = describeBytes(
      reply,
      fileName,
      bytes.length,
      spanOf(request, bytes.length),
    )
    return reply.send(bytes.subarray(start, end))
  }
  const span = spanOf(request, kept.bytes)
  const output = await service.store.outputs.open(tenant, jobId, kept)
  const { start, end } = describeBytes(reply, fileName, kept.bytes, span)
  return reply.send(streamOf(reply, output.read(start, end), output.close))
}

const bytesOf = (description: string) => ({
  description,
  content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } },
})

export function routeOutput(app: FastifyInstance, service: Service): void {
  app.get('/v1/jobs/:id/output/:step/:stream', {
    config: { scope: 'read' },
    schema: {
      operationId: 'readOutput',
      tags: ['jobs'],
      summary: 'Read output as bytes',
      description:
        'What a step of a finished job wrote, byte for byte, without JSON: for output that is large or no text. One `Range` of bytes is ' +
        'understood. The bytes are checked before the first one is sent.',
      params: OutputPath,
      querystring: NoQuery,
      headers: OutputHeaders,
      produces: ['application/octet-stream'],
      response: {
        200: bytesOf('All bytes.'),
        206: bytesOf('The bytes of the range.'),
        default: Problem,
      },
    },
    handler: (request, reply) => answer(service, request, reply),
  })
}
