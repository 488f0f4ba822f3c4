// A file that a job brings along, for itself, for one of its tests or for a checker.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Largest source or file that a job may carry inline, bytes. The HTTP body limit is larger by the JSON escapes. */
export const contentBytesMax = 16 * 1024 * 1024

export const JobFile = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        'Where in the workspace: relative, without `.` or `..` components, NUL or control characters.',
    }),
    content: Type.Optional(
      Type.String({ maxLength: contentBytesMax, description: 'The file as text (UTF-8).' }),
    ),
    contentBase64: Type.Optional(
      Type.String({
        maxLength: Math.ceil(contentBytesMax / 3) * 4,
        description: 'The file as bytes, base64.',
      }),
    ),
    mode: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 0o7777,
        description: 'Permission bits, as a number: 420 is rw-r--r--. Default 420.',
      }),
    ),
  },
  closed,
)

export type JobFile = Static<typeof JobFile>
