// What this machine can run: images built at set-up, languages as data. Written by set-up, read by api and worker.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

export const ImageEntry = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
    digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    languages: Type.Record(Type.String(), Type.Object({ version: Type.String() }, closed)),
    bytes: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export const ImageIndex = Type.Object(
  { images: Type.Array(ImageEntry) },
  { ...closed, $id: 'ImageIndex' },
)

const Argv = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })

/** One file of profiles/languages/: how a language is compiled and run. */
export const Language = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z][a-z0-9+.-]{0,31}$' }),
    title: Type.String(),
    toolchain: Type.String({ description: 'The key in an image’s `languages`.' }),
    sourceFile: Type.String({ pattern: '^[A-Za-z0-9._-]+$' }),
    compile: Type.Union([Argv, Type.Null()]),
    run: Argv,
    environment: Type.Record(Type.String(), Type.String()),
    processesMinimum: Type.Integer({
      minimum: 1,
      description: 'Threads that the runtime itself needs.',
    }),
    memoryMinimumBytes: Type.Integer({
      minimum: 1,
      description: 'Memory that the runtime itself needs.',
    }),
    hello: Type.String({ description: 'A program that prints "hello"; a test runs it.' }),
  },
  { ...closed, $id: 'Language' },
)

export type ImageEntry = Static<typeof ImageEntry>
export type ImageIndex = Static<typeof ImageIndex>
export type Language = Static<typeof Language>

/** Images and languages together: what a request can be resolved against. */
export type Catalogue = {
  readonly images: readonly ImageEntry[]
  readonly languages: readonly Language[]
}
