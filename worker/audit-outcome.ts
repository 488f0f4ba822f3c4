// How a job ended, as the audit log has it: what was asked and granted by their digests, and what was in force.
import type { AuditOutcome } from '../contract/audit.js'
import type { Receipt } from '../contract/receipt.js'
import type { RunResult } from '../contract/result.js'
import { policyRevision } from '../policy/rules.js'
import { canonicalDigest } from '../queue/canonical-digest.js'
import { networkOf } from './attest.js'
import { enforcedOf, type RunEvidence } from './receipt.js'

/** Of the first step in short; the digest is of what was in force in each, as the receipt has it. */
function isolationOf({ steps, hasAppArmor }: RunEvidence): AuditOutcome['isolation'] {
  const [first] = steps
  if (first === undefined) return null
  const { started, seccomp } = first
  return {
    sha256: canonicalDigest(steps.map((step) => enforcedOf(step, hasAppArmor))),
    seccomp: seccomp.profile.slice(0, 64),
    landlock: started.landlockAbi,
    apparmor: started.apparmor.slice(0, 256),
    network: networkOf(started),
    noNewPrivileges: started.noNewPrivileges,
  }
}

export type Ended = {
  readonly job: string
  readonly tenant: string
  readonly attempt: number
  /** By which it was admitted; the one by which it was judged again is in the evidence. */
  readonly admittedBy: { readonly name: string; readonly revision: string }
  readonly result: RunResult
  readonly evidence: RunEvidence | null
  readonly receipt: Receipt | null
}

export function outcomeOf({
  job,
  tenant,
  attempt,
  admittedBy,
  result,
  evidence,
  receipt,
}: Ended): AuditOutcome {
  const asked = evidence?.asked
  return {
    ...{ act: 'outcome', job, tenant, attempt },
    ...{ outcome: result.outcome, stage: result.cause?.stage ?? null },
    request: asked === undefined ? null : { sha256: asked.specDigest },
    grant: asked === undefined ? admittedBy : { name: asked.grant, revision: asked.grantRevision },
    policyRevision: asked === undefined ? null : policyRevision,
    isolation: evidence === null ? null : isolationOf(evidence),
    receiptKey: receipt?.signatures[0]?.keyid ?? null,
  }
}
