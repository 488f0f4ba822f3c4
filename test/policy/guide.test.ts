// docs/grants.md, run: its grants load, its faulty one is refused as it says, its cases pass, and it names what there is.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { presets } from '../../contract/grant.js'
import { metrics } from '../../contract/metric.js'
import { readCaseTable, runCases } from '../../policy/case-table.js'
import { parseGrants } from '../../policy/grant-file.js'
import { catalogue } from './fixture.js'

const page = readFileSync('docs/grants.md', 'utf8')

/** Blocks of YAML after a mark, with what stands in the mark. */
function blocks(mark: string): { said: string; text: string }[] {
  const pattern = new RegExp(
    `<!-- ${mark}(?:: ([^\\n]*))? -->\\n\`\`\`yaml\\n([\\s\\S]*?)\`\`\``,
    'g',
  )
  return [...page.matchAll(pattern)].map((match) => ({
    said: match[1] ?? '',
    text: match[2] ?? '',
  }))
}

const grants = parseGrants(blocks('tested').map(({ said, text }) => ({ name: said, text })))

t.test('its grants load', async (t) => {
  t.strictSame([...grants.keys()], [...presets, 'course-2026', 'team-build', 'shop'])
})

t.test('its faulty file is refused at the place that it names', async (t) => {
  const [faulty] = blocks('refused')
  const [name = ''] = (faulty?.said ?? '').split(':')
  t.throws(() => parseGrants([{ name, text: faulty?.text ?? '' }]), /no such field/)
  try {
    parseGrants([{ name, text: faulty?.text ?? '' }])
  } catch (error) {
    t.ok((error as Error).message.startsWith(faulty?.said ?? 'nothing'), (error as Error).message)
  }
})

t.test('its cases pass', async (t) => {
  const [cases] = blocks('cases')
  const { table, faults } = readCaseTable('cases.yaml', cases?.text ?? '')
  t.strictSame(faults, [])
  if (table === null) return
  const results = runCases(table, grants, catalogue, { apparmor: true, landlockAbi: 7 })
  t.ok(results.length >= 5)
  for (const { name, wrong } of results) t.strictSame(wrong, [], name)
})

t.test('its table of presets and its metrics are those that there are', async (t) => {
  for (const preset of presets) t.ok(page.includes(`| \`${preset}\` |`), preset)
  for (const [name] of page.matchAll(/stockade_[a-z_]+/g)) t.ok(Object.hasOwn(metrics, name), name)
})

t.test('the alerts of ops/alerts.yaml are of metrics that there are', async (t) => {
  const alerts = readFileSync('ops/alerts.yaml', 'utf8')
  const names = [...alerts.matchAll(/stockade_[a-z_]+/g)].map(([name]) => name)
  t.ok(names.length >= 2)
  for (const name of names) t.ok(Object.hasOwn(metrics, name), name)
  t.match(alerts, /runbook: docs\/grants\.md, "When a file has a fault"/)
  t.ok(page.includes('## When a file has a fault'))
})
