// `./stockade verify`: reads a result or a receipt and the public keys, and says in words and by its exit status what it found.
// 0: it verifies. 1: it does not. 2: nothing can be said (no receipt, no key, a wrong command line).
import { createPublicKey } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ReceiptStatement } from '../contract/receipt.js'
import {
  type Findings,
  NothingToVerify,
  type VerifyKey,
  verifyKeyOf,
  verifyReceipt,
} from './receipt-check.js'

function keysOfJson(value: unknown): VerifyKey[] {
  const { keys, x } = value as { keys?: unknown; x?: unknown }
  if (Array.isArray(keys)) return keys.flatMap(keysOfJson)
  return typeof x === 'string' ? [verifyKeyOf({ x })] : []
}

/** A JSON Web Key, a set of them (what `GET /v1/attestation` answers), or PEM. */
function keysOfText(text: string): VerifyKey[] {
  if (!text.startsWith('-----BEGIN')) return keysOfJson(JSON.parse(text))
  const { x = '' } = createPublicKey(text).export({ format: 'jwk' })
  return [verifyKeyOf({ x })]
}

function keysOfFile(path: string): VerifyKey[] {
  if (!statSync(path).isDirectory()) return keysOfText(readFileSync(path, 'utf8'))
  const names = readdirSync(path).filter((name) => name.endsWith('.jwk'))
  return names.flatMap((name) => keysOfText(readFileSync(join(path, name), 'utf8')))
}

async function keysOfAddress(address: string): Promise<VerifyKey[]> {
  const origin = /^https?:\/\//.test(address) ? address : `http://${address}`
  const answer = await fetch(new URL('/v1/attestation', origin))
  if (!answer.ok) throw new NothingToVerify(`${origin} answers ${answer.status}`)
  return keysOfJson(await answer.json())
}

async function trustedKeys(path: string | undefined, address: string | undefined) {
  try {
    const keys = path === undefined ? await keysOfAddress(address ?? '') : keysOfFile(path)
    if (keys.length > 0) return keys
  } catch (error) {
    if (error instanceof NothingToVerify) throw error
    throw new NothingToVerify(`no public key from ${path ?? address}: ${(error as Error).message}`)
  }
  throw new NothingToVerify(`no public key in ${path ?? address}`)
}

function stepLines({ predicate }: ReceiptStatement): string[] {
  return predicate.steps.flatMap((step) => {
    const { cgroup, seccomp, landlock, apparmor, network } = step.enforced
    const end = step.signal ?? (step.exitCode === null ? 'not executed' : `exit ${step.exitCode}`)
    const addresses = network.ipv4 || network.ipv6 ? 'with addresses' : 'without an address'
    return [
      `  step ${step.name}: ${step.outcome}, ${end}, ${step.usage.wallMs} ms, ${step.usage.memoryPeakBytes} bytes of memory`,
      `    stdout ${step.stdout.bytes} bytes, sha256 ${step.stdout.digest.sha256}`,
      `    stderr ${step.stderr.bytes} bytes, sha256 ${step.stderr.digest.sha256}`,
      `    in force: cgroup v${cgroup.version} ${cgroup.memoryBytes} bytes, ${cgroup.processes} processes; seccomp ${seccomp.profile}; ` +
        `Landlock ${landlock.restricted ? `ABI ${landlock.abi}` : 'not in this kernel'}; ` +
        `AppArmor ${apparmor.kernel ? apparmor.label : 'not in this kernel'}; network ${network.devices.join(' ') || 'no device'} ${addresses}`,
    ]
  })
}

function describe({ statement, keyId, uncovered }: Findings): string[] {
  if (statement === null) return []
  const [job] = statement.subject
  const { outcome, image, node, stockade, times, steps } = statement.predicate
  return [
    `  job ${job?.name}, sha256 ${job?.digest.sha256}`,
    `  outcome ${outcome}, ${steps.length} step${steps.length === 1 ? '' : 's'}, ended ${times.finishedAt}`,
    ...stepLines(statement),
    `  image ${image.name}, ${image.digest.sha256}`,
    `  node ${node.name}, Linux ${node.kernel} ${node.machine}, Stockade ${stockade.version} (release ${stockade.release ?? 'unknown'})`,
    `  key ${keyId}`,
    ...(uncovered.length === 0 ? [] : [`  not covered by the receipt: ${uncovered.join(', ')}`]),
  ]
}

function report(findings: Findings): number {
  const verifies = findings.faults.length === 0
  const lines = verifies
    ? ['verified: the receipt is signed, and the rest is as it says', ...describe(findings)]
    : ['NOT verified', ...findings.faults.map((fault) => `  ${fault}`)]
  process.stdout.write(`${lines.join('\n')}\n`)
  return verifies ? 0 : 1
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    options: { key: text, address: text, job: text },
    allowPositionals: true,
  })
  const [file = '-'] = positionals
  const keys = await trustedKeys(values.key, values.address)
  const job = values.job === undefined ? null : readFileSync(values.job)
  return report(verifyReceipt(readFileSync(file === '-' ? 0 : file), keys, job))
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`stockade verify: ${(error as Error).message}\n`)
  process.exitCode = 2
}
