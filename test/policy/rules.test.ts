// Each rule by its own fixtures, and all of them together: complete over the schema, none left out of the list.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { JobSpec } from '../../contract/job.js'
import { compileRules, judge } from '../../policy/engine.js'
import type { LoadedGrant } from '../../policy/grant-file.js'
import type { Rule } from '../../policy/rule.js'
import { rules } from '../../policy/rules.js'
import { catalogue, changed, grantOf, platform } from './fixture.js'

const untrusted = grantOf('untrusted')
/** The grant under which a rule's fixtures are judged, where the preset would allow what they ask. */
const grants: Readonly<Record<string, LoadedGrant>> = {
  'user-identity': { ...untrusted, grant: { ...untrusted.grant, rootInside: false } },
}

for (const rule of rules) {
  t.test(`rule ${rule.id}`, async (t) => {
    const grant = grants[rule.id] ?? untrusted
    for (const fixture of rule.fixtures.allow) {
      const verdict = judge(changed(fixture), grant, catalogue, platform)
      t.strictSame(verdict.violations, [], `allows ${JSON.stringify(fixture).slice(0, 80)}`)
      t.not(verdict.plan, null)
    }
    for (const fixture of rule.fixtures.deny) {
      const verdict = judge(changed(fixture), grant, catalogue, platform)
      const own = verdict.violations.filter((violation) => violation.rule === rule.id)
      t.ok(own.length > 0, `denies ${JSON.stringify(fixture).slice(0, 80)}`)
      t.equal(verdict.plan, null)
      for (const violation of own) t.match(violation.message, /\S/)
    }
  })
}

t.test('every rule file is in the list, under its own name', async (t) => {
  const files = readdirSync('policy').flatMap((name) => /^rule-(.+)\.ts$/.exec(name)?.[1] ?? [])
  t.strictSame(files.sort(), rules.map((rule) => rule.id).sort())
})

/** Fields that no rule need judge, each with its reason. */
const excused: Readonly<Record<string, string>> = {
  '/labels/*': 'notes of the caller, given back unread; bounded by the schema',
}

type Schema = {
  properties?: Record<string, Schema>
  items?: Schema
  patternProperties?: Record<string, Schema>
  type?: string
}

function leaves(schema: Schema, path: string): string[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, inner]) =>
      leaves(inner, `${path}/${name}`),
    )
  if (schema.items !== undefined) return leaves(schema.items, `${path}/*`)
  if (schema.patternProperties !== undefined) return [`${path}/*`]
  return [path]
}

t.test('every field of a job is claimed by a rule or excused with a reason', async (t) => {
  const fields = leaves(JobSpec as unknown as Schema, '')
  const claimed = new Set(rules.flatMap((rule) => rule.fields))
  t.ok(fields.length > 40, `${fields.length} fields`)
  for (const field of fields) t.ok(claimed.has(field) || Object.hasOwn(excused, field), field)
  for (const field of claimed) t.ok(fields.includes(field), `${field} exists`)
})

t.test('a bad rule list cannot start', async (t) => {
  const [first] = rules
  if (first === undefined) throw new Error('no rules')
  const bad = (change: Partial<Rule>): readonly Rule[] => [{ ...first, ...change }]
  t.throws(() => compileRules([first, first], 1), /twice/)
  t.throws(() => compileRules(bad({ id: 'Not An Id' }), 1), /not an id/)
  t.throws(() => compileRules(bad({ fixtures: { allow: [], deny: [] } }), 1), /fixtures/)
  const revision = { since: 1, judge: () => [] }
  t.throws(() => compileRules(bad({ revisions: [revision, revision] }), 1), /rise/)
})

t.test('the docs hold each rule', async (t) => {
  const page = readFileSync('docs/policy.md', 'utf8')
  for (const rule of rules) t.ok(page.includes(`### ${rule.id}\n`), rule.id)
})
