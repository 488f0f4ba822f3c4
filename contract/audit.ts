// The audit log, one JSON object a line: who asked what of this instance, what was answered, and how it ended. No source, no file, no
// argument, no value of an environment, no secret and no header is in any of it: there is no field that could hold one.
import { type Static, type TSchema, Type } from 'typebox'
import { errorCodes } from './error.js'
import { scopes } from './key.js'
import { OutcomeSchema } from './outcome.js'

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const closed = { additionalProperties: false } as const
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' })
const keyId = Type.String({ pattern: '^[0-9a-z]{16}$' })
const jobId = Type.String({ pattern: '^job_[0-9a-z]{26}$' })
const digest = Type.Object({ sha256: Sha256 }, closed)
const requestDigest = Type.Object(
  { sha256: Sha256 },
  {
    ...closed,
    description:
      'Of the job as it was sent but for the values of its `secrets`, as canonical JSON (RFC 8785): the same as the `subject` of its receipt.',
  },
)
const grant = Type.Object({ name, revision: Type.String({ maxLength: 64 }) }, closed)

/** The processes that keep a log, each one of its own. */
export const auditProcesses = ['api', 'worker'] as const
export type AuditProcess = (typeof auditProcesses)[number]

export const AuditCaller = Type.Union(
  [
    Type.Object({ door: Type.Literal('http'), tenant: name, key: keyId }, closed),
    Type.Object({ door: Type.Literal('admin-socket') }, closed),
  ],
  { description: 'Who: by a key over HTTP, or whoever may open the admin socket.' },
)

const requestId = Type.String({ maxLength: 64, description: 'As in the answer and in the log.' })

const acts = {
  open: Type.Object(
    {
      act: Type.Literal('open'),
      reason: Type.Enum(['start', 'rotation']),
      torn: orNull(Type.Object({ bytes: Type.Integer({ minimum: 1 }), sha256: Sha256 }, closed)),
    },
    {
      ...closed,
      description:
        'The first line of a file, or of a process. `torn`: what a process that was killed had written of the line before it.',
    },
  ),
  admission: Type.Object(
    {
      act: Type.Literal('admission'),
      caller: AuditCaller,
      requestId,
      job: jobId,
      request: requestDigest,
      grant,
      policyRevision: Type.Integer(),
      verdict: Type.Literal('allow'),
      late: Type.Optional(Type.Literal(true)),
    },
    {
      ...closed,
      description:
        'A job was accepted into the queue. `late`: whoever accepted it did not hear so, or ended before it could tell; another has found that out.',
    },
  ),
  denial: Type.Object(
    {
      act: Type.Literal('denial'),
      caller: AuditCaller,
      requestId,
      request: requestDigest,
      grant,
      policyRevision: Type.Integer(),
      verdict: Type.Enum(['allow', 'deny']),
      code: Type.Enum([...errorCodes]),
      rules: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }), { uniqueItems: true }),
    },
    {
      ...closed,
      description:
        'A job was refused: by policy, with the rules that it broke, or (verdict `allow`) by a limit, which `code` names.',
    },
  ),
  cancel: Type.Object(
    {
      act: Type.Literal('cancel'),
      caller: AuditCaller,
      requestId,
      job: jobId,
      result: Type.Enum(['cancelled', 'cancelling', 'finished']),
    },
    {
      ...closed,
      description:
        '`cancelled`: it had not started, and this is its outcome too. `cancelling`: its worker was told. `finished` (in older lines): it had ended before.',
    },
  ),
  admin: Type.Object(
    {
      act: Type.Literal('admin'),
      caller: AuditCaller,
      requestId,
      what: Type.String({ pattern: '^[a-z][a-z-]{0,40}$', description: 'For example key-create.' }),
      tenant: orNull(name),
      key: orNull(keyId),
      grant: orNull(name),
      scopes: orNull(Type.Array(Type.Enum([...scopes]))),
      change: orNull(digest),
    },
    {
      ...closed,
      description:
        'What an administrator has done, and to whom. `change`: the digest of what else was asked, as canonical JSON.',
    },
  ),
  outcome: Type.Object(
    {
      act: Type.Literal('outcome'),
      job: jobId,
      tenant: name,
      attempt: orNull(Type.Integer({ minimum: 0 })),
      outcome: OutcomeSchema,
      stage: orNull(Type.String({ maxLength: 64 })),
      request: orNull(requestDigest),
      grant: orNull(grant),
      policyRevision: orNull(Type.Integer()),
      isolation: orNull(
        Type.Object(
          {
            sha256: Sha256,
            seccomp: Type.String({ maxLength: 64 }),
            landlock: Type.Integer({ minimum: 0 }),
            apparmor: Type.String({ maxLength: 256 }),
            network: Type.Enum(['none', 'loopback', 'other']),
            noNewPrivileges: Type.Boolean(),
          },
          {
            ...closed,
            description:
              'What was in force in the first step, in short, and the digest of what was in all of them: `enforced` of the receipt’s steps, as canonical JSON.',
          },
        ),
      ),
      receiptKey: orNull(Type.String({ maxLength: 64 })),
    },
    { ...closed, description: 'A job ended. What never ran has no isolation and no receipt.' },
  ),
  checkpoint: Type.Object(
    { act: Type.Literal('checkpoint'), seal: Sha256 },
    {
      ...closed,
      description:
        'HMAC-SHA-256, by a key derived from the seal key, of the process, the number and the digest of the line before it.',
    },
  ),
  omitted: Type.Object(
    {
      act: Type.Literal('omitted'),
      tenant: name,
      denials: Type.Integer({ minimum: 0 }),
      cancels: Type.Integer({ minimum: 0 }),
    },
    {
      ...closed,
      description:
        'So many denials and cancels of a tenant had no line of their own in the minute before, beyond those that had.',
    },
  ),
  lost: Type.Object(
    { act: Type.Literal('lost'), lines: Type.Integer({ minimum: 1 }) },
    { ...closed, description: 'So many lines could be neither written nor held.' },
  ),
} as const

