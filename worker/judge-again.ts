// Step 6 of 10: an opened payload → the worker's own plan, or the verdict that it may not run.
// Redis is not trusted, and grants may have changed since: the worker's files decide, not the api's.
import type { Payload } from '../contract/payload.js'
import type { Plan } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import { judge } from '../policy/engine.js'
import { checkJobSpec } from '../policy/schema.js'
import type { LocalFiles } from '../queue/local-files.js'
import { unstartedResult } from '../queue/record.js'

export type Judged = { kind: 'plan'; plan: Plan } | { kind: 'denied'; result: RunResult }

const denied = (message: string): Judged => ({
  kind: 'denied',
  result: unstartedResult('policy-denied', message),
})

export function judgeAgain(payload: Payload, files: LocalFiles): Judged {
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
  return { kind: 'plan', plan: evaluation.plan }
}
