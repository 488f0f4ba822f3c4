// Artifacts of a finished job: their list, one of them as bytes, all of them as an archive.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Artifacts } from '../contract/artifact.js'
import { Problem } from '../contract/error.js'
import { NoQuery, OutputHeaders } from '../contract/http.js'
import type { KeptJob } from '../contract/result.js'
import { type ArchiveFormat, archiveFormats, archiveOf, packedFiles } from './artifact-archive.js'
import { callerOf } from './auth.js'
import { describeBytes, spanOf } from './byte-range.js'
import { checker } from './check.js'
import { streamOf } from './job-answer.js'
import { JobPath, jobIdOf } from './job-path.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

const ArtifactPath = Type.Object({
  ...JobPath.properties,
  '*': Type.String({ description: 'The artifact’s path.' }),
})

type Found = {
  readonly tenant: string
  readonly job: KeptJob
  readonly artifacts: Artifacts
}

/** @throws Refusal not-found */
async function find(service: Service, request: FastifyRequest): Promise<Found> {
  const { tenant } = callerOf(request)
  const jobId = jobIdOf(request)
  checkNoQuery(request.query)
  const job = await service.store.read(tenant, jobId)
  if (job === null) throw new Refusal('not-found')
  if (job.state !== 'finished')
    throw new Refusal('not-found', 'The job has not ended: artifacts are collected at its end.')
  if (job.artifacts === undefined) throw new Refusal('not-found', 'The job has no artifacts.')
  return { tenant, job, artifacts: job.artifacts }
}

/** The last name of a path, as a header can carry it. */
const plainName = (path: string): string =>
  (path.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9._-]/g, '_')

async function answerOne(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { tenant, job, artifacts } = await find(service, request)
  const { '*': path } = request.params as { '*': string }
  const file = packedFiles(artifacts.files).find((one) => one.path === path)
  if (file === undefined || artifacts.pack === null)
    throw new Refusal('not-found', 'The job has no such artifact.')
  const span = spanOf(request, file.bytes)
  const part = await service.store.outputs.openPart(tenant, job.id, artifacts.pack, file)
  const { start, end } = describeBytes(reply, plainName(path), file.bytes, span)
  return reply.send(streamOf(reply, part.read(start, end), part.close))
}

const mediaTypes: Readonly<Record<ArchiveFormat, string>> = {
  tar: 'application/x-tar',
  zip: 'application/zip',
}

async function answerArchive(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
  format: ArchiveFormat,
): Promise<FastifyReply> {
  const { tenant, job, artifacts } = await find(service, request)
  const { files, pack } = artifacts
  const opened = pack === null ? null : await service.store.outputs.open(tenant, job.id, pack)
  const archive = archiveOf(format, files, opened, new Date(job.finishedAt ?? 0))
  reply.headers({
    'content-type': mediaTypes[format],
    'content-disposition': `attachment; filename="${job.id}.${format}"`,
  })
  const close = async (): Promise<void> => {
    archive.destroy()
    await opened?.close()
  }
  return reply.send(streamOf(reply, archive, close))
}

const bytesOf = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: Type.String({ format: 'binary' }) } },
})

function routeArchive(app: FastifyInstance, service: Service, format: ArchiveFormat): void {
  app.get(`/v1/jobs/:id/artifacts.${format}`, {
    config: { scope: 'read' },
    schema: {
      operationId: format === 'tar' ? 'readArtifactsTar' : 'readArtifactsZip',
      tags: ['jobs'],
      summary: `Read all artifacts as ${format}`,
      description:
        'Written as it is sent. The bytes are checked before the first one is sent. Names are relative, without `..`, control characters and backslashes.',
      params: JobPath,
      querystring: NoQuery,
      produces: [mediaTypes[format]],
      response: { 200: bytesOf(mediaTypes[format], 'All of them.'), default: Problem },
    },
    handler: (request, reply) => answerArchive(service, request, reply, format),
  })
}

export function routeArtifacts(app: FastifyInstance, service: Service): void {
  app.get('/v1/jobs/:id/artifacts', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listArtifacts',
      tags: ['jobs'],
      summary: 'List artifacts',
      description: 'As in the job itself.',
      params: JobPath,
      querystring: NoQuery,
      response: { 200: Artifacts, default: Problem },
    },
    handler: async (request, reply) => reply.send((await find(service, request)).artifacts),
  })
  for (const format of archiveFormats) routeArchive(app, service, format)
  app.get('/v1/jobs/:id/artifacts/*', {
    config: { scope: 'read' },
    schema: {
      operationId: 'readArtifact',
      tags: ['jobs'],
      summary: 'Read one artifact',
      description:
        'Its bytes. One `Range` of them is understood. They are checked before the first one is sent.',
      params: ArtifactPath,
      querystring: NoQuery,
      headers: OutputHeaders,
      produces: ['application/octet-stream'],
      response: {
        200: bytesOf('application/octet-stream', 'All bytes.'),
        206: bytesOf('application/octet-stream', 'The bytes of the range.'),
        default: Problem,
      },
    },
    handler: (request, reply) => answerOne(service, request, reply),
  })
}
