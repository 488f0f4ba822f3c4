// Step 3 of 10: a job and its tenant's grant → a verdict with every reason, and the plan when there is none.
// All rules run; a rule that throws denies. Nothing here reads clock, environment or disk, so api and worker agree.
import type { Catalogue } from '../contract/catalogue.js'
import type { JobSpec } from '../contract/job.js'
import type { Evaluation, Violation } from '../contract/verdict.js'
import type { Ask } from './ask.js'
import type { LoadedGrant } from './grant-file.js'
import { askOfJob } from './job-ask.js'
import { planOfJob } from './job-plan.js'
import { type Context, type Judge, type Platform, policyRevision, type Rule } from './rule.js'
import { rules } from './rules.js'

export type { Platform } from './rule.js'

export class RuleListError extends Error {}

type Compiled = { readonly id: string; readonly judge: Judge }

function checkRule(rule: Rule, seen: Set<string>): void {
  if (!/^[a-z][a-z0-9-]*$/.test(rule.id)) throw new RuleListError(`${rule.id} is not an id`)
  if (seen.has(rule.id)) throw new RuleListError(`${rule.id} is there twice`)
  seen.add(rule.id)
  if (rule.fixtures.deny.length === 0 || rule.fixtures.allow.length === 0)
    throw new RuleListError(`${rule.id} lacks fixtures`)
  let last = 0
  for (const revision of rule.revisions) {
    if (revision.since <= last) throw new RuleListError(`the revisions of ${rule.id} do not rise`)
    last = revision.since
  }
}

/** The judgement of each rule at one policy revision. @throws RuleListError: a bad list cannot start. */
export function compileRules(list: readonly Rule[], revision: number): Compiled[] {
  const seen = new Set<string>()
  return list.flatMap((rule) => {
    checkRule(rule, seen)
    const judge = rule.revisions.filter((entry) => entry.since <= revision).at(-1)?.judge
    return judge === undefined ? [] : [{ id: rule.id, judge }]
  })
}

/** Every violation of an ask, in the rules' order. */
export function violationsOf(
  compiled: readonly Compiled[],
  ask: Ask,
  context: Context,
): Violation[] {
  const violations: Violation[] = []
  for (const { id, judge } of compiled) {
    try {
      for (const finding of judge(ask, context)) violations.push({ rule: id, ...finding })
    } catch {
      // Fail closed: what a rule cannot judge is not allowed.
      violations.push({
        rule: id,
        pointer: '',
        message: 'the rule could not judge this request, so it is denied.',
      })
    }
  }
  return violations
}

const compiledRules = compileRules(rules, policyRevision)

/** The verdict on a job that matches its schema. Pure. */
export function judge(
  spec: JobSpec,
  loaded: LoadedGrant,
  catalogue: Catalogue,
  platform: Platform,
): Evaluation {
  const context: Context = { grant: loaded.grant, catalogue, platform }
  const violations = violationsOf(compiledRules, askOfJob(spec), context)
  const allowed = violations.length === 0
  return {
    verdict: allowed ? 'allow' : 'deny',
    policyRevision,
    grant: { name: loaded.grant.name, revision: loaded.revision },
    violations,
    plan: allowed ? planOfJob(spec, context) : null,
  }
}
