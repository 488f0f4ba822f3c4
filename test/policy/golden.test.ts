// The golden record is as policy speaks now: `npm run gen` after a change that is meant.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { rules } from '../../policy/rules.js'
import { goldenFile, goldenOf } from './golden.js'

const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<string, unknown>

t.test('the golden record has every rule, and no other', async (t) => {
  t.strictSame(
    Object.keys(golden),
    rules.map(({ id }) => id),
  )
})

for (const rule of rules) {
  t.test(`${rule.id} judges its examples as the golden record says`, async (t) => {
    t.strictSame(goldenOf(rule), golden[rule.id])
  })
}
