// `./stockade audit verify`: reads audit logs, and says in words and by its exit status whether they are whole.
// 0: they are. 1: they are not. 2: nothing can be said (no file, a wrong command line).
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import { auditLineBytesMax, auditProcesses } from '../contract/audit.js'
import { openSealer } from '../queue/seal.js'
import { type AuditFindings, openAuditChecker, type RawLine } from './audit-check.js'

async function* linesOf(path: string): AsyncGenerator<RawLine> {
  const file = createReadStream(path)
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  let held = Buffer.alloc(0)
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, piece])
    let from = 0
    for (let end = held.indexOf(10); end !== -1; end = held.indexOf(10, from)) {
      yield { bytes: held.subarray(from, end), isTorn: false }
      from = end + 1
    }
    held = held.subarray(from)
    if (held.length > 4 * auditLineBytesMax)
      throw new Error(`${path} is no audit log: a line has no end`)
  }
  if (held.length > 0) yield { bytes: held, isTorn: true }
}

type Beginning = { readonly path: string; readonly log: string; readonly seq: number }

/** Of which log a file is, and where in it: by its first line that says so. */
async function beginningOf(path: string): Promise<Beginning> {
  for await (const { bytes } of linesOf(path)) {
    try {
      const { process, node, seq } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
      if (auditProcesses.some((known) => known === process) && typeof seq === 'number')
        return { path, log: `${process} on ${node}`, seq }
    } catch {
      // Torn, or changed: the check says so.
    }
  }
  return { path, log: 'no process', seq: 0 }
}

/** The file that is written, and those that were rotated away from beside it. */
function filesBeside(path: string): string[] {
  if (!existsSync(dirname(path))) return []
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith('audit.jsonl'))
  return names.map((name) => join(dirname(path), name))
}

function report(log: string, findings: AuditFindings, hasKey: boolean): void {
  const { faults, notes, lines, firstSeq, lastSeq, checkpoints, unsealed } = findings
  const sealed = hasKey
    ? `${checkpoints} checkpoints, ${unsealed} lines after the last`
    : 'checkpoints not looked at: no seal key'
  const word = faults.length === 0 ? 'whole' : 'NOT whole'
  process.stdout.write(`${word}: ${log}, ${lines} lines, ${firstSeq} to ${lastSeq}; ${sealed}\n`)
  for (const { file, line, what } of faults) process.stdout.write(`  ${file}:${line} ${what}\n`)
  for (const { file, line, what } of notes)
    process.stdout.write(`  note: ${file}:${line} ${what}\n`)
}

async function check(
  log: string,
  paths: readonly string[],
  authenticate: ((text: string) => string) | null,
): Promise<boolean> {
  const checker = openAuditChecker(authenticate)
  for (const file of paths) {
    let line = 0
    for await (const raw of linesOf(file)) checker.add({ file, line: ++line }, raw)
  }
  const findings = checker.findings()
  report(log, findings, authenticate !== null)
  return findings.faults.length === 0
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    options: { key: text, directory: text },
    allowPositionals: true,
  })
  const { key, directory } = values
  const beside = auditProcesses.flatMap((name) =>
    filesBeside(join(directory ?? '', name, 'audit.jsonl')),
  )
  const paths = positionals.length > 0 ? positionals : beside
  if (paths.length === 0) throw new Error(`there is no audit log in ${directory}`)
  const authenticate = key === undefined ? null : openSealer(key).authenticate
  const beginnings = await Promise.all(paths.map(beginningOf))
  let isWhole = true
  for (const log of new Set(beginnings.map((one) => one.log))) {
    const files = beginnings.filter((one) => one.log === log)
    const inOrder = files.sort((one, other) => one.seq - other.seq).map(({ path }) => path)
    isWhole = (await check(log, inOrder, authenticate)) && isWhole
  }
  return isWhole ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`stockade audit: ${(error as Error).message}\n`)
  process.exitCode = 2
}
