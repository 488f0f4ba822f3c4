// Whether an audit log is whole: each line numbered and chained to the one before it, across files, and sealed up to its last checkpoint.
import { Compile } from 'typebox/compile'
import { type AuditHead, type AuditLine, AuditLineSchema, sealedText } from '../contract/audit.js'
import { lineDigest } from '../queue/audit-tail.js'

const checkLine = Compile(AuditLineSchema)

/** One line of a file, without its end. `isTorn`: it has none. */
export type RawLine = { readonly bytes: Buffer; readonly isTorn: boolean }
export type AuditFault = { readonly file: string; readonly line: number; readonly what: string }
export type AuditFindings = {
  readonly faults: readonly AuditFault[]
  readonly notes: readonly AuditFault[]
  readonly lines: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly checkpoints: number
  /** Lines that no checkpoint covers yet. */
  readonly unsealed: number
}

type Place = { readonly file: string; readonly line: number }
type Strange = Place & { readonly bytes: Buffer }

export type AuditChecker = {
  add(place: Place, raw: RawLine): void
  findings(): AuditFindings
}

function parse(bytes: Buffer): AuditLine | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return checkLine.Check(value) ? (value as AuditLine) : null
  } catch {
    return null
  }
}

type Known = Pick<AuditHead, 'seq' | 'process' | 'node'> & Place & { readonly digest: string }

/** What two lines that follow each other say of each other; null when it is right. */
function compare(before: Known, line: AuditLine, place: Place): AuditFault | null {
  if (line.process !== before.process)
    return { ...place, what: `is of the log of ${line.process}, among lines of ${before.process}` }
  if (line.seq > before.seq + 1)
    return { ...place, what: `${line.seq - before.seq - 1} lines before it have been removed` }
  if (line.seq <= before.seq)
    return {
      ...place,
      what: `has number ${line.seq} after ${before.seq}: inserted, or out of its order`,
    }
  if (line.prev === before.digest) return null
  const { file, line: at } = before
  return { file, line: at, what: 'has been changed: the line after it names another digest' }
}

type State = {
  readonly authenticate: ((text: string) => string) | null
  readonly faults: AuditFault[]
  readonly notes: AuditFault[]
  before: Known | null
  /** What is no line: whether it was torn or changed, the next line tells. */
  strange: Strange | null
  lines: number
  firstSeq: number
  checkpoints: number
  unsealed: number
}

function judgeStrange(state: State, line: AuditLine | null): void {
  if (state.strange === null) return
  const { bytes, ...place } = state.strange
  const { before } = state
  state.strange = null
  const isTold =
    line?.act === 'open' &&
    line.torn?.bytes === bytes.length &&
    line.torn.sha256 === lineDigest(bytes)
  if (isTold) {
    const what = 'was torn when its process was killed; the next start says so'
    state.notes.push({ ...place, what })
    return
  }
  state.faults.push({ ...place, what: 'has been changed: it is no line of an audit log' })
  // It had a number; what it was is not known.
  if (before !== null && line?.seq === before.seq + 2)
    state.before = { ...before, ...place, seq: before.seq + 1, digest: line.prev }
}

function checkSeal(state: State, line: AuditLine, place: Place): void {
  if (line.act !== 'checkpoint') return
  state.unsealed = 0
  if (state.authenticate === null) return
  if (state.authenticate(sealedText(line)) === line.seal) state.checkpoints += 1
  else state.faults.push({ ...place, what: 'its seal is not by the key of this instance' })
}

function checkFirst(state: State, line: AuditLine, place: Place): void {
  state.firstSeq = line.seq
  if (line.act !== 'open') {
    const what = 'is not the first of a file: what was before it has been cut off'
    state.faults.push({ ...place, what })
  } else if (line.seq > 1) {
    const what = `goes on from line number ${line.seq - 1}, which is in an earlier file`
    state.notes.push({ ...place, what })
  }
}

function addWhole(state: State, line: AuditLine, place: Place, digest: string): void {
  judgeStrange(state, line)
  state.lines += 1
  state.unsealed += 1
  if (state.before === null) checkFirst(state, line, place)
  else {
    const fault = compare(state.before, line, place)
    if (fault !== null) state.faults.push(fault)
  }
  checkSeal(state, line, place)
  // A line that came from elsewhere is none to go on from.
  if (state.before === null || line.seq > state.before.seq)
    state.before = { ...place, ...line, digest }
}

/** `authenticate` is null where there is no key: then a chain that somebody has made anew from some line on looks whole. */
export function openAuditChecker(authenticate: ((text: string) => string) | null): AuditChecker {
  const state: State = {
    ...{ authenticate, faults: [], notes: [], before: null, strange: null },
    ...{ lines: 0, firstSeq: 0, checkpoints: 0, unsealed: 0 },
  }
  return {
    add(place, { bytes, isTorn }) {
      const line = isTorn ? null : parse(bytes)
      if (isTorn) {
        const what = `${bytes.length} bytes without an end: its process was killed while it wrote, or still writes`
        state.notes.push({ ...place, what })
      } else if (line === null) {
        judgeStrange(state, null)
        state.strange = { ...place, bytes }
      } else addWhole(state, line, place, lineDigest(bytes))
    },
    findings() {
      judgeStrange(state, null)
      const { faults, notes, lines, firstSeq, checkpoints, unsealed, before } = state
      return { faults, notes, lines, firstSeq, lastSeq: before?.seq ?? 0, checkpoints, unsealed }
    },
  }
}
