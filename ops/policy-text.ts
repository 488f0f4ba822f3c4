// How `./stockade policy` speaks: verdicts, plans and differences as lines for a terminal.
import type { Plan } from '../contract/plan.js'
import type { Evaluation, Violation } from '../contract/verdict.js'
import type { AskedDifference, GrantChange } from '../policy/grant-diff.js'
import { rules } from '../policy/rules.js'
import { quantity, quote } from '../policy/wording.js'

const lineCharacters = 100

/** Words in lines of a hundred characters. */
function wrapped(words: readonly string[], indent: string): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of words) {
    if (line.length + word.length > lineCharacters && line !== indent) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  if (line !== indent) lines.push(line.trimEnd())
  return lines
}

function violationLines({ rule, pointer, message, allowed }: Violation): string[] {
  return [
    `  denies  ${rule}  ${pointer === '' ? '(the job)' : pointer}`,
    `          ${message}`,
    ...(allowed === undefined ? [] : [`          allowed: ${allowed}`]),
  ]
}

function planLines(plan: Plan): string[] {
  const { imageName, uid, gid, network, apparmor, memoryBytes, diskBytes, processes } = plan
  return [
    'plan',
    `  image ${imageName}, uid ${uid}, gid ${gid}, network ${network}, AppArmor ${apparmor}`,
    `  memory ${quantity('memoryBytes', memoryBytes)}, disk ${quantity('diskBytes', diskBytes)}, processes ${processes}`,
    ...plan.steps.map(
      (step) =>
        `  step ${step.name}: ${quote(step.argv.join(' '))}, wall ${step.wallMs} ms, cpu ${step.cpuMs} ms, seccomp ${step.seccomp}`,
    ),
  ]
}

/** Rule by rule: those that deny with their reasons, then those that allow by name. */
export function explanation(said: Evaluation): string[] {
  const denying = new Set(said.violations.map(({ rule }) => rule))
  const allowing = rules.map(({ id }) => id).filter((id) => !denying.has(id))
  const { name, revision } = said.grant
  return [
    `${said.verdict} under the grant ${name} (revision ${revision}, policy ${said.policyRevision})`,
    ...said.violations.flatMap(violationLines),
    '  allow:',
    ...wrapped(allowing, '          '),
    ...said.warnings.map(
      ({ warning, pointer, message }) => `  warns   ${warning}  ${pointer}\n          ${message}`,
    ),
    ...(said.suggestion === null
      ? []
      : ['suggestion (JSON Patch, RFC 6902)', `  ${JSON.stringify(said.suggestion)}`]),
    ...(said.plan === null ? [] : planLines(said.plan)),
  ]
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

export function changedGrants(changes: readonly GrantChange[]): string[] {
  if (changes.length === 0) return ['grants: no difference']
  return changes.flatMap(({ name, kind, fields }) => [
    `grant ${name}: ${kind}`,
    ...fields.map(
      ({ pointer, before, after }) => `  ${pointer}: ${shown(before)} -> ${shown(after)}`,
    ),
  ])
}

export function changedVerdicts({ jobs, kinds, unreadable, changes }: AskedDifference): string[] {
  const changed = changes.reduce((sum, { count }) => sum + count, 0)
  return [
    `jobs of the last day: ${jobs} of ${kinds} kinds, of which ${changed} would be judged otherwise`,
    ...(unreadable === 0
      ? []
      : [`  ${unreadable} kinds were kept by another release, unreadable here`]),
    ...changes.flatMap(({ tenant, grant, count, before, after, violations }) => [
      `  ${before} -> ${after}: ${count} jobs of the tenant ${tenant} under the grant ${grant}`,
      ...violations.map(({ rule, pointer, message }) => `    ${rule} ${pointer}: ${message}`),
    ]),
  ]
}
