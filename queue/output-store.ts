// Large output of jobs: files named by the SHA-256 of their bytes, in a folder for each job. A worker writes them while the program
// runs, an api reads them in pieces: nobody holds one whole. They are plain, as small output in Redis is.
// A folder is one job's alone, so that it can go when the job goes: no file is shared, and none is counted.
import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OutputFile } from '../contract/result.js'
import { syncDirectory } from './sync-directory.js'

/** The file is missing or not what its name says. */
export class OutputLost extends Error {}

export type OutputWriter = {
  /** Null, or a promise when so much waits for the disk that the writer should wait too. Never rejects: `finish` does. */
  write(bytes: Buffer): Promise<void> | null
  /** Durable when it resolves. @throws Error of the file system */
  finish(): Promise<OutputFile>
  /** Leaves nothing behind. Never rejects. */
  discard(): Promise<void>
}

/** A file that has been read once and is what its name says. */
export type OpenOutput = {
  readonly bytes: number
  /** From `start` up to `end` (exclusive), in pieces. */
  read(start: number, end: number): AsyncGenerator<Buffer>
  close(): Promise<void>
}

/** Bytes within a file, and their own SHA-256. */
export type OutputPart = { readonly start: number; readonly bytes: number; readonly digest: string }

export type OutputStore = {
  create(tenant: string, jobId: string): OutputWriter
  /** @throws OutputLost */
  open(tenant: string, jobId: string, file: OutputFile): Promise<OpenOutput>
  /** A part of a file, which is checked by itself: the others need not be read for it. @throws OutputLost */
  openPart(tenant: string, jobId: string, file: OutputFile, part: OutputPart): Promise<OpenOutput>
  /** All output of one job. No error when there is none. */
  removeJob(tenant: string, jobId: string): Promise<void>
}

const tenantPattern = /^[a-z][a-z0-9-]{0,62}$/
const jobIdPattern = /^job_[0-9a-z]{26}$/
const digestPattern = /^[0-9a-f]{64}$/

/** Bytes that may wait for the disk before a writer is asked to wait. */
const waitingBytesMax = 1_048_576
const pieceBytes = 65_536

function openWriter(folder: string): OutputWriter {
  const partial = join(folder, `${randomBytes(6).toString('hex')}.partial`)
  const hash = createHash('sha256')
  let bytes = 0
  let waiting = 0
  let failure: Error | null = null
  let file: FileHandle | null = null
  const opening = async (): Promise<void> => {
    // Group-readable by the umask's leave; the group is inherited from the store (set-group-id).
    await mkdir(folder, { recursive: true, mode: 0o750 })
    file = await open(partial, 'wx', 0o640)
  }
  let last = opening().catch((error: unknown) => {
    failure = error as Error
  })
  const append = async (piece: Buffer): Promise<void> => {
    try {
      if (failure === null) await file?.appendFile(piece)
    } catch (error) {
      failure = error as Error
    } finally {
      waiting -= piece.length
    }
  }
  const close = async (): Promise<void> => {
    await last
    const open = file
    file = null
    await open?.close()
  }
  return {
    write(piece) {
      hash.update(piece)
      bytes += piece.length
      waiting += piece.length
      last = last.then(() => append(piece))
      return waiting > waitingBytesMax ? last : null
    },
    async finish() {
      await last
      if (failure === null) await file?.sync()
      await close()
      if (failure !== null) throw failure
      const digest = hash.digest('hex')
      await rename(partial, join(folder, digest))
      for (const directory of [folder, dirname(folder), dirname(dirname(folder))])
        await syncDirectory(directory)
      return { digest, bytes }
    },
    async discard() {
      await close().catch(() => undefined)
      await rm(partial, { force: true }).catch(() => undefined)
    },
  }
}

async function* pieces(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const length = Math.min(pieceBytes, end - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) throw new OutputLost('the output ends too early')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function verify(
  file: FileHandle,
  whole: OutputFile,
  { start, bytes, digest }: OutputPart,
): Promise<void> {
  if ((await file.stat()).size !== whole.bytes) throw new OutputLost('the output has another size')
  const hash = createHash('sha256')
  for await (const piece of pieces(file, start, start + bytes)) hash.update(piece)
  if (hash.digest('hex') !== digest) throw new OutputLost('the output is damaged')
}

export function openOutputStore(directory: string): OutputStore {
  const folderOf = (tenant: string, jobId: string): string => {
    if (!tenantPattern.test(tenant) || !jobIdPattern.test(jobId))
      throw new OutputLost('not the name of a job’s output')
    return join(directory, tenant, jobId)
  }
  const openPart: OutputStore['openPart'] = async (tenant, jobId, output, part) => {
    if (!digestPattern.test(output.digest)) throw new OutputLost('not the name of an output')
    const path = join(folderOf(tenant, jobId), output.digest)
    const file = await open(path, 'r').catch(() => {
      throw new OutputLost('the output is missing')
    })
    try {
      await verify(file, output, part)
    } catch (error) {
      await file.close()
      throw error instanceof OutputLost ? error : new OutputLost((error as Error).message)
    }
    return {
      bytes: part.bytes,
      read: (start, end) => pieces(file, part.start + start, part.start + end),
      close: () => file.close(),
    }
  }
  return {
    create: (tenant, jobId) => openWriter(folderOf(tenant, jobId)),
    openPart,
    open: (tenant, jobId, output) => openPart(tenant, jobId, output, { start: 0, ...output }),
    async removeJob(tenant, jobId) {
      await rm(folderOf(tenant, jobId), { recursive: true, force: true })
    },
  }
}
