// Receipts of real jobs: what they say is what the host sees, they verify, and nothing that was changed does.

import { spawn } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { canonicalJson } from '../../contract/canonical-json.js'
import type { JobSpec } from '../../contract/job.js'
import {
  type Attestation,
  type Receipt,
  type ReceiptStatement,
  signedBytes,
} from '../../contract/receipt.js'
import type { Job } from '../../contract/result.js'
import { verifyKeyOf, verifyReceipt } from '../../ops/receipt-check.js'
import {
  accountOf,
  address,
  asRoot,
  instance,
  openTenant,
  outputOf,
  persist,
  tenantOf,
  tryAsRoot,
} from '../stack.js'
import { repository } from '../tidy-source.js'

const tenant = openTenant('receipt')
const directory = mkdtempSync(join(tmpdir(), 'stockade-receipt-'))
t.teardown(() => rmSync(directory, { recursive: true }))

const attestation = async (): Promise<Attestation> =>
  (await tenantOf('nobody', 'no-key').request('GET', '/v1/attestation')).json as Attestation
const trusted = async () => (await attestation()).keys.map(verifyKeyOf)

function statementOf(job: Job): ReceiptStatement {
  return JSON.parse(
    Buffer.from(job.receipt?.payload ?? '', 'base64').toString('utf8'),
  ) as ReceiptStatement
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

const spec: JobSpec = {
  language: 'c',
  source:
    '#include <stdio.h>\nint main(void) { fwrite("a\\xff\\0b", 1, 4, stdout); fputs("bad", stderr); return 3; }',
  stdin: 'grüße 😀',
  labels: { course: 'one' },
  limits: { memoryBytes: 64 * 1_048_576, diskBytes: 10_000_001 },
}
const job = await tenant.run(spec)
const keys = await trusted()

type Verdict = { readonly status: number; readonly out: string }

/** `./stockade verify` as a person runs it, from another directory. Not awaited by blocking: open connections must stay alive. */
async function verifyCommand(input: unknown, ...words: string[]): Promise<Verdict> {
  const child = spawn(
    join(repository, 'stockade'),
    ['verify', '-', '--instance', instance, ...words],
    { cwd: directory, env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      out += String(piece)
    })
  child.stdin.end(JSON.stringify(input))
  const [status] = (await once(child, 'close')) as [number]
  return { status, out }
}

t.test('a result verifies, with every kind of key, and a receipt alone does', async (t) => {
  t.equal(job.outcome, 'exit-nonzero', accountOf(job))
  writeFileSync(join(directory, 'keys.json'), JSON.stringify(await attestation()))
  const [current] = (await attestation()).keys
  const { key } = verifyKeyOf(current ?? { x: '' })
  writeFileSync(join(directory, 'key.pem'), key.export({ type: 'spki', format: 'pem' }))
  const sources = [
    [],
    ['--address', address],
    ['--key', 'keys.json'],
    ['--key', 'key.pem'],
    ['--key', `/var/lib/${instance}/attestation/${current?.kid}.jwk`],
  ]
  const tried = sources.flatMap((words) => [job, job.receipt].map((input) => ({ words, input })))
  const verdicts = tried.map(({ words, input }) => verifyCommand(input, ...words))
  for (const [at, { status, out }] of (await Promise.all(verdicts)).entries()) {
    t.equal(status, 0, `${tried[at]?.words.join(' ')}: ${out}`)
    t.match(out, new RegExp(`^verified[^]*${job.id}`), 'says what it has verified')
  }
  writeFileSync(join(directory, 'job.json'), JSON.stringify(spec, null, 2))
  t.equal(
    (await verifyCommand(job, '--job', 'job.json')).status,
    0,
    'and it is the job that was sent',
  )
  writeFileSync(join(directory, 'other.json'), JSON.stringify({ ...spec, stdin: '' }))
  t.match(await verifyCommand(job, '--job', 'other.json'), {
    status: 1,
    out: /not the one that was run/,
  })
})

t.test('what cannot be told is neither yes nor no', async (t) => {
  const unable = [{ ...job, receipt: null }, {}, 7].map((input) => verifyCommand(input))
  for (const { status, out } of await Promise.all(unable)) t.equal(status, 2, out)
  t.equal((await verifyCommand(job, '--key', 'nowhere.pem')).status, 2)
  t.equal((await verifyCommand(job, '--key', 'job.json')).status, 2, 'a file without a key')
  const unsigned = bytes({ ...job, receipt: null })
  t.throws(() => verifyReceipt(unsigned, keys), /carries no receipt/)
})

t.test('it says which job ran, and what came out, by digests that anybody can make', async (t) => {
  const { subject, predicate } = statementOf(job)
  t.same(subject, [{ name: job.id, digest: { sha256: sha256(canonicalJson(spec)) } }])
  t.same(
    predicate.steps.map(({ name, outcome, exitCode }) => ({ name, outcome, exitCode })),
    job.steps.map(({ name, outcome, exitCode }) => ({ name, outcome, exitCode })),
  )
  const run = predicate.steps.at(-1)
  t.same(run?.stdout, { bytes: 4, digest: { sha256: sha256(Buffer.from('a\xff\0b', 'latin1')) } })
  t.same(run?.stderr, { bytes: 3, digest: { sha256: sha256('bad') } })
  t.equal(run?.stdout.digest.sha256, sha256(outputOf(job)))
  t.same(run?.usage, job.usage)
  t.equal(predicate.image.digest.sha256, job.isolation?.imageDigest)
  t.equal(run?.enforced.seccomp.digest.sha256, job.isolation?.seccomp.digest)
  t.same(Object.values(predicate.times), [job.createdAt, job.startedAt, job.finishedAt])
  t.match(predicate.stockade, { version: /^\d+\.\d+\.\d+/, release: /^[0-9a-f]{16}$/ })
  t.equal(predicate.node.kernel, asRoot(['uname', '-r']).trim())
  t.equal(predicate.node.name, asRoot(['uname', '-n']).trim())
  const pages = Math.ceil(10_000_001 / 4096)
  t.equal(run?.enforced.disk.bytes, pages * 4096, 'whole pages, as the kernel counts')
})

type Path = readonly (string | number)[]

function* leaves(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) yield path
  else for (const [name, member] of Object.entries(value)) yield* leaves(member, [...path, name])
}

