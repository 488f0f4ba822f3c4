// Session: a sandbox with a long life, in which programs are started one beside the other while it lasts.
// It is a job whose program comes later: judged, queued, counted and ended as any other.
import { type Static, Type } from 'typebox'
import { signalNumbers } from './launch.js'
import { Usage } from './result.js'

const closed = { additionalProperties: false } as const
const milliseconds = (description: string) =>
  Type.Integer({ minimum: 1, maximum: 7 * 24 * 3600 * 1000, description })

/** What is kept at most of the output of a program that is waited for, bytes. */
export const execOutputBytesMax = 4 * 1_048_576

/** What an exec may ask beside its program. The session’s own limits are in force for all its programs together. */
export const Exec = Type.Object(
  {
    command: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        minItems: 1,
        maxItems: 1024,
        description: 'The program and its arguments. No shell is between.',
      }),
    ),
    run: Type.Optional(
      Type.String({ minLength: 1, maxLength: 131072, description: 'A line for `/bin/sh -c`.' }),
    ),
    stdin: Type.Optional(
      Type.String({ maxLength: 1_048_576, description: 'Standard input as text. Absent: empty.' }),
    ),
    env: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,255}$' }),
        Type.String({ maxLength: 131072 }),
        {
          maxProperties: 256,
          additionalProperties: false,
          description: 'Environment variables, beside those of the session.',
        },
      ),
    ),
    keepEnv: Type.Optional(
      Type.Boolean({ description: 'Whether `env` holds for later programs of the session too.' }),
    ),
    workdir: Type.Optional(
      Type.String({
        pattern: '^/',
        maxLength: 1024,
        description: 'Absolute directory inside. Default: the session’s.',
      }),
    ),
    wallMs: Type.Optional(
      milliseconds('Wall-clock time of this program. Default and most: what the session has left.'),
    ),
  },
  { ...closed, $id: 'Exec', description: 'A program to start in a session: `command` or `run`.' },
)
export type Exec = Static<typeof Exec>

export const ExecResult = Type.Object(
  {
    outcome: Type.String({ description: 'As of a job.' }),
    cause: Type.Union([Type.String(), Type.Null()]),
    exitCode: Type.Union([Type.Integer(), Type.Null()]),
    signal: Type.Union([Type.String(), Type.Null()]),
    usage: Usage,
  },
  { ...closed, $id: 'ExecResult', description: 'How a program of a session ended.' },
)
export type ExecResult = Static<typeof ExecResult>

/** With what it wrote, for whoever waited for it. */
export const ExecOutput = Type.Object(
  {
    ...ExecResult.properties,
    stdout: Type.String(),
    stderr: Type.String(),
    encoding: Type.Object(
      { stdout: Type.Enum(['utf8', 'base64']), stderr: Type.Enum(['utf8', 'base64']) },
      closed,
    ),
  },
  {
    ...closed,
    $id: 'ExecOutput',
    description: 'How a program of a session ended, and what it wrote.',
  },
)
export type ExecOutput = Static<typeof ExecOutput>

/** What an attach begins with: a program, and whether it has a terminal. */
export const AttachStart = Type.Object(
  {
    ...Exec.properties,
    terminal: Type.Optional(
      Type.Object(
        {
          rows: Type.Integer({ minimum: 1, maximum: 65535 }),
          columns: Type.Integer({ minimum: 1, maximum: 65535 }),
        },
        { ...closed, description: 'Its streams are a terminal of this size.' },
      ),
    ),
  },
  closed,
)
export type AttachStart = Static<typeof AttachStart>

/** What a client says in text once it is attached; its input goes in binary messages. */
export const AttachWord = Type.Union([
  Type.Object({ type: Type.Literal('end') }, closed),
  Type.Object(
    {
      type: Type.Literal('resize'),
      rows: Type.Integer({ minimum: 1, maximum: 65535 }),
      columns: Type.Integer({ minimum: 1, maximum: 65535 }),
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal('signal'),
      name: Type.Enum(Object.keys(signalNumbers) as [keyof typeof signalNumbers]),
    },
    closed,
  ),
])
export type AttachWord = Static<typeof AttachWord>

export const sessionStates = ['queued', 'open', 'ended'] as const

export const Session = Type.Object(
  {
    id: Type.String({ description: 'Also the id of its job.' }),
    state: Type.Enum([...sessionStates]),
    outcome: Type.Union([Type.String(), Type.Null()], {
      description:
        'Once it has ended: `ok` at its idle time-out, `wall-time-limit` at the end of its life, `cancelled` by DELETE.',
    }),
    cause: Type.Union([Type.String(), Type.Null()]),
    createdAt: Type.String(),
    startedAt: Type.Union([Type.String(), Type.Null()]),
    finishedAt: Type.Union([Type.String(), Type.Null()]),
  },
  { ...closed, $id: 'Session', description: 'A session as it stands.' },
)
export type Session = Static<typeof Session>

export const SessionList = Type.Object(
  { sessions: Type.Array(Session) },
  { ...closed, $id: 'SessionList', description: 'Sessions that have not ended.' },
)

/** Frames between api and worker, over the worker’s own socket: one connection is one program. The streams’ are those of the launcher. */
export const sessionFrames = { start: 1, refused: 2, ready: 3 } as const

/** What the first frame says. */
export const SessionStart = Type.Object(
  {
    session: Type.String(),
    tenant: Type.String(),
    /** Null: only whether it is open is asked. */
    start: Type.Union([AttachStart, Type.Null()]),
    /** Whether its streams are passed on as they come, and its input comes. */
    stream: Type.Boolean(),
  },
  closed,
)
export type SessionStart = Static<typeof SessionStart>

/** Why nothing was started. */
export const SessionRefusal = Type.Object(
  { code: Type.Enum(['unknown', 'too-many', 'failed']), detail: Type.String() },
  closed,
)
export type SessionRefusal = Static<typeof SessionRefusal>
