// The audit log of one process: lines in a chain, appended by one writer, in the order in which they were told.
// A line is made and chained at once and is on its way to the file when `tell` returns; the disk is asked to hold it once a second. So
// nobody waits for the disk, a process that is killed loses what it told in that instant, a machine that loses power at most a second.
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type AuditAct, type AuditHead, type AuditProcess, sealedText } from '../contract/audit.js'
import { lineDigest, noTail, type Tail, tailOf } from './audit-tail.js'
import type { Sealer } from './seal.js'

export type AuditLog = {
  /** Into the chain, and on its way. Never throws: what cannot be written is held, and the log is not writable until it is. */
  tell(act: AuditAct): void
  /** False from a write that failed until one succeeds. */
  readonly isWritable: boolean
  /** Everything told so far is in the file, or cannot be. */
  settled(): Promise<void>
  /** After the file was renamed: ends the old one with a checkpoint, and goes on in a new one. Else nothing. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export type AuditParts = {
  /** Below it each process has a folder of its own. */
  readonly directory: string
  readonly process: AuditProcess
  readonly sealer: Pick<Sealer, 'authenticate'>
  readonly log: Logger
  onLine(act: AuditAct['act']): void
  onFailure(): void
}

export const auditFile = (directory: string, process: AuditProcess): string =>
  join(directory, process, 'audit.jsonl')

const syncMs = 1000
const checkpointMs = 60_000
const checkpointLines = 1000
/** Pieces written one after the other while others tell: then it is the disk’s turn to be asked, or another file’s. */
const writeRoundsMax = 64
/** What is held while nothing can be written; beyond it lines are lost, and the log says how many. Bytes. */
const heldBytesMax = 8 * 1_048_576

type State = AuditParts & {
  readonly path: string
  file: FileHandle
  last: Pick<AuditHead, 'seq' | 'prev'>
  pending: Buffer[]
  pendingBytes: number
  lost: number
  sinceCheckpoint: number
  isDirty: boolean
  isWritable: boolean
  /** What the file should hold. Bytes. */
  size: number
  /** A line stands there in part: its rest can go nowhere else. */
  isMidLine: boolean
  writing: Promise<void> | null
}

function push(state: State, act: AuditAct): void {
  const seq = state.last.seq + 1
  const head = {
    ...{ seq, prev: state.last.prev, time: new Date().toISOString() },
    ...{ node: hostname(), process: state.process },
  }
  const line = Buffer.from(JSON.stringify({ ...head, ...act }))
  state.last = { seq, prev: lineDigest(line) }
  state.pending.push(line, Buffer.from('\n'))
  state.pendingBytes += line.length + 1
  state.sinceCheckpoint += 1
  state.onLine(act.act)
}

function checkpoint(state: State): void {
  if (state.sinceCheckpoint === 0) return
  const { last, process, sealer } = state
  const seal = sealer.authenticate(sealedText({ process, seq: last.seq + 1, prev: last.prev }))
  push(state, { act: 'checkpoint', seal })
  state.sinceCheckpoint = 0
}

function tell(state: State, act: AuditAct): void {
  if (state.pendingBytes > heldBytesMax) {
    state.lost += 1
    state.onFailure()
    return
  }
  if (state.lost > 0) push(state, { act: 'lost', lines: state.lost })
  state.lost = 0
  push(state, act)
  if (state.sinceCheckpoint >= checkpointLines) checkpoint(state)
  void write(state)
}

function note(state: State, what: string, error: unknown): void {
  state.onFailure()
  if (state.isWritable) state.log.error({ err: error }, `the audit log cannot be ${what}`)
  state.isWritable = false
}

function mend(state: State): void {
  if (!state.isWritable) state.log.info('the audit log is written again')
  state.isWritable = true
}

/** What is pending now, to the file that is the log's now. False when it cannot be written: then it is pending again. */
async function writeBatch(state: State): Promise<boolean> {
  let batch = Buffer.concat(state.pending)
  state.pending = []
  try {
    while (batch.length > 0) {
      const { bytesWritten } = await state.file.write(batch)
      state.size += bytesWritten
      state.pendingBytes -= bytesWritten
      state.isDirty = true
      state.isMidLine = batch[bytesWritten - 1] !== 10
      batch = batch.subarray(bytesWritten)
    }
    mend(state)
    return true
  } catch (error) {
    state.pending.unshift(batch)
    note(state, 'written', error)
    return false
  }
}

async function writePending(state: State): Promise<void> {
  for (let round = 0; round < writeRoundsMax && state.pending.length > 0; round++)
    if (!(await writeBatch(state))) return
}

