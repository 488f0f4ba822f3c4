// A batch → its jobs, each judged, with every fault of every job at its place in the batch; or the refusal that names them all.
import { setImmediate } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { Plan } from '../contract/plan.js'
import type { Violation } from '../contract/verdict.js'
import { type BatchEntry, expandBatch } from '../policy/batch-expansion.js'
import type { JudgedSpec } from './admission.js'
import { type AskedForJob, askedForJob, tellDenial } from './audit-acts.js'
import { callerOf } from './auth.js'
import { withStoredSecrets } from './job-secrets.js'
import { Refusal } from './problem.js'
import { bodyOf } from './request-body.js'
import { judgeBody } from './route-jobs.js'
import type { Service } from './service.js'

export type JudgedEntry = {
  readonly entry: BatchEntry
  readonly judged: JudgedSpec
  readonly plan: Plan
  readonly asked: AskedForJob
}

/** Violations of one answer, at most: a batch of a thousand jobs that are all wrong is told of so many. */
const violationsMax = 1000
/** Jobs judged before others of this process get their turn. */
const judgedAtOnce = 50

/** A fault stands where the caller wrote it; of a matrix the first combination that has it is named. */
function placed({ pointer, combination }: BatchEntry, violation: Violation): Violation {
  const { suggestion: _, ...rest } = violation as Violation & { suggestion?: unknown }
  const message = combination === '' ? rest.message : `With ${combination}: ${rest.message}`
  return { ...rest, pointer: `${pointer}${rest.pointer}`, message }
}

/** The quota of sessions is claimed one by one. */
const sessionFault: Violation = {
  rule: 'schema',
  pointer: '/session',
  message: 'A session is opened by itself, not in a batch.',
}

type Faults = { readonly violations: Violation[]; isFormal: boolean }

function judgeEntry(
  service: Service,
  request: FastifyRequest,
  entry: BatchEntry,
  faults: Faults,
): JudgedEntry | null {
  const caller = callerOf(request)
  try {
    const judged = judgeBody(service, caller, entry.spec)
    const { spec, evaluation, grant } = judged
    if (spec.session !== undefined) {
      faults.isFormal = true
      faults.violations.push(placed(entry, sessionFault))
      return null
    }
    const { tenant } = caller
    service.store.asked.note({ tenant, grant: grant.name, verdict: evaluation.verdict, spec })
    const asked = askedForJob(request, spec, evaluation)
    const { plan, violations } = evaluation
    if (evaluation.verdict === 'allow' && plan !== null) return { entry, judged, plan, asked }
    for (const { rule } of violations)
      service.telemetry.count('stockade_jobs_denied_total', { rule })
    tellDenial(
      service,
      asked,
      'policy-denied',
      violations.map(({ rule }) => rule),
    )
    faults.violations.push(...violations.map((one) => placed(entry, one)))
  } catch (error) {
    if (!(error instanceof Refusal) || error.violations === undefined) throw error
    // The grant is gone: that is the same for all of them.
    if (error.code !== 'invalid-request') throw error
    faults.isFormal = true
    faults.violations.push(...error.violations.map((one) => placed(entry, one)))
  }
  return null
}

/** Stored secrets that jobs name, put into their payloads. @throws Refusal invalid-request naming all that are not there. */
export async function withSecretsOfAll(
  service: Service,
  tenant: string,
  judged: readonly JudgedEntry[],
): Promise<readonly JudgedEntry[]> {
  const violations: Violation[] = []
  const whole: JudgedEntry[] = []
  for (const one of judged) {
    try {
      const spec = await withStoredSecrets(service.store, tenant, one.judged.spec)
      whole.push({ ...one, judged: { ...one.judged, spec } })
    } catch (error) {
      if (!(error instanceof Refusal) || error.violations === undefined) throw error
      violations.push(...error.violations.map((fault) => placed(one.entry, fault)))
    }
  }
  if (violations.length === 0) return whole
  throw new Refusal('invalid-request', undefined, { violations: distinct(violations) })
}

/** One fault of all combinations is told once. */
function distinct(violations: readonly Violation[]): Violation[] {
  const seen = new Map<string, Violation>()
  for (const one of violations) {
    const key = `${one.rule} ${one.pointer} ${one.message.replace(/^With [^:]*: /, '')}`
    if (!seen.has(key)) seen.set(key, one)
  }
  return [...seen.values()].slice(0, violationsMax)
}

/** The address of the batch itself, by the rules for that of a job: as if its first job had it. */
function judgeCallback(
  service: Service,
  request: FastifyRequest,
  entries: readonly BatchEntry[],
  faults: Faults,
): string | null {
  const { callback } = bodyOf(request) as { callback?: unknown }
  if (callback === undefined) return null
  const { callbackOn: _, ...spec } = (entries[0]?.spec ?? {}) as Record<string, unknown>
  const own = ({ pointer }: Violation): boolean => pointer === '/callback'
  try {
    const { evaluation } = judgeBody(service, callerOf(request), { ...spec, callback })
    faults.violations.push(...evaluation.violations.filter(own))
  } catch (error) {
    if (!(error instanceof Refusal) || error.violations === undefined) throw error
    const found = error.violations.filter(own)
    if (found.length > 0) faults.isFormal = true
    faults.violations.push(...found)
  }
  return String(callback)
}

export type JudgedBatch = {
  readonly entries: readonly JudgedEntry[]
  readonly callback: string | null
}

/** @throws Refusal invalid-request or policy-denied, with all violations of all jobs. */
export async function judgeBatch(service: Service, request: FastifyRequest): Promise<JudgedBatch> {
  const expansion = expandBatch(bodyOf(request), service.settings.bodyBytesMax)
  if (!expansion.ok) {
    const violations = expansion.faults.map((fault) => ({ rule: 'schema', ...fault }))
    throw new Refusal('invalid-request', undefined, { violations: distinct(violations) })
  }
  const faults: Faults = { violations: [], isFormal: false }
  const entries: JudgedEntry[] = []
  for (const [at, entry] of expansion.entries.entries()) {
    const judged = judgeEntry(service, request, entry, faults)
    if (judged !== null) entries.push(judged)
    if (at % judgedAtOnce === judgedAtOnce - 1) await setImmediate()
  }
  const callback = judgeCallback(service, request, expansion.entries, faults)
  if (faults.violations.length === 0) return { entries, callback }
  const code = faults.isFormal ? 'invalid-request' : 'policy-denied'
  throw new Refusal(code, undefined, { violations: distinct(faults.violations) })
}
