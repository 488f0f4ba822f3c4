// Reading files of a sandbox between its steps: what is asked of the launcher, and how it tells what it left out.
// docs/launcher-protocol.md says it in words; native/launcher/collect.h is the same in C.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const integer = Type.Integer({ minimum: 0 })

/** Kinds of records in what a collector writes. */
export const collectRecords = { file: 1, leftOut: 2, summary: 3 } as const

/** Why something was left out, in the order of their numbers on the wire. */
export const leftOutReasons = [
  'not-regular',
  'too-large',
  'too-many',
  'name-too-long',
  'too-deep',
  'unreadable',
  'missing',
] as const
export type LeftOutReason = (typeof leftOutReasons)[number]

export const CollectSummary = Type.Object(
  {
    entries: integer,
    files: integer,
    bytes: integer,
    /** Whether all was looked at: no bound on their number ended it. */
    complete: Type.Boolean(),
    leftOut: Type.Object(
      {
        'not-regular': integer,
        'too-large': integer,
        'too-many': integer,
        'name-too-long': integer,
        'too-deep': integer,
        unreadable: integer,
        missing: integer,
      },
      closed,
    ),
  },
  closed,
)
export type CollectSummary = Static<typeof CollectSummary>

/** What of a sandbox's files is read, and how much of it at most. */
export type CollectAsk = {
  /** An absolute directory inside. Links on the way to it are not followed. */
  readonly root: string
  /** Files, or directories with all beneath them, relative to the root. None: all beneath the root. */
  readonly paths: readonly string[]
  /** Whether their bytes are wanted, or only which there are. */
  readonly contents: boolean
  /** Names looked at. */
  readonly entries: number
  readonly files: number
  /** Of all files together, and of one. A sparse file counts as what reading it would give. */
  readonly bytes: number
  readonly fileBytes: number
  /** Bytes of all paths that are told. */
  readonly nameBytes: number
  /** Directories within directories, the root being the first. */
  readonly depth: number
  readonly wallMs: number
  readonly cpuMs: number
  readonly memoryBytes: number
}

export const collectDepthMax = 64
/** Paths that one COLLECT can name. */
export const collectPathsMax = 4096

/** What is in force for the collector, which is a step of our own: read back as every step's (native/launcher/plan.c). */
export const collectorLimits = {
  processes: 1,
  openFiles: 96,
  fileBytes: 1,
  stackBytes: 1_048_576,
} as const
