// The artifacts of a job as one archive, written as it is sent: a file at a time, at the client's pace.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'
import { ZipFile } from 'yazl'
import type { ArtifactFile } from '../contract/artifact.js'
import type { OpenOutput } from '../queue/output-store.js'

export const archiveFormats = ['tar', 'zip'] as const
export type ArchiveFormat = (typeof archiveFormats)[number]

export type PackedFile = ArtifactFile & { readonly start: number }

/** Where each file lies in the pack: they follow one another in the order of the list. */
export function packedFiles(files: readonly ArtifactFile[]): PackedFile[] {
  let start = 0
  return files.map((file) => {
    const packed = { ...file, start }
    start += file.bytes
    return packed
  })
}

const regularFile = 0o100_000

/** One archive of one job is the same bytes each time: the time in it is when the job ended. */
export function archiveOf(
  format: ArchiveFormat,
  files: readonly ArtifactFile[],
  pack: OpenOutput | null,
  mtime: Date,
): Readable {
  const all = packedFiles(files)
  const bytesOf = ({ start, bytes }: PackedFile): AsyncIterable<Buffer> | Buffer[] =>
    pack === null ? [] : pack.read(start, start + bytes)
  return format === 'tar' ? tarOf(all, bytesOf, mtime) : zipOf(all, bytesOf, mtime)
}

type BytesOf = (file: PackedFile) => AsyncIterable<Buffer> | Buffer[]

function tarOf(files: readonly PackedFile[], bytesOf: BytesOf, mtime: Date): Readable {
  const pack = tar.pack()
  const write = async (): Promise<void> => {
    for (const file of files) {
      const entry = pack.entry({ name: file.path, size: file.bytes, mode: file.mode, mtime })
      await pipeline(bytesOf(file), entry)
    }
    pack.finalize()
  }
  // Who reads it hears of a fault; one that nobody reads any more has none.
  write().catch((error: unknown) => pack.destroy(error as Error))
  return pack as unknown as Readable
}

function zipOf(files: readonly PackedFile[], bytesOf: BytesOf, mtime: Date): Readable {
  const zip = new ZipFile()
  const stream = zip.outputStream as Readable
  zip.on('error', (error: Error) => stream.destroy(error))
  for (const file of files)
    zip.addReadStreamLazy(
      file.path,
      { mtime, mode: regularFile | file.mode, compress: false, size: file.bytes },
      (give) => give(null, Readable.from(bytesOf(file))),
    )
  zip.end()
  return stream
}
