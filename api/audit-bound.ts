// How many lines of the audit log a tenant may cause by what costs it nothing: denials and cancels are no submits, and no quota counts
// them. So many of one tenant in a minute have a line each; the rest of that minute is one line with a count. Without it one tenant
// could fill the log's disk, and then nothing is admitted of anybody.
import type { Logger } from 'pino'
import type { AuditAct } from '../contract/audit.js'
import type { Settings } from '../contract/config.js'
import { type AuditLog, openAuditLog } from '../queue/audit-log.js'
import type { ApiJobStore } from '../queue/job-store.js'
import type { Telemetry } from './telemetry.js'

const windowMs = 60_000

type Bounded = Extract<AuditAct, { act: 'denial' | 'cancel' }>
type Window = { lines: number; denials: number; cancels: number }

export type BoundAudit = AuditLog & {
  /** Begins a new minute, and tells what of the last one had no line. Happens by itself. */
  turn(): void
}

const isBounded = (act: AuditAct): act is Bounded => act.act === 'denial' || act.act === 'cancel'

export function boundAudit(audit: AuditLog, linesMax: number): BoundAudit {
  let windows = new Map<string, Window>()
  const turn = (): void => {
    const ended = windows
    windows = new Map()
    for (const [tenant, { denials, cancels }] of ended)
      if (denials + cancels > 0) audit.tell({ act: 'omitted', tenant, denials, cancels })
  }
  /** Only what fits has a line of its own. */
  const fits = (act: Bounded, tenant: string): boolean => {
    const window = windows.get(tenant) ?? { lines: 0, denials: 0, cancels: 0 }
    windows.set(tenant, window)
    if (window.lines < linesMax) {
      window.lines += 1
      return true
    }
    window[act.act === 'denial' ? 'denials' : 'cancels'] += 1
    return false
  }
  const timer = setInterval(turn, windowMs).unref()
  return {
    tell(act) {
      if (!isBounded(act) || act.caller.door !== 'http' || fits(act, act.caller.tenant))
        audit.tell(act)
    },
    turn,
    get isWritable() {
      return audit.isWritable
    },
    settled: () => audit.settled(),
    reopen: () => audit.reopen(),
    async close() {
      clearInterval(timer)
      turn()
      await audit.close()
    },
  }
}

/** The log of this api, counted and bounded. @throws Error when it cannot be opened. */
export async function openApiAudit(
  { auditDirectory: directory, auditTenantLinesMax }: Settings,
  { sealer }: Pick<ApiJobStore, 'sealer'>,
  log: Logger,
  telemetry: Telemetry,
): Promise<BoundAudit> {
  const audit = await openAuditLog({
    ...{ directory, process: 'api', sealer, log },
    onLine: (act) => telemetry.count('stockade_audit_lines_total', { act }),
    onFailure: () => telemetry.count('stockade_audit_failures_total', {}),
  })
  return boundAudit(audit, auditTenantLinesMax)
}
