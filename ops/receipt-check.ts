// Whether a receipt, or a result that carries one, is what a key has signed. Pure: bytes and keys in, findings out; no word of the
// envelope is believed before its signature has been verified. JSON is read strictly: of two equal members another reader takes the other.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { Compile } from 'typebox/compile'
import { canonicalJson } from '../contract/canonical-json.js'
import {
  Receipt,
  type ReceiptKey,
  ReceiptStatement,
  signedBytes,
  thumbprintInput,
} from '../contract/receipt.js'
import { answerWithoutOutput } from '../contract/receipt-answer.js'
import { type JobSecret, withoutSecretValues } from '../contract/secret.js'
import { JsonFault, parseStrictJson } from '../contract/strict-json.js'

const checkReceipt = Compile(Receipt)
const checkStatement = Compile(ReceiptStatement)

export type VerifyKey = { readonly keyId: string; readonly key: KeyObject }

/** Something to verify is not there at all: no answer, neither yes nor no. */
export class NothingToVerify extends Error {}

export type Findings = {
  /** Why it does not verify; empty when it does. */
  readonly faults: readonly string[]
  /** Members of the result that the receipt says nothing of. */
  readonly uncovered: readonly string[]
  readonly keyId: string | null
  /** Only of a signature that holds. */
  readonly statement: ReceiptStatement | null
}

type Json = { readonly [name: string]: unknown }
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A public key by its own thumbprint: an id that somebody wrote beside it is not believed. @throws Error unless it is Ed25519. */
export function verifyKeyOf(jwk: Pick<ReceiptKey, 'x'>): VerifyKey {
  const { x } = jwk
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const input = thumbprintInput({ crv: 'Ed25519', kty: 'OKP', x })
  return { key, keyId: createHash('sha256').update(input).digest('base64url') }
}

