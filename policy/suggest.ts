// Suggest: a denied job → the smallest corrections by which the same policy allows it, where there are any. It leaves out what nobody
// gets and clamps what is too much; it never touches what is run: program, image, files, environment.
import type { Catalogue } from '../contract/catalogue.js'
import type { JobSpec } from '../contract/job.js'
import type { Evaluation, Judgement, PatchOperation, Violation } from '../contract/verdict.js'
import { contextOf, judge } from './engine.js'
import type { LoadedGrant } from './grant-file.js'
import { askOfJob } from './job-ask.js'
import { applyPatch } from './patch.js'
import { keysOf } from './pointer.js'
import type { Platform, Repair, Rule } from './rule.js'
import { rules } from './rules.js'

/** One correction may uncover another: less memory, so less disk, so smaller files. */
const roundsMax = 4

const ruleById: ReadonlyMap<string, Rule> = new Map(rules.map((rule) => [rule.id, rule]))

/** The field that goes with what was denied: a mount without its source is none, an id without the other neither. */
function wholeField(pointer: string): string {
  return /^\/mounts\/\d+/.exec(pointer)?.[0] ?? (pointer.startsWith('/user/') ? '/user' : pointer)
}

/** Deeper and later first, so that no removal moves what another names. */
function lastFirst(one: string, other: string): number {
  const left = keysOf(one)
  const right = keysOf(other)
  for (const [index, key] of left.entries()) {
    const rival = right[index]
    if (rival === undefined) return -1
    if (key === rival) continue
    return /^\d+$/.test(key) && /^\d+$/.test(rival) ? Number(rival) - Number(key) : 0
  }
  return 0
}

function operationOf(path: string, repair: Repair): PatchOperation {
  return repair.op === 'remove'
    ? { op: 'remove', path }
    : { op: 'replace', path, value: repair.value }
}

export function suggestion(
  spec: JobSpec,
  denied: Judgement,
  grant: LoadedGrant,
  catalogue: Catalogue,
  platform: Platform,
): PatchOperation[] | null {
  const repairsOf = (
    job: JobSpec,
    violations: readonly Violation[],
  ): Map<string, Repair> | null => {
    const ask = askOfJob(job)
    const context = contextOf(ask, grant, catalogue, platform)
    const repairs = new Map<string, Repair>()
    for (const { rule, pointer } of violations) {
      const repair = ruleById.get(rule)?.repair?.({ pointer, ask, context })
      if (repair === undefined) return null
      const path = repair.op === 'remove' ? wholeField(pointer) : pointer
      if (repairs.get(path)?.op !== 'remove') repairs.set(path, repair)
    }
    return repairs
  }
  const operations: PatchOperation[] = []
  let job = spec
  let { violations } = denied
  for (let round = 0; round < roundsMax; round += 1) {
    const repairs = repairsOf(job, violations)
    if (repairs === null) return null
    const step = [...repairs]
      .sort(([one], [other]) => lastFirst(one, other))
      .map(([path, repair]) => operationOf(path, repair))
    job = applyPatch(job, step)
    operations.push(...step)
    const judged = judge(job, grant, catalogue, platform)
    if (judged.verdict === 'allow') return operations
    violations = judged.violations
  }
  return null
}

/** The verdict, and with a denial the corrections, for whoever is to be told of it. */
export function withSuggestion(
  spec: JobSpec,
  judged: Judgement,
  grant: LoadedGrant,
  catalogue: Catalogue,
  platform: Platform,
): Evaluation {
  const corrections =
    judged.verdict === 'deny' ? suggestion(spec, judged, grant, catalogue, platform) : null
  return { ...judged, suggestion: corrections }
}
