// What this machine can run: languages that some image has, and the images.
import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../contract/catalogue.js'
import { Problem } from '../contract/error.js'
import { ImageList, LanguageList, NoQuery } from '../contract/http.js'
import { checker } from './check.js'
import type { Service } from './service.js'

const checkNoQuery = checker(NoQuery, 'invalid-header', '/query')

function languagesOf({ languages, images }: Catalogue): LanguageList {
  const listed = languages.map((language) => ({
    name: language.name,
    title: language.title,
    compiled: language.compile !== null,
    sourceFile: language.sourceFile,
    images: images.flatMap((image) => {
      const toolchain = image.languages[language.toolchain]
      return toolchain === undefined ? [] : [{ image: image.name, version: toolchain.version }]
    }),
  }))
  return { languages: listed.filter((language) => language.images.length > 0) }
}

export function routeCatalogue(app: FastifyInstance, service: Service): void {
  app.get('/v1/languages', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listLanguages',
      tags: ['catalogue'],
      summary: 'List the languages',
      description: 'Those that an image of this machine has.',
      querystring: NoQuery,
      response: { 200: LanguageList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.send(languagesOf(service.files().catalogue))
    },
  })
  app.get('/v1/images', {
    config: { scope: 'read' },
    schema: {
      operationId: 'listImages',
      tags: ['catalogue'],
      summary: 'List the images',
      description: 'With their digests and what they contain.',
      querystring: NoQuery,
      response: { 200: ImageList, default: Problem },
    },
    handler: async (request, reply) => {
      checkNoQuery(request.query)
      return reply.send({ images: service.files().catalogue.images })
    },
  })
}