/** Both alphabets (DSSE wants it so), padding and spare bits exact: one text for one value. */
function bytesOf(base64: string): Buffer | null {
  const text = base64.replaceAll('-', '+').replaceAll('_', '/')
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** The key that has signed, by trying those whose id is named. */
function signerOf(receipt: Receipt, payload: Buffer, keys: readonly VerifyKey[]): string | null {
  const bytes = signedBytes(receipt.payloadType, payload)
  for (const { keyid, sig } of receipt.signatures) {
    const signature = bytesOf(sig)
    const known = keys.find(({ keyId }) => keyId === keyid)
    if (signature !== null && known !== undefined && verify(null, bytes, known.key, signature))
      return keyid
  }
  return null
}

const failed = (fault: string): Findings => ({
  faults: [fault],
  uncovered: [],
  keyId: null,
  statement: null,
})

function openReceipt(value: unknown, keys: readonly VerifyKey[]): Findings {
  if (!checkReceipt.Check(value)) return failed('the receipt is not an envelope of ours')
  const payload = bytesOf(value.payload)
  if (payload === null) return failed('the payload is not base64')
  const keyId = signerOf(value, payload, keys)
  if (keyId === null) {
    const named = value.signatures.map(({ keyid }) => keyid)
    const known = named.some((id) => keys.some((key) => key.keyId === id))
    if (known) return failed('the signature does not hold')
    return failed(`the key ${named.join(', ')} is none of the ${keys.length} that are trusted`)
  }
  const statement: unknown = JSON.parse(payload.toString('utf8'))
  if (!checkStatement.Check(statement)) return failed('what was signed is no statement of a run')
  return { faults: [], uncovered: [], keyId, statement }
}

/** As `subject` has it: values of secrets are in no digest. */
function digestedOf(job: unknown): unknown {
  if (!isObject(job) || !Array.isArray(job.secrets)) return job
  return withoutSecretValues({ ...job, secrets: job.secrets as JobSecret[] })
}

const streams = ['stdout', 'stderr'] as const

/** SHA-256 of the raw bytes of a stream, from the text and the encoding in which a result gives it. */
function digestOfStream(step: Json, stream: (typeof streams)[number]): string | null {
  const text = step[stream]
  const encoding = isObject(step.encoding) ? step.encoding[stream] : null
  if (typeof text !== 'string' || (encoding !== 'utf8' && encoding !== 'base64')) return null
  return createHash('sha256').update(Buffer.from(text, encoding)).digest('hex')
}

/** The output of each step by its own digest; the job's own output is that of the step that failed, else of the last one. */
function compareOutput(result: Json, { predicate }: ReceiptStatement): string[] {
  const all: unknown[] = Array.isArray(result.steps) ? result.steps : []
  // What was skipped wrote nothing, and has no step in the receipt.
  const steps = all.filter((step) => !isObject(step) || step.outcome !== 'skipped')
  const faults = predicate.steps.flatMap((signed, at) => {
    const step = steps[at]
    return streams
      .filter(
        (stream) =>
          !isObject(step) || digestOfStream(step, stream) !== signed[stream].digest.sha256,
      )
      .map((stream) => `${stream} of step ${signed.name} is not what was signed`)
  })
  const written = all.filter(
    (step) => isObject(step) && step.outcome === 'skipped' && (step.stdout || step.stderr),
  )
  if (written.length > 0) faults.push('a step that was skipped has output')
  const telling = steps.find((step) => isObject(step) && step.name === predicate.failedStep)
  const last = telling ?? steps.at(-1)
  for (const stream of streams)
    if (!isObject(last) || result[stream] !== last[stream])
      faults.push(`${stream} is not that of the step that failed, or of the last one`)
  return faults
}

/** A result beside its receipt: every member that was signed must be there as it was. */
function compareResult(result: Json, statement: ReceiptStatement): string[] {
  const { subject, predicate } = statement
  const faults: string[] = []
  const id = subject[0]?.name
  if (result.id !== id) faults.push(`the receipt is that of ${id}`)
  if (result.outcome !== predicate.outcome)
    faults.push(`the receipt says ${predicate.outcome}, the result ${String(result.outcome)}`)
  const { members, digest } = predicate.answer
  const missing = members.filter((name) => !(name in result))
  if (missing.length > 0) faults.push(`the result lacks ${missing.join(', ')}`)
  const covered = Object.fromEntries(members.map((name) => [name, result[name]]))
  if (sha256(canonicalJson(answerWithoutOutput(covered))) !== digest.sha256)
    faults.push('the result is not the one that was signed')
  return [...faults, ...compareOutput(result, statement)]
}

/** @throws NothingToVerify */
function receiptIn(value: unknown): { result: Json | null; receipt: unknown } {
  if (!isObject(value)) throw new NothingToVerify('this is neither a receipt nor a result')
  if ('payloadType' in value) return { result: null, receipt: value }
  if (!('receipt' in value))
    throw new NothingToVerify('this is neither a receipt nor a result that carries one')
  if (value.receipt !== null) return { result: value, receipt: value.receipt }
  throw new NothingToVerify(
    'the result carries no receipt: it has not ended, nothing of it ran, or it comes from a list',
  )
}

function checkValue(value: unknown, keys: readonly VerifyKey[], job: unknown): Findings {
  const { result, receipt } = receiptIn(value)
  const opened = openReceipt(receipt, keys)
  if (opened.statement === null) return opened
  const faults = result === null ? [] : compareResult(result, opened.statement)
  const sent = job === null ? null : sha256(canonicalJson(digestedOf(job)))
  if (sent !== null && sent !== opened.statement.subject[0]?.digest.sha256)
    faults.push('the job is not the one that was run')
  const { members } = opened.statement.predicate.answer
  const uncovered = Object.keys(result ?? {}).filter(
    (name) => ![...members, ...streams, 'receipt'].includes(name),
  )
  return { ...opened, faults, uncovered }
}

/**
 * `bytes` are a result as the api gave it, or a receipt alone; `job` the request as it was sent, when that is to be compared too.
 * @throws NothingToVerify
 */
export function verifyReceipt(
  bytes: Uint8Array,
  keys: readonly VerifyKey[],
  job: Uint8Array | null = null,
): Findings {
  try {
    return checkValue(parseStrictJson(bytes), keys, job === null ? null : parseStrictJson(job))
  } catch (error) {
    if (error instanceof JsonFault) return failed(error.message)
    throw error
  }
}
