// Artifacts: files of the workspace that are kept when the job has ended.
import { type Static, Type } from 'typebox'
import { leftOutReasons } from './collect.js'

const closed = { additionalProperties: false } as const
const count = (description: string) => Type.Integer({ minimum: 0, description })

export const artifactPatternsMax = 32
/** Files of one job, whatever its grant: each has a line in the job’s record. */
export const artifactFilesMax = 1000
/** Bytes of all paths of one job, and of one path. */
export const artifactNamesBytesMax = 131_072
export const artifactPathBytesMax = 1024
/** Files that were left out and are told by name. */
export const artifactLeftOutMax = 20

export const artifactConditions = ['always', 'success'] as const

export const JobArtifact = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        'Relative to the workspace. `*` stands for any characters of one name, `?` for one, `**` for any directories. A directory means all ' +
        'beneath it. With `!` before it, it takes out what an earlier one has taken in.',
    }),
    when: Type.Optional(
      Type.Enum([...artifactConditions], {
        description:
          '`always` (default): also when the job has failed. `success`: only when it has not. A job that was cancelled has none.',
      }),
    ),
  },
  closed,
)

export const artifactReasons = [...leftOutReasons, 'unsafe-name'] as const
export type ArtifactReason = (typeof artifactReasons)[number]

export const ArtifactFile = Type.Object(
  {
    path: Type.String({ description: 'Relative to the workspace.' }),
    bytes: count('How many.'),
    mode: Type.Integer({ minimum: 0, maximum: 0o777, description: 'Permission bits.' }),
    digest: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the bytes.' }),
  },
  closed,
)

export const Artifacts = Type.Object(
  {
    files: Type.Array(ArtifactFile, { description: 'By path.' }),
    pack: Type.Union(
      [
        Type.Object(
          {
            digest: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256.' }),
            bytes: count('How many.'),
          },
          closed,
        ),
        Type.Null(),
      ],
      { description: 'The bytes of all files one after the other. Null where there are none.' },
    ),
    leftOut: Type.Array(
      Type.Object(
        { path: Type.String(), reason: Type.Enum([...artifactReasons]) },
        { ...closed, description: 'What was asked for and is not kept.' },
      ),
      { maxItems: artifactLeftOutMax },
    ),
    notListed: count('Further ones that were left out.'),
    complete: Type.Boolean({ description: 'Whether all of the workspace was looked at.' }),
  },
  { ...closed, $id: 'Artifacts', description: 'What is kept of the workspace.' },
)

export type JobArtifact = Static<typeof JobArtifact>
export type ArtifactFile = Static<typeof ArtifactFile>
export type Artifacts = Static<typeof Artifacts>

export const noArtifacts: Artifacts = {
  files: [],
  pack: null,
  leftOut: [],
  notListed: 0,
  complete: true,
}

/** What a plan has of them; no pattern: nothing is looked for. */
export const PlanArtifacts = Type.Object(
  {
    patterns: Type.Array(
      Type.Object({ path: Type.String(), when: Type.Enum([...artifactConditions]) }, closed),
    ),
    files: count('Files kept at most.'),
    bytes: count('Bytes of all together.'),
  },
  closed,
)
export type PlanArtifacts = Static<typeof PlanArtifacts>
