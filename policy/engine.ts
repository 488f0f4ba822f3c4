// Step 3 of 10: a job and a grant → a verdict, with every reason at once, and a plan when it is allow.
import { Compile } from 'typebox/compile'
import type { Catalogue } from '../contract/catalogue.js'
import type { JobSpec } from '../contract/job.js'
import { Plan } from '../contract/plan.js'
import type { Judgement, Violation } from '../contract/verdict.js'
import type { Ask } from './ask.js'
import type { LoadedGrant } from './grant-file.js'
import { askOfJob } from './job-ask.js'
import { planOf } from './job-plan.js'
import { withTests } from './judge-tests.js'
import { resolve } from './resolve.js'
import type { Context, Judge, Platform, Rule } from './rule.js'
import { policyRevision, rules } from './rules.js'
import { violationOf } from './violation.js'
import { warningsOf } from './warnings.js'

export type { Platform } from './rule.js'

export type CompiledRule = { readonly rule: Rule; readonly judge: Judge }

/** A rule list that cannot be trusted: such a process does not start. */
export class RuleListError extends Error {}

function judgeAt(rule: Rule, revision: number): Judge | null {
  let judge: Judge | null = null
  let last = 0
  for (const candidate of rule.revisions) {
    if (!Number.isInteger(candidate.since) || candidate.since <= last)
      throw new RuleListError(`rule ${rule.id}: revisions must rise`)
    last = candidate.since
    if (candidate.since <= revision) judge = candidate.judge
  }
  if (last === 0) throw new RuleListError(`rule ${rule.id} has no revision`)
  return judge
}

/**
 * The rules in force at a revision, in list order.
 * @throws RuleListError for a duplicate or malformed id, no field, or revisions that do not rise.
 */
export function compileRules(list: readonly Rule[], revision: number): readonly CompiledRule[] {
  const seen = new Set<string>()
  const compiled: CompiledRule[] = []
  for (const rule of list) {
    if (!/^[a-z][a-z-]{1,62}$/.test(rule.id)) throw new RuleListError(`bad rule id ${rule.id}`)
    if (seen.has(rule.id)) throw new RuleListError(`rule ${rule.id} is listed twice`)
    if (rule.fields.length === 0) throw new RuleListError(`rule ${rule.id} claims no field`)
    seen.add(rule.id)
    const judge = judgeAt(rule, revision)
    if (judge !== null) compiled.push({ rule, judge })
  }
  return compiled
}

/** Runs every rule; one that throws denies in its own name. */
export function runRules(
  compiled: readonly CompiledRule[],
  ask: Ask,
  context: Context,
  request: unknown,
): Violation[] {
  const violations: Violation[] = []
  for (const { rule, judge } of compiled) {
    try {
      for (const denial of judge(ask, context))
        violations.push(violationOf(rule, denial, { ask, context, request }))
    } catch {
      violations.push({
        rule: rule.id,
        pointer: '',
        message: 'This rule failed while judging the request, so the request is denied.',
      })
    }
  }
  return violations
}

const inForce = compileRules(rules, policyRevision)
const planSchema = Compile(Plan)

function planOrViolation(ask: Ask, context: Context): Plan | Violation {
  try {
    const plan = planOf(ask, context)
    if (planSchema.Check(plan)) return plan
  } catch {
    // Told below: what cannot be planned is not run.
  }
  return {
    rule: 'plan',
    pointer: '',
    message: 'No complete plan follows from this request, so it is denied.',
  }
}

/** What rules judge an ask by. */
export function contextOf(
  ask: Ask,
  { grant }: LoadedGrant,
  catalogue: Catalogue,
  platform: Platform,
): Context {
  return { grant, catalogue, platform, resolved: resolve(ask, grant, catalogue) }
}

/** Judges an ask from any door: a job’s, or later a Docker request’s. `request` is what its pointers point into. Never throws. */
export function judgeAsk(
  ask: Ask,
  grant: LoadedGrant,
  catalogue: Catalogue,
  platform: Platform,
  request?: unknown,
): Judgement {
  const context = contextOf(ask, grant, catalogue, platform)
  const violations = runRules(inForce, ask, context, request)
  const planned = violations.length === 0 ? planOrViolation(ask, context) : null
  if (planned !== null && 'rule' in planned) violations.push(planned)
  return {
    verdict: violations.length === 0 ? 'allow' : 'deny',
    policyRevision,
    grant: { name: grant.grant.name, revision: grant.revision },
    violations,
    warnings: warningsOf(ask, context),
    plan: planned === null || 'rule' in planned ? null : planned,
  }
}

/** Judges a job that `checkJobSpec` has accepted. `plan` is null exactly when the verdict is deny. */
export function judge(
  spec: JobSpec,
  grant: LoadedGrant,
  catalogue: Catalogue,
  platform: Platform,
): Judgement {
  const judgeJob = (job: JobSpec): Judgement =>
    judgeAsk(askOfJob(job), grant, catalogue, platform, job)
  return withTests(spec, judgeJob(spec), judgeJob)
}
