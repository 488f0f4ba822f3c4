// The golden record: what policy says, to the word, of each example of each rule, of jobs and grants that are refused for their form, and
// the plans of some jobs. A change of any verdict, place, sentence or default is seen in a review as a change of one file. `npm run gen` writes it anew.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { judge } from '../../policy/engine.js'
import type { Rule } from '../../policy/rule.js'
import { rules } from '../../policy/rules.js'
import { withSuggestion } from '../../policy/suggest.js'
import { faultyGrants, faultyJobs, grantFaultsOf, jobFaults } from './faulty.js'
import { caseOf, catalogue } from './fixture.js'
import { planned, planOf } from './plans.js'

/** Large examples speak in large messages: the beginning tells them apart. */
const shownCharacters = 400

/** By example: `RULE POINTER: message -> what would be allowed`, warnings, and how it would be put right. */
export function goldenOf(rule: Rule): Record<string, readonly string[]> {
  const { allow, deny } = rule.fixtures()
  const said: Record<string, readonly string[]> = {}
  for (const fixture of [...allow, ...deny]) {
    const { spec, grant, platform } = caseOf(fixture)
    const judged = judge(spec, grant, catalogue, platform)
    const { violations, warnings, suggestion } = withSuggestion(
      ...([spec, judged, grant, catalogue, platform] as const),
    )
    said[fixture.name.slice(0, 100)] = [
      ...violations.map((one) => `${one.rule} ${one.pointer}: ${one.message} -> ${one.allowed}`),
      ...warnings.map((one) => `warning ${one.warning} ${one.pointer}: ${one.message}`),
      ...(suggestion === null ? [] : [`suggestion ${JSON.stringify(suggestion)}`]),
    ].map((line) => line.slice(0, shownCharacters))
  }
  return said
}

/** The files of the record, and what stands in each. */
export const records: Readonly<Record<string, () => unknown>> = {
  'test/policy/verdicts.golden.json': () =>
    Object.fromEntries(rules.map((rule) => [rule.id, goldenOf(rule)])),
  'test/policy/faults.golden.json': () => ({
    jobs: mapped(faultyJobs, jobFaults),
    grants: mapped(faultyGrants, (text) => grantFaultsOf(text)),
  }),
  'test/policy/plans.golden.json': () => mapped(planned, planOf),
}

function mapped<Value>(
  from: Readonly<Record<string, Value>>,
  change: (value: Value) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, record] of Object.entries(records)) {
    writeFileSync(file, `${JSON.stringify(record(), null, 2)}\n`)
    process.stdout.write(`${file}\n`)
  }
}
