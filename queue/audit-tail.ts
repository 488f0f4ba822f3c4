// Where an audit log ended: the number and the digest of its last whole line, and what a process that was killed left of another.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { firstPrev } from '../contract/audit.js'

export type Torn = { readonly bytes: number; readonly sha256: string }
export type Tail = {
  /** 0: there is no line yet. */
  readonly seq: number
  readonly digest: string
  readonly torn: Torn | null
}

export const noTail: Tail = { seq: 0, digest: firstPrev, torn: null }

/** Far more than a line may have. Bytes. */
const readBytes = 1_048_576

export const lineDigest = (line: Buffer | string): string =>
  createHash('sha256').update(line).digest('hex')

/** The number of the last line that can be read: one that somebody has damaged is chained all the same. */
function seqOf(lines: readonly Buffer[]): number {
  for (const [back, line] of [...lines].reverse().entries()) {
    try {
      const { seq } = JSON.parse(line.toString('utf8')) as { seq?: unknown }
      if (typeof seq === 'number' && Number.isSafeInteger(seq)) return seq + back
    } catch {
      // The one before it, then.
    }
  }
  return lines.length
}

function splitLines(bytes: Buffer): { lines: Buffer[]; rest: Buffer } {
  const lines: Buffer[] = []
  let from = 0
  for (let end = bytes.indexOf(10, from); end !== -1; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end))
    from = end + 1
  }
  return { lines, rest: bytes.subarray(from) }
}

async function readEnd(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat()
  const length = Math.min(size, readBytes)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
  return buffer.subarray(0, bytesRead)
}

/** Null when there is no such file. */
export async function tailOf(path: string): Promise<Tail | null> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const { lines, rest } = splitLines(await readEnd(file))
    const last = lines.at(-1)
    const torn = rest.length === 0 ? null : { bytes: rest.length, sha256: lineDigest(rest) }
    if (last === undefined) return { ...noTail, torn }
    return { seq: seqOf(lines), digest: lineDigest(last), torn }
  } finally {
    await file.close()
  }
}
