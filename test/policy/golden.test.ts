// The golden record is as policy speaks now: `npm run gen` after a change that is meant.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { goldenFile, goldenVerdicts } from './golden.js'

t.test('every example is judged as the golden record says', async (t) => {
  const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as ReturnType<typeof goldenVerdicts>
  const now = goldenVerdicts()
  t.strictSame(Object.keys(now), Object.keys(golden))
  for (const [rule, said] of Object.entries(golden)) t.strictSame(now[rule], said, rule)
})
