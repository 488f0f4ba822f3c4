// One stream of a step as it is written: small output in memory, large output straight into a file of the output store.
import { createHash } from 'node:crypto'
import { inlineOutputBytesMax, type KeptOutput } from '../contract/result.js'
import type { OutputWriter } from '../queue/output-store.js'
import { type Encoding, openEncodingChoice } from './output-text.js'

export type CapturedStream = {
  readonly kept: KeptOutput
  readonly encoding: Encoding
  /** Of the raw bytes, whatever their encoding. */
  readonly bytes: number
  readonly digest: string
}

export type Capture = {
  /** A promise when the disk is behind: the program should wait, not our memory grow. */
  take(bytes: Buffer): Promise<void> | null
  /** @throws Error when a file could not be written. */
  finish(): Promise<CapturedStream>
  discard(): Promise<void>
}

export function openCapture(create: () => OutputWriter): Capture {
  const choice = openEncodingChoice()
  let pieces: Buffer[] = []
  let total = 0
  let writer: OutputWriter | null = null
  const spill = (): OutputWriter => {
    const opened = create()
    for (const piece of pieces) opened.write(piece)
    pieces = []
    return opened
  }
  return {
    take(bytes) {
      choice.add(bytes)
      total += bytes.length
      if (total > inlineOutputBytesMax) writer ??= spill()
      if (writer !== null) return writer.write(bytes)
      pieces.push(bytes)
      return null
    },
    async finish() {
      const encoding = choice.choose()
      if (writer !== null) {
        const kept = await writer.finish()
        return { kept, encoding, bytes: kept.bytes, digest: kept.digest }
      }
      const bytes = Buffer.concat(pieces)
      const digest = createHash('sha256').update(bytes).digest('hex')
      return { kept: bytes.toString(encoding), encoding, bytes: bytes.length, digest }
    },
    async discard() {
      await writer?.discard()
    },
  }
}
