// Resolved rules → ordered layers, so that the meaning of a profile does not depend on its order:
// when several entries match, the strictest action wins, in the kernel's own order for stacked filters;
// when none matches, the call's `otherwise` entries, then the default.
import type { Compare } from './seccomp-compare.js'
import type { Layer, Rule } from './seccomp-request.js'
import type { ResolvedRule } from './seccomp-resolve.js'

const allow = 0x7fff0000
const log = 0x7ffc0000

/** What the launcher's child still does between the filter and the program: wait, exec, or report and leave. */
const launcherCalls = ['read', 'write', 'execve', 'exit_group'] as const

/** Strictest first; `seccomp(2)`, "return value", has this order. All errnos are equally strict. */
const strictness = [0x80000000, 0, 0x00030000, 0x00050000, log, allow]

const rank = (action: number): number =>
  strictness.indexOf(action >= 0x00050000 && action <= 0x0005ffff ? 0x00050000 : action)

const byRank = (a: number, b: number): number => rank(a) - rank(b)

const permits = (action: number): boolean => rank(action) >= rank(log)

const isUnconditional = (rule: ResolvedRule): boolean => rule.rows.some((row) => row.length === 0)

const keyOf = (compare: Compare): string =>
  `${compare.index}:${compare.operator}:${compare.mask}:${compare.value}`

/** libseccomp calls a repeated rule an error, and a rule without compares already holds all others. */
function rulesOf(list: readonly ResolvedRule[]): Rule[] {
  const open = new Set(list.filter(isUnconditional).map((rule) => rule.call))
  const rules = new Map<string, Rule>()
  for (const { call, action, rows } of list) {
    for (const compares of open.has(call) ? [[]] : rows) {
      rules.set(`${call} ${compares.map(keyOf).sort().join(' ')}`, { call, action, compares })
    }
  }
  return [...rules.values()]
}

function groupBy<K>(list: readonly ResolvedRule[], key: (rule: ResolvedRule) => K) {
  const groups = new Map<K, ResolvedRule[]>()
  for (const rule of list) {
    const group = groups.get(key(rule))
    if (group === undefined) groups.set(key(rule), [rule])
    else group.push(rule)
  }
  return groups
}

/** One layer for each action, strictest first; equal ones in the order of the profile. */
function layersByAction(list: readonly ResolvedRule[]): Layer[] {
  return [...groupBy(list, (rule) => rule.action)]
    .sort(([a], [b]) => byRank(a, b))
    .map(([, rules]) => ({ defaultAction: undefined, rules: rulesOf(rules) }))
}

/** Whether one refusal is all there is to say of a call: then it may stand in the last layer, off the hot path. */
function isPlainRefusal(group: readonly ResolvedRule[]): boolean {
  return group.every(
    (rule) => isUnconditional(rule) && !permits(rule.action) && rule.action === group[0]?.action,
  )
}

export function buildLayers(rules: readonly ResolvedRule[], defaultAction: number): Layer[] {
  const first: ResolvedRule[] = []
  const late: ResolvedRule[] = []
  const last: ResolvedRule[] = []
  for (const group of groupBy(rules, (rule) => rule.call).values()) {
    if (isPlainRefusal(group)) {
      last.push(...group.slice(0, 1))
      continue
    }
    const otherwise = group.filter((rule) => rule.otherwise)
    first.push(...group.filter((rule) => !rule.otherwise))
    late.push(...otherwise.filter((rule) => !isUnconditional(rule)))
    const open = otherwise.filter(isUnconditional).sort((a, b) => byRank(a.action, b.action))
    last.push(...open.slice(0, 1))
  }
  const needed = last.filter((rule) => rule.action !== defaultAction)
  return [
    ...layersByAction(first),
    ...layersByAction(late),
    { defaultAction, rules: rulesOf(needed) },
  ]
}

/** Calls whose permits can never apply, because an entry without arguments refuses the call. */
export function shadowedCalls(rules: readonly ResolvedRule[]): string[] {
  const shadowed: string[] = []
  for (const [name, group] of groupBy(rules, (rule) => rule.name)) {
    const refused = group.some(
      (rule) => !rule.otherwise && !permits(rule.action) && isUnconditional(rule),
    )
    if (refused && group.some((rule) => permits(rule.action))) shadowed.push(name)
  }
  return shadowed.sort()
}

/** A call that a profile lets through, and whether in every form. */
export type PermittedCall = { readonly name: string; readonly isWhole: boolean }

/** What rules let through, by name. A default that permits is not spelled out. */
export function permittedCalls(rules: readonly ResolvedRule[]): PermittedCall[] {
  const permitted: PermittedCall[] = []
  for (const [name, group] of groupBy(rules, (rule) => rule.name)) {
    const refusals = group.filter((rule) => !rule.otherwise && !permits(rule.action))
    const allowed = group.filter((rule) => permits(rule.action))
    if (allowed.length === 0 || refusals.some(isUnconditional)) continue
    permitted.push({ name, isWhole: refusals.length === 0 && allowed.some(isUnconditional) })
  }
  return permitted.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Calls the launcher needs after the filter is on, but which these rules do not permit in every form. */
export function missingLauncherCalls(
  rules: readonly ResolvedRule[],
  defaultAction: number,
): string[] {
  const groups = groupBy(rules, (rule) => rule.name)
  return launcherCalls.filter((name) => {
    const group = (groups.get(name) ?? []).filter((rule) => !rule.otherwise)
    if (group.some((rule) => !permits(rule.action))) return true
    if (group.some(isUnconditional)) return false
    return (groups.get(name) ?? []).some((rule) => rule.otherwise) || !permits(defaultAction)
  })
}