/** A copy with one leaf changed, as little as it can be. */
function changed<Value>(value: Value, path: Path): Value {
  const [name, ...rest] = path
  if (name === undefined) {
    if (typeof value === 'string') return `${value}x` as Value
    if (typeof value === 'number') return (value + 1) as Value
    if (typeof value === 'boolean') return !value as Value
    return 'x' as Value
  }
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[name] = changed(copy[name], rest)
  return copy as Value
}

t.test('no field of a result can be changed, left out or given twice', async (t) => {
  t.same(verifyReceipt(bytes(job), keys).faults, [], 'the control: unchanged it verifies')
  const { receipt: _, ...covered } = job
  const paths = [...leaves(covered)]
  t.ok(paths.length > 100, `${paths.length} fields`)
  const passed = paths.filter(
    (path) => verifyReceipt(bytes(changed(job, path)), keys).faults.length === 0,
  )
  t.same(passed, [])
  for (const name of Object.keys(covered)) {
    const { [name as keyof Job]: __, ...less } = job
    t.not(verifyReceipt(bytes(less), keys).faults.length, 0, `without ${name}`)
  }
  const twice = JSON.stringify(job).replace('{', '{"outcome":"ok",')
  t.match(verifyReceipt(Buffer.from(twice), keys).faults, [/outcome/])
  t.same(verifyReceipt(bytes({ ...job, score: 100 }), keys).uncovered, ['score'], 'more is named')
})

const envelope = job.receipt as Receipt

t.test('no field of a statement can be changed under its signature', async (t) => {
  const statement = statementOf(job)
  const paths = [...leaves(statement)]
  t.ok(paths.length > 100, `${paths.length} fields`)
  const passed = paths.filter((path) => {
    const payload = bytes(changed(statement, path)).toString('base64')
    return verifyReceipt(bytes({ ...envelope, payload }), keys).faults.length === 0
  })
  t.same(passed, [])
})

t.test('no character of an envelope can be changed', async (t) => {
  t.same(verifyReceipt(bytes(envelope), keys).faults, [], 'the control: unchanged it verifies')
  const [signature = { keyid: '', sig: '' }] = envelope.signatures
  const other = (text: string, at: number): string =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
  const variants: unknown[] = [
    { ...envelope, payloadType: 'application/json' },
    { ...envelope, signatures: [] },
    ...Array.from(signature.sig, (_, at) => ({
      ...envelope,
      signatures: [{ ...signature, sig: other(signature.sig, at) }],
    })),
    ...Array.from(signature.keyid, (_, at) => ({
      ...envelope,
      signatures: [{ ...signature, keyid: other(signature.keyid, at) }],
    })),
    ...Array.from(envelope.payload, (_, at) => ({
      ...envelope,
      payload: other(envelope.payload, at),
    })),
  ]
  t.ok(variants.length > 3000, `${variants.length} variants`)
  const passed = variants.filter((one) => verifyReceipt(bytes(one), keys).faults.length === 0)
  t.same(passed, [])
})

