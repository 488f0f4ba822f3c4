// The bytes that a collector writes (native/launcher/collect.h) → files, as they come. They come out of a sandbox: nothing is taken on trust.
import { Compile } from 'typebox/compile'
import {
  type CollectAsk,
  CollectSummary,
  collectRecords,
  type LeftOutReason,
  leftOutReasons,
} from '../contract/collect.js'
import type { Started } from '../contract/launch.js'
import { FrameError, type Pair } from './launch-frame.js'

export type CollectedHead = {
  readonly path: string
  readonly mode: number
  readonly bytes: number
}

/** Where files go. A promise makes the collector wait until it is settled. */
export type CollectReceiver = {
  /** What protects the collector, as of a step. */
  onStarted(started: Started): void
  /** Without contents nothing but this comes of a file. */
  onFile(file: CollectedHead): unknown
  /** Bytes of the last file; a window into a buffer that is used again. */
  onBytes(bytes: Buffer): unknown
  onLeftOut(path: string, reason: LeftOutReason): void
}

export function collectPairs(ask: CollectAsk): Pair[] {
  return [
    ['root', ask.root],
    ['contents', ask.contents ? 'yes' : 'no'],
    ...ask.paths.map((path): Pair => ['path', path]),
    ['entries', ask.entries],
    ['files', ask.files],
    ['bytes', ask.bytes],
    ['file-bytes', ask.fileBytes],
    ['name-bytes', ask.nameBytes],
    ['depth', ask.depth],
    ['wall-ms', ask.wallMs],
    ['cpu-ms', ask.cpuMs],
    ['memory-bytes', ask.memoryBytes],
  ]
}

const headBytes = 5
const fileHeadBytes = 12
const pathBytesMax = 4095
const recordBytesMax = fileHeadBytes + pathBytesMax
const checkSummary = Compile(CollectSummary)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A path as text; null where its bytes are no UTF-8. @throws FrameError when it leads out of the root. */
function pathOf(bytes: Buffer, isEmptyAllowed: boolean): string | null {
  let path: string
  try {
    path = utf8.decode(bytes)
  } catch {
    return null
  }
  if (path === '' && isEmptyAllowed) return path
  const isWrong = path
    .split('/')
    .some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))
  if (isWrong) throw new FrameError('a collected path that is none')
  return path
}

type State = {
  readonly ask: CollectAsk
  readonly receiver: CollectReceiver
  held: Buffer
  /** Bytes of the current file that are still to come. */
  left: number
  /** Whether the current file has no name that can be told: its bytes are passed over. */
  isNameless: boolean
  files: number
  bytes: number
  names: number
  summary: CollectSummary | null
}

export type CollectParser = {
  /** Takes what has come; what must be waited for before more is read, if anything. @throws FrameError */
  push(bytes: Buffer): Promise<unknown> | null
  /** After the end. @throws FrameError when it is not all there. */
  finish(): CollectSummary
}

/** Of the promises that a receiver gave, what to wait for. */
function joined(waits: readonly unknown[]): Promise<unknown> | null {
  const promises = waits.filter((one) => one instanceof Promise)
  return promises.length === 0 ? null : Promise.all(promises)
}

function takeFile(state: State, payload: Buffer): unknown {
  const { ask, receiver } = state
  if (payload.length <= fileHeadBytes) throw new FrameError('a collected file without a name')
  const bytes = Number(payload.readBigUInt64LE(4))
  const mode = payload.readUInt32LE(0)
  const name = payload.subarray(fileHeadBytes)
  state.files += 1
  state.bytes += bytes
  state.names += name.length
  const isTooMuch =
    state.files > ask.files || state.bytes > ask.bytes || state.names > ask.nameBytes
  if (isTooMuch || bytes > ask.fileBytes || mode > 0o777)
    throw new FrameError('a collected file beyond what was asked')
  const path = pathOf(name, false)
  state.left = ask.contents ? bytes : 0
  state.isNameless = path === null
  if (path !== null) return receiver.onFile({ path, mode, bytes })
  receiver.onLeftOut(name.toString('utf8'), 'unreadable')
  return null
}

function takeLeftOut({ receiver }: State, payload: Buffer): void {
  const reason = leftOutReasons[payload[0] ?? leftOutReasons.length]
  if (reason === undefined) throw new FrameError('left out for no reason')
  const name = payload.subarray(1)
  receiver.onLeftOut(pathOf(name, true) ?? name.toString('utf8'), reason)
}

function takeSummary(state: State, payload: Buffer): void {
  const summary: unknown = JSON.parse(payload.toString('utf8'))
  if (!checkSummary.Check(summary)) throw new FrameError('a summary of another shape')
  if (summary.files !== state.files || summary.bytes !== state.bytes)
    throw new FrameError('a summary of something else')
  state.summary = summary
}

function takeRecord(state: State, kind: number, payload: Buffer): unknown {
  if (state.summary !== null) throw new FrameError('more behind the summary')
  switch (kind) {
    case collectRecords.file:
      return takeFile(state, payload)
    case collectRecords.leftOut:
      return takeLeftOut(state, payload)
    case collectRecords.summary:
      return takeSummary(state, payload)
    default:
      throw new FrameError(`a record of kind ${kind}`)
  }
}

/** The first record or piece of a file in the bytes; how many of them it took, 0 when more must come. */
function takeNext(state: State, bytes: Buffer, waits: unknown[]): number {
  if (state.left > 0) {
    const piece = bytes.subarray(0, state.left)
    state.left -= piece.length
    if (!state.isNameless && piece.length > 0) waits.push(state.receiver.onBytes(piece))
    return piece.length
  }
  if (bytes.length < headBytes) return 0
  const length = bytes.readUInt32LE(0)
  if (length > recordBytesMax) throw new FrameError(`a record of ${length} bytes`)
  if (bytes.length < headBytes + length) return 0
  waits.push(takeRecord(state, bytes.readUInt8(4), bytes.subarray(headBytes, headBytes + length)))
  return headBytes + length
}

export function openCollectParser(ask: CollectAsk, receiver: CollectReceiver): CollectParser {
  const state: State = {
    ...{ ask, receiver, held: Buffer.alloc(0), left: 0, isNameless: false },
    ...{ files: 0, bytes: 0, names: 0, summary: null },
  }
  return {
    push(bytes) {
      let rest = state.held.length === 0 ? bytes : Buffer.concat([state.held, bytes])
      const waits: unknown[] = []
      for (let taken = -1; taken !== 0; rest = rest.subarray(taken))
        taken = takeNext(state, rest, waits)
      // A copy: what is held outlives the buffer that it came in.
      state.held = Buffer.from(rest)
      return joined(waits)
    },
    finish() {
      if (state.summary === null || state.left > 0 || state.held.length > 0)
        throw new FrameError('the collector ended too early')
      return state.summary
    },
  }
}