/** What is told, without the head of a line. */
export const auditActSchemas = acts
export const auditActs = Object.keys(acts) as (keyof typeof acts)[]
export type AuditAct =
  | Static<(typeof acts)['open']>
  | Static<(typeof acts)['admission']>
  | Static<(typeof acts)['denial']>
  | Static<(typeof acts)['cancel']>
  | Static<(typeof acts)['admin']>
  | Static<(typeof acts)['outcome']>
  | Static<(typeof acts)['checkpoint']>
  | Static<(typeof acts)['omitted']>
  | Static<(typeof acts)['lost']>
export type AuditCaller = Static<typeof AuditCaller>
export type AuditOutcome = Static<(typeof acts)['outcome']>
export type AuditAdmin = Static<(typeof acts)['admin']>

const head = {
  seq: Type.Integer({ minimum: 1, description: 'Number in its process’s log, without gaps.' }),
  prev: Type.String({
    pattern: '^[0-9a-f]{64}$',
    description:
      'SHA-256 of the line before it, without its end; of the first line of all: zeros. It goes on across files.',
  }),
  time: Type.String({
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
    description: 'RFC 3339, UTC, milliseconds.',
  }),
  node: Type.String({ maxLength: 255, description: 'Host name.' }),
  process: Type.Enum([...auditProcesses]),
}
export type AuditHead = {
  readonly seq: number
  readonly prev: string
  readonly time: string
  readonly node: string
  readonly process: AuditProcess
}
export type AuditLine = AuditHead & AuditAct

type LineSchema = TSchema & {
  readonly properties: Readonly<Record<string, TSchema>>
  readonly description: string
}

/** Every kind of line, whole: what a reader checks against. */
export const auditLines: ReadonlyMap<string, LineSchema> = new Map(
  (Object.entries(acts) as unknown as [string, LineSchema][]).map(([act, one]) => {
    const schema: unknown = Type.Object(
      { ...head, ...one.properties },
      { ...closed, description: one.description },
    )
    return [act, schema as LineSchema]
  }),
)
export const AuditLineSchema: TSchema = Type.Union([...auditLines.values()], { $id: 'AuditLine' })

export const firstPrev = '0'.repeat(64)
/** No line is longer, its end included: every field has a bound. Bytes. */
export const auditLineBytesMax = 16_384

/** What a checkpoint seals: itself, by its number, and by its `prev` all that was before. */
export const sealedText = ({ process, seq, prev }: Pick<AuditHead, 'process' | 'seq' | 'prev'>) =>
  `audit checkpoint\n${process}\n${seq}\n${prev}`
