// What another set of grants would change: of the grants themselves, and for jobs that were asked under the ones before. Pure.
import type { AskedKind } from '../contract/asked.js'
import type { Catalogue } from '../contract/catalogue.js'
import type { Violation } from '../contract/verdict.js'
import type { Ask } from './ask.js'
import { judgeAsk } from './engine.js'
import type { LoadedGrant } from './grant-file.js'
import { askAgain } from './kept-ask.js'
import type { Platform } from './rule.js'

type Grants = ReadonlyMap<string, LoadedGrant>

export type FieldChange = {
  readonly pointer: string
  readonly before: unknown
  readonly after: unknown
}

export type GrantChange = {
  readonly name: string
  readonly kind: 'added' | 'removed' | 'changed'
  readonly fields: readonly FieldChange[]
}

/** Members of objects one by one; lists as a whole. */
function fieldChanges(before: unknown, after: unknown, pointer: string): FieldChange[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(before) || !isObject(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ pointer, before, after }]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => fieldChanges(before[name], after[name], `${pointer}/${name}`))
}

export function grantChanges(before: Grants, after: Grants): GrantChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name): GrantChange[] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === undefined) return [{ name, kind: 'added', fields: [] }]
    if (now === undefined) return [{ name, kind: 'removed', fields: [] }]
    const fields = fieldChanges(old.grant, now.grant, '')
    return fields.length === 0 ? [] : [{ name, kind: 'changed', fields }]
  })
}

type Verdict = { readonly verdict: 'allow' | 'deny'; readonly violations: readonly Violation[] }

export type VerdictChange = {
  readonly tenant: string
  readonly grant: string
  /** Jobs of this kind in the last day. */
  readonly count: number
  readonly before: Verdict['verdict']
  readonly after: Verdict['verdict']
  /** Why it would be denied, or was. */
  readonly violations: readonly Violation[]
}

export type AskedDifference = {
  readonly jobs: number
  readonly kinds: number
  /** Kinds that an older release kept in a form that this one cannot judge. */
  readonly unreadable: number
  readonly changes: readonly VerdictChange[]
}

const noGrant = (name: string): Verdict => ({
  verdict: 'deny',
  violations: [{ rule: 'grant', pointer: '', message: `There is no grant ${name}.` }],
})

/** Both verdicts are made anew, with one catalogue and one machine: what differs is the grants' doing alone. */
export function askedDifference(
  asked: readonly AskedKind[],
  before: Grants,
  after: Grants,
  catalogue: Catalogue,
  platform: Platform,
): AskedDifference {
  const judgeUnder = (grants: Grants, { grant, ask }: AskedKind): Verdict => {
    const loaded = grants.get(grant)
    if (loaded === undefined) return noGrant(grant)
    return judgeAsk(askAgain(ask as Ask), loaded, catalogue, platform)
  }
  const changes: VerdictChange[] = []
  let unreadable = 0
  for (const kind of asked) {
    try {
      const [old, now] = [judgeUnder(before, kind), judgeUnder(after, kind)]
      if (old.verdict === now.verdict) continue
      const { tenant, grant, count } = kind
      const { violations } = now.verdict === 'deny' ? now : old
      changes.push({ tenant, grant, count, before: old.verdict, after: now.verdict, violations })
    } catch {
      unreadable += 1
    }
  }
  const jobs = asked.reduce((sum, { count }) => sum + count, 0)
  return { jobs, kinds: asked.length, unreadable, changes }
}
