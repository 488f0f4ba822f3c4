// A job that ended without a run, as whoever tells of its end needs it.
import type { AuditOutcome } from '../contract/audit.js'
import type { Outcome } from '../contract/outcome.js'

export type Unrun = {
  readonly jobId: string
  readonly tenant: string
  readonly grant: { readonly name: string; readonly revision: string }
}

/** For the audit log: nothing was in force, since nothing ran. */
export function unrunOutcome(
  { jobId, tenant, grant }: Unrun,
  outcome: Outcome,
  stage: string | null = null,
): AuditOutcome {
  return {
    ...{ act: 'outcome', job: jobId, tenant, attempt: null, outcome, stage, grant },
    ...{ request: null, policyRevision: null, isolation: null, receiptKey: null },
  }
}