/** One at a time; what is told meanwhile goes with the next piece. */
function write(state: State): Promise<void> {
  state.writing ??= writePending(state).finally(() => {
    state.writing = null
  })
  return state.writing
}

/** The chain tells of what others do to the file; this tells of it at once. */
async function compareSize(state: State): Promise<void> {
  const expected = state.size
  const { size } = await state.file.stat()
  if (state.writing !== null || state.size !== expected || size === expected) return
  state.onFailure()
  // logrotate’s copytruncate, a second process with the same directory, or a hand.
  const bytes = size - expected
  state.log.error({ bytes }, 'somebody else has cut the audit log or written to it')
  state.size = size
}

async function sync(state: State): Promise<void> {
  await write(state)
  if (!state.isDirty && state.isWritable) return
  state.isDirty = false
  try {
    await state.file.datasync()
    await compareSize(state)
    if (state.pending.length === 0) mend(state)
  } catch (error) {
    state.isDirty = true
    note(state, 'synced', error)
  }
}

const openToAppend = (path: string): Promise<FileHandle> => open(path, 'a', 0o640)

async function rotate(state: State): Promise<void> {
  const [ours, there] = await Promise.all([state.file.stat(), stat(state.path).catch(() => null)])
  if (there !== null && there.ino === ours.ino && there.dev === ours.dev) return
  const next = await openToAppend(state.path)
  const { size } = await next.stat()
  checkpoint(state)
  const written = writeBatch(state)
  // What is told while the old file is brought to its end is of the new one, which begins with this.
  push(state, { act: 'open', reason: 'rotation', torn: null })
  const { seq, prev } = state.last
  await written
  if (state.isMidLine) {
    await next.close()
    throw new Error('the old file has a line in part')
  }
  const old = state.file
  Object.assign(state, { file: next, size })
  state.log.info({ seq, prev }, 'the audit log has a new file')
  await old.datasync().catch((error: unknown) => note(state, 'synced', error))
  await old.close()
  await writePending(state)
}

/** It has the file to itself: what is told meanwhile is held, and written to whichever is the log’s then. */
async function reopen(state: State): Promise<void> {
  while (state.writing !== null) await state.writing
  state.writing = rotate(state)
    .catch((error: unknown) => note(state, 'opened anew', error))
    .finally(() => {
      state.writing = null
    })
  await state.writing
  await write(state)
}

/** Of this file, or of the one that was rotated away while nobody wrote. */
async function findTail(path: string): Promise<Tail> {
  const tail = await tailOf(path)
  if (tail !== null && (tail.seq > 0 || tail.torn !== null)) return tail
  return { ...((await tailOf(`${path}.1`)) ?? noTail), torn: null }
}

function startTimers(state: State): () => void {
  const timers = [
    setInterval(() => void sync(state), syncMs).unref(),
    setInterval(() => {
      checkpoint(state)
      void write(state)
    }, checkpointMs).unref(),
  ]
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}

/** @throws Error when the log cannot be opened: a process that cannot keep it does not start. */
export async function openAuditLog(parts: AuditParts): Promise<AuditLog> {
  const path = auditFile(parts.directory, parts.process)
  await mkdir(join(parts.directory, parts.process), { recursive: true, mode: 0o750 })
  const { seq, digest, torn } = await findTail(path)
  const file = await openToAppend(path)
  const state: State = {
    ...parts,
    ...{ path, file, size: (await file.stat()).size },
    last: { seq, prev: digest },
    ...{ pending: [], pendingBytes: 0, lost: 0, sinceCheckpoint: 0 },
    ...{ isDirty: false, isWritable: true, isMidLine: false, writing: null },
  }
  if (torn !== null) {
    state.pending.push(Buffer.from('\n'))
    state.pendingBytes += 1
  }
  push(state, { act: 'open', reason: 'start', torn })
  await write(state)
  if (!state.isWritable) throw new Error(`the audit log ${path} cannot be written`)
  parts.log.info({ path, seq: state.last.seq, prev: digest, torn }, 'the audit log is open')
  const endTimers = startTimers(state)
  return {
    tell: (act) => tell(state, act),
    get isWritable() {
      // A write that hangs is no failure yet: what is held says how far behind it is.
      return state.isWritable && state.pendingBytes <= heldBytesMax / 2
    },
    settled: () => write(state),
    reopen: () => reopen(state),
    async close() {
      endTimers()
      checkpoint(state)
      await sync(state)
      await state.file.close()
      parts.log.info({ seq: state.last.seq, prev: state.last.prev }, 'the audit log is closed')
    },
  }
}
