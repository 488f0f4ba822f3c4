// Step 6 of 10: an opened payload → the worker's own plan, or the verdict that it may not run.
// Redis is not trusted, and grants may have changed since: the worker's files decide, not the api's.
import type { Payload } from '../contract/payload.js'
import type { Plan } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import { judge } from '../policy/engine.js'
import { checkJobSpec } from '../policy/schema.js'
import type { LocalFiles } from '../queue/local-files.js'
import { unstartedResult } from '../queue/record.js'

export type Judged =
  | { kind: 'plan'; plan: Plan; grantRevision: string }
  | { kind: 'denied'; result: RunResult }

/** The api has just judged by a grant that this worker does not have yet: its files may be about to change. Nothing final. */
export class GrantUnknown extends Error {}

/** How long after admission the worker's grant files may lag behind the api's, milliseconds: a roll-out to a fleet takes that long. */
const lagMs = 60_000

const denied = (message: string): Judged => ({
  kind: 'denied',
  result: unstartedResult('policy-denied', message),
})

/** @throws GrantUnknown when it would be denied by a grant other than the one that the api has judged it by, just now. */
export function judgeAgain(payload: Payload, files: LocalFiles): Judged {
  const judged = judgeByOwnGrant(payload, files)
  const isSame = files.grants.get(payload.grant)?.revision === payload.grantRevision
  if (judged.kind === 'denied' && !isSame && Date.now() - payload.acceptedAtMs < lagMs)
    throw new GrantUnknown(judged.result.cause?.message ?? '')
  return judged
}

function judgeByOwnGrant(payload: Payload, files: LocalFiles): Judged {
  const grant = files.grants.get(payload.grant)
  if (grant === undefined) return denied(`The worker knows no grant named ${payload.grant}.`)
  const checked = checkJobSpec(payload.spec)
  if (!checked.ok)
    return denied(
      `The job does not match its schema: ${checked.violations[0]?.pointer} ${checked.violations[0]?.message}`,
    )
  const evaluation = judge(checked.spec, grant, files.catalogue, files.platform)
  if (evaluation.plan === null) {
    const reasons = evaluation.violations.map(
      (violation) => `${violation.rule} at ${violation.pointer}: ${violation.message}`,
    )
    return denied(reasons.join('; '))
  }
  return { kind: 'plan', plan: evaluation.plan, grantRevision: grant.revision }
}
