// Case tables: an operator's own tests of grants. YAML text in, a verdict for each case out, every fault of the table with its line and
// column. Pure: the caller reads files.
import { type Static, Type } from 'typebox'
import type { Catalogue } from '../contract/catalogue.js'
import type { Violation } from '../contract/verdict.js'
import { judge } from './engine.js'
import type { GrantFault, LoadedGrant } from './grant-file.js'
import { readGrantText } from './grant-text.js'
import type { Platform } from './rule.js'
import { rules } from './rules.js'
import { checkJobSpec } from './schema.js'
import { type Fault, type SchemaNode, walkSchema } from './schema-walk.js'
import { warningRules } from './warnings.js'
import { listing, quote } from './wording.js'

const closed = { additionalProperties: false } as const
const Text = Type.String({ minLength: 1, maxLength: 512 })

const CaseTable = Type.Object(
  {
    grants: Type.Optional(Text),
    images: Type.Optional(Type.Array(Text, { minItems: 1 })),
    cases: Type.Array(
      Type.Object(
        {
          name: Text,
          grant: Text,
          job: Type.Unknown(),
          expect: Type.Enum(['allow', 'deny']),
          rules: Type.Optional(Type.Array(Text)),
          warnings: Type.Optional(Type.Array(Text)),
        },
        closed,
      ),
      { minItems: 1 },
    ),
  },
  closed,
)

export type CaseTable = Static<typeof CaseTable>
export type Case = CaseTable['cases'][number]

export type ReadTable =
  | { readonly table: CaseTable; readonly faults: readonly [] }
  | { readonly table: null; readonly faults: readonly GrantFault[] }

/** A fault of form is a violation of `schema`, a key without its grant one of `grant`, a request without a plan one of `plan`. */
const ruleIds: readonly string[] = [...rules.map(({ id }) => id), 'schema', 'grant', 'plan']
const warningIds: readonly string[] = warningRules.map(({ id }) => id)

function unknownIds(ids: readonly string[], known: readonly string[], pointer: string): Fault[] {
  return ids.flatMap((id, at) =>
    known.includes(id)
      ? []
      : {
          pointer: `${pointer}/${at}`,
          message: `There is no ${quote(id)}. Choose from: ${listing(known)}.`,
        },
  )
}

function caseFaults({ expect, rules: wanted = [], warnings = [] }: Case, at: number): Fault[] {
  const pointer = `/cases/${at}`
  const faults = [
    ...unknownIds(wanted, ruleIds, `${pointer}/rules`),
    ...unknownIds(warnings, warningIds, `${pointer}/warnings`),
  ]
  if (expect === 'allow' && wanted.length > 0)
    faults.push({ pointer: `${pointer}/rules`, message: 'An allowed job violates no rule.' })
  return faults
}

/** A table, or every fault of it. A rule that does not exist is one: such a case would pass for ever. */
export function readCaseTable(file: string, text: string): ReadTable {
  const read = readGrantText(text)
  if (read.faults.length > 0)
    return { table: null, faults: read.faults.map((fault) => ({ file, ...fault })) }
  const formal = walkSchema(CaseTable as unknown as SchemaNode, read.value)
  const table = read.value as CaseTable
  const faults = formal.length > 0 ? formal : table.cases.flatMap(caseFaults)
  if (faults.length === 0) return { table, faults: [] }
  return {
    table: null,
    faults: faults.map(({ pointer, message }) => ({
      file,
      ...read.placeOf(pointer),
      message: `${pointer} ${message}`.trim(),
    })),
  }
}

export type CaseResult = {
  readonly name: string
  /** What is not as expected; none where the case passes. */
  readonly wrong: readonly string[]
  readonly violations: readonly Violation[]
}

type Said = {
  readonly verdict: 'allow' | 'deny'
  readonly violations: readonly Violation[]
  readonly warnings: readonly string[]
}

function judgeCase(
  one: Case,
  grants: ReadonlyMap<string, LoadedGrant>,
  catalogue: Catalogue,
  platform: Platform,
): Said {
  const grant = grants.get(one.grant)
  const deny = (violations: readonly Violation[]): Said => ({
    verdict: 'deny',
    violations,
    warnings: [],
  })
  if (grant === undefined)
    return deny([{ rule: 'grant', pointer: '', message: `There is no grant ${quote(one.grant)}.` }])
  const checked = checkJobSpec(one.job)
  if (!checked.ok) return deny(checked.violations)
  const { verdict, violations, warnings } = judge(checked.spec, grant, catalogue, platform)
  return { verdict, violations, warnings: warnings.map(({ warning }) => warning) }
}

function difference(what: string, wanted: readonly string[] | undefined, got: readonly string[]) {
  if (wanted === undefined) return []
  const sorted = (ids: readonly string[]): string => listing([...new Set(ids)].sort())
  return sorted(wanted) === sorted(got)
    ? []
    : [`${what}: expected ${sorted(wanted)}; got ${sorted(got)}`]
}

/** Each case of a table. Where `rules` or `warnings` are given they are all that there may be. */
export function runCases(
  table: CaseTable,
  grants: ReadonlyMap<string, LoadedGrant>,
  catalogue: Catalogue,
  platform: Platform,
): CaseResult[] {
  return table.cases.map((one) => {
    const { verdict, violations, warnings } = judgeCase(one, grants, catalogue, platform)
    const wrong = [
      ...(verdict === one.expect ? [] : [`expected ${one.expect}; got ${verdict}`]),
      ...difference(
        'rules',
        one.rules,
        violations.map(({ rule }) => rule),
      ),
      ...difference('warnings', one.warnings, warnings),
    ]
    return { name: one.name, wrong, violations }
  })
}