t.test('a key of somebody else’s making signs nothing, whatever it is called', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const forged = bytes(changed(statementOf(job), ['predicate', 'outcome']))
  const [genuine] = envelope.signatures
  const signedAs = (keyid: string): Receipt => ({
    ...envelope,
    payload: forged.toString('base64'),
    signatures: [
      {
        keyid,
        sig: sign(null, signedBytes(envelope.payloadType, forged), privateKey).toString('base64'),
      },
    ],
  })
  const { x = '' } = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
    format: 'jwk',
  })
  const own = verifyKeyOf({ x })
  t.match(verifyReceipt(bytes(signedAs(genuine?.keyid ?? '')), keys).faults, [/does not hold/])
  t.match(verifyReceipt(bytes(signedAs(own.keyId)), keys).faults, [/none of the/])
  const unchanged = Buffer.from(envelope.payload, 'base64')
  const sig = sign(null, signedBytes(envelope.payloadType, unchanged), privateKey)
  const control = { ...envelope, signatures: [{ keyid: own.keyId, sig: sig.toString('base64') }] }
  t.same(
    verifyReceipt(bytes(control), [own]).faults,
    [],
    'the control: whoever trusts it is told yes',
  )
})

t.test('the worker’s user reads the key, and nobody else of the service', async (t) => {
  const file = `/var/lib/${instance}/secrets/receipt.key`
  const as = (user: string, ...command: string[]): number | null =>
    tryAsRoot(['setpriv', '--reuid', user, '--regid', user, '--init-groups', ...command]).status
  t.equal(as(`${instance}-worker`, 'cat', file), 0, 'the control: the worker can')
  for (const user of [`${instance}-api`, `${instance}-launcher`, 'nobody'])
    t.equal(as(user, 'test', '-r', file), 1, `${user} cannot`)
  t.equal(as(`${instance}-worker`, 'test', '-w', file), 1, 'and nobody changes it')
  const pem = asRoot(['cat', file])
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const secret = der.subarray(-32)
  const found = (needle: Buffer): string =>
    asRoot(
      ['sh', '-c', 'LC_ALL=C grep -rlaFf - "$1" || true', 'sh', `/var/lib/${instance}/redis`],
      needle.toString('latin1'),
    ).trim()
  t.not(found(Buffer.from(job.id)), '', 'the control: what Redis holds is found')
  for (const encoding of ['base64', 'base64url', 'hex'] as const)
    t.equal(found(Buffer.from(secret.toString(encoding))), '', `not in Redis, as ${encoding}`)
  t.notMatch(JSON.stringify(await attestation()), secret.toString('base64url'))
})

t.test('a list and a job that never ran carry no receipt', async (t) => {
  const { jobs } = (await tenant.request('GET', '/v1/jobs')).json as { jobs: Job[] }
  t.ok(jobs.some(({ id }) => id === job.id))
  for (const listed of jobs) t.equal(listed.receipt, null)
  const sent = await tenant.submit({ ...spec, expiresAfterMs: 1 })
  const ended = await tenant.finished(sent.id)
  if (ended.outcome === 'expired') t.equal(ended.receipt, null)
  else t.not(ended.receipt, null, `it was quick enough to run: ${ended.outcome}`)
})

t.test('a rotated key: the new one signs, the old one still verifies', async (t) => {
  const [before] = (await attestation()).keys
  asRoot([join(repository, 'stockade'), 'attestation', 'rotate', '--instance', instance])
  const listed = (await persist(attestation)).keys // a command that was waited for has left a dead connection
  const [current] = listed
  t.not(current?.kid, before?.kid)
  t.match(
    listed.find(({ kid }) => kid === before?.kid),
    { retiredAt: String },
  )
  // The worker hears of it by a signal: one of the next jobs is the first.
  let next = await tenant.run({ language: 'bash', source: 'true' })
  for (let turn = 0; turn < 50 && next.receipt?.signatures[0]?.keyid !== current?.kid; turn++)
    next = await tenant.run({ language: 'bash', source: 'true' })
  t.equal(next.receipt?.signatures[0]?.keyid, current?.kid)
  t.equal((await verifyCommand(next, '--address', address)).status, 0)
  t.equal((await verifyCommand(job, '--address', address)).status, 0, 'what the old key has signed')
  t.match(verifyReceipt(bytes(next), keys).faults, [/none of the/], 'a reader with the old list')
  const file = `/var/lib/${instance}/secrets/receipt.key`
  t.equal(asRoot(['stat', '-c', '%U:%G %a', file]).trim(), `root:${instance}-worker 440`)
})

t.test('the metric counts receipts', async (t) => {
  const at = address.lastIndexOf(':')
  const worker = `${address.slice(0, at)}:${Number(address.slice(at + 1)) + 1}`
  const text = await (await fetch(`http://${worker}/metrics`)).text()
  t.match(text, /^stockade_receipt_seconds_count [1-9]/m)
})

t.test('the page of the example is what is there', async (t) => {
  const page = readFileSync(join(repository, 'docs', 'receipt.md'), 'utf8')
  const names = (value: unknown): string[] =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? []
      : Object.entries(value).flatMap(([name, member]) => [name, ...names(member)])
  const { predicate } = statementOf(job)
  const { namespaces: _, ...enforced } = predicate.steps[0]?.enforced ?? {}
  const missing = [...new Set([...names(predicate), ...names(enforced)])].filter(
    (name) => !page.includes(name),
  )
  t.same(missing, [], 'every name in a receipt stands on its page')
})
