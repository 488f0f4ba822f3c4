// The line of the audit log that each admission has, whatever is lost: told here by who admits, and by another where that one did not
// hear the answer or died before it could tell (queue/untold.ts). At least one line, then, and two where a process dies right after.
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import { type AuditAct, auditActSchemas } from '../contract/audit.js'
import type { AuditLog } from '../queue/audit-log.js'
import type { Sealer } from '../queue/seal.js'
import { lateUntold, settleUntold } from '../queue/untold.js'

export type Admission = Extract<AuditAct, { act: 'admission' }>

export type AdmissionLines = {
  /** As Redis keeps it until it is told. */
  seal(line: Admission): string
  tell(line: Admission): void
  /** Lets go of what stands in the log, and tells what is late. Happens by itself once a second. Never throws. */
  turn(nowMs?: number): Promise<void>
  close(): void
}

export type AdmissionLineParts = {
  readonly redis: Redis
  readonly sealer: Pick<Sealer, 'authenticate'>
  readonly audit: AuditLog
  readonly log: Logger
}

const turnMs = 1000
/** The disk has been asked to hold a line after this (queue/audit-log.ts). */
const heldMs = 3000
/** Who is alive has told by then. */
const lateMs = 30_000
const sealLength = 64

const checkAdmission = Compile(auditActSchemas.admission)

const sealOf = (sealer: AdmissionLineParts['sealer'], text: string): string =>
  sealer.authenticate(`audit admission\n${text}`)

/** Null where it is none that an api of this instance has written. */
function lineOf({ sealer }: AdmissionLineParts, jobId: string, sealed: string): Admission | null {
  const text = sealed.slice(sealLength)
  if (sealOf(sealer, text) !== sealed.slice(0, sealLength)) return null
  const line: unknown = JSON.parse(text)
  return checkAdmission.Check(line) && line.job === jobId ? line : null
}

export function openAdmissionLines(parts: AdmissionLineParts): AdmissionLines {
  const { redis, sealer, audit, log } = parts
  /** Job and when its line was told. */
  const told = new Map<string, number>()
  const letGo = async (nowMs: number): Promise<void> => {
    const until = nowMs - heldMs
    const ids = [...told].filter(([, at]) => at <= until).map(([id]) => id)
    if (ids.length === 0) return
    await settleUntold(redis, ids)
    for (const id of ids) told.delete(id)
  }
  const tellLate = async (nowMs: number): Promise<void> => {
    for (const { jobId, line: sealed } of await lateUntold(redis, nowMs - lateMs)) {
      if (told.has(jobId)) continue
      const line = lineOf(parts, jobId, sealed)
      if (line === null) log.error({ jobId }, 'a line of an admission in Redis is not ours')
      else audit.tell({ ...line, late: true })
      told.set(jobId, nowMs)
    }
  }
  let isBusy = false
  const turn = async (nowMs = Date.now()): Promise<void> => {
    // What cannot be written now is in memory alone: Redis keeps it until it stands somewhere.
    if (isBusy || !audit.isWritable) return
    isBusy = true
    try {
      await letGo(nowMs)
      await tellLate(nowMs)
    } catch (error) {
      log.debug(
        { error: (error as Error).message },
        'lines of admissions are left to the next turn',
      )
    } finally {
      isBusy = false
    }
  }
  const timer = setInterval(() => void turn(), turnMs).unref()
  return {
    seal(line) {
      const text = JSON.stringify(line)
      return sealOf(sealer, text) + text
    },
    tell(line) {
      audit.tell(line)
      told.set(line.job, Date.now())
    },
    turn,
    close: () => clearInterval(timer),
  }
}
