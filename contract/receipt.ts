// Receipt: what a worker signs about a run, in envelopes that others know. DSSE 1.0 around an in-toto Statement 1 with a predicate of ours.
import { type Static, Type } from 'typebox'
import { OutcomeSchema } from './outcome.js'

const closed = { additionalProperties: false } as const
const count = Type.Integer({ minimum: 0 })
const Text = Type.String()
const Instant = Type.String({ description: 'RFC 3339, UTC, milliseconds.' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const receiptPayloadType = 'application/vnd.in-toto+json'
export const statementType = 'https://in-toto.io/Statement/v1'
/** Ours. A name and no address: the host cannot exist (RFC 2606). A change of meaning is a new number. */
export const receiptType = 'https://stockade.example/receipt/v1'

export const Receipt = Type.Object(
  {
    payloadType: Type.Literal(receiptPayloadType),
    payload: Type.String({ description: 'Base64 of the statement, which is what was signed.' }),
    signatures: Type.Array(
      Type.Object(
        {
          keyid: Type.String({ description: 'The `kid` of the key at `GET /v1/attestation`.' }),
          sig: Type.String({ description: 'Base64 of the Ed25519 signature (RFC 8032).' }),
        },
        closed,
      ),
      { minItems: 1 },
    ),
  },
  {
    ...closed,
    $id: 'Receipt',
    description:
      'A signed statement of what ran and what was in force, as a DSSE envelope: docs/receipt.md.',
  },
)

const Digest = Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }, closed)
const Mask = Type.String({ pattern: '^[0-9a-f]{16}$' })

/** What the kernel said at the barrier before the first instruction of a step; `supervised` alone is no kernel’s word. */
export const Enforced = Type.Object(
  {
    cgroup: Type.Object(
      {
        version: count,
        memoryBytes: count,
        swapBytes: count,
        processes: count,
        cpuQuotaUs: count,
        cpuPeriodUs: count,
      },
      closed,
    ),
    resourceLimits: Type.Object(
      {
        openFiles: count,
        fileBytes: count,
        stackBytes: count,
        coreBytes: count,
        cpuSeconds: count,
      },
      closed,
    ),
    disk: Type.Object({ bytes: count, inodes: count }, closed),
    supervised: Type.Object({ wallMs: count, cpuMs: count, outputBytes: count }, closed),
    identity: Type.Object({ uid: count, gid: count, uidMap: Text, gidMap: Text }, closed),
    namespaces: Type.Record(Text, count),
    sharedWithHost: Type.Array(Text),
    capabilities: Type.Object(
      { inheritable: Mask, permitted: Mask, effective: Mask, bounding: Mask, ambient: Mask },
      closed,
    ),
    noNewPrivileges: Type.Boolean(),
    seccomp: Type.Object({ mode: count, filters: count, profile: Text, digest: Digest }, closed),
    landlock: Type.Object({ abi: count, restricted: Type.Boolean() }, closed),
    apparmor: Type.Object({ kernel: Type.Boolean(), label: Text }, closed),
    network: Type.Object(
      { devices: Type.Array(Text), ipv4: Type.Boolean(), ipv6: Type.Boolean() },
      closed,
    ),
  },
  closed,
)

const Stream = Type.Object({ bytes: count, digest: Digest }, closed)

export const StepReceipt = Type.Object(
  {
    name: Text,
    argv: Type.Object({ digest: Digest }, closed),
    outcome: OutcomeSchema,
    exitCode: orNull(Type.Integer()),
    signal: orNull(Text),
    truncated: Type.Boolean(),
    stdout: Stream,
    stderr: Stream,
    usage: Type.Record(Text, Type.Number()),
    enforced: Enforced,
  },
  closed,
)

export const ReceiptPredicate = Type.Object(
  {
    attempt: Type.Integer({ minimum: 1 }),
    grant: Type.Object({ name: Text, revision: Text }, closed),
    image: Type.Object({ name: Text, digest: Digest }, closed),
    outcome: OutcomeSchema,
    failedStep: orNull(Text),
    steps: Type.Array(StepReceipt, { minItems: 1 }),
    answer: Type.Object({ members: Type.Array(Text), digest: Digest }, closed),
    node: Type.Object({ name: Text, kernel: Text, machine: Text }, closed),
    stockade: Type.Object({ version: Text, release: orNull(Text) }, closed),
    times: Type.Object({ acceptedAt: Instant, startedAt: Instant, finishedAt: Instant }, closed),
  },
  closed,
)

/** The subject is the job: its id, and the SHA-256 of the canonical form of what was sent. */
export const ReceiptStatement = Type.Object(
  {
    _type: Type.Literal(statementType),
    subject: Type.Array(Type.Object({ name: Text, digest: Digest }, closed), {
      minItems: 1,
      maxItems: 1,
    }),
    predicateType: Type.Literal(receiptType),
    predicate: ReceiptPredicate,
  },
  closed,
)

/** A public key as a JSON Web Key (RFC 7517, RFC 8037), so that every library reads it. */
export const ReceiptKey = Type.Object(
  {
    kty: Type.Literal('OKP'),
    crv: Type.Literal('Ed25519'),
    x: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'The public key, base64url.' }),
    kid: Type.String({
      pattern: '^[A-Za-z0-9_-]{43}$',
      description: 'The thumbprint of the key (RFC 7638); `keyid` in receipts.',
    }),
    use: Type.Literal('sig'),
    alg: Type.Literal('EdDSA'),
    createdAt: Instant,
    retiredAt: orNull(
      Type.String({ description: 'Since when it signs no more; null while it signs.' }),
    ),
  },
  closed,
)

export const Attestation = Type.Object(
  {
    payloadType: Type.Literal(receiptPayloadType),
    predicateType: Type.Literal(receiptType),
    keys: Type.Array(ReceiptKey, { description: 'Those that sign first, then the retired ones.' }),
  },
  {
    ...closed,
    $id: 'Attestation',
    description: 'The public keys of receipts: a JSON Web Key Set with two members more.',
  },
)

export type Receipt = Static<typeof Receipt>
export type ReceiptStatement = Static<typeof ReceiptStatement>
export type ReceiptPredicate = Static<typeof ReceiptPredicate>
export type StepReceipt = Static<typeof StepReceipt>
export type Enforced = Static<typeof Enforced>
export type ReceiptKey = Static<typeof ReceiptKey>
export type Attestation = Static<typeof Attestation>

/** What DSSE signs: type and body with their lengths before them, so that neither can pass for a part of the other (protocol.md, PAE). */
export function signedBytes(payloadType: string, payload: Uint8Array): Uint8Array {
  const encoder = new TextEncoder()
  const type = encoder.encode(payloadType)
  const head = encoder.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `)
  const whole = new Uint8Array(head.length + payload.length)
  whole.set(head)
  whole.set(payload, head.length)
  return whole
}

/** The members of a public key from which its thumbprint is made, in canonical form (RFC 7638, 3). */
export function thumbprintInput({ crv, kty, x }: Pick<ReceiptKey, 'crv' | 'kty' | 'x'>): string {
  return `{"crv":"${crv}","kty":"${kty}","x":"${x}"}`
}
