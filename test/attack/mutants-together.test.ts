// The mutation run, several layers at once: one such mutant in any run, all of them in the long form.
import t from 'tap'
import { judgeMutants } from './mutation-judge.js'
import { readTable } from './mutation-table.js'

const { together } = readTable()
const now = process.env.STOCKADE_TEST_FULL === '1' ? together : together.slice(0, 1)

t.test('without several layers, what comes through is what the table names', async (t) => {
  // With each of their layers by itself, since what one alone lets through is no matter of several.
  const alone = Array.from(new Set(now.flat()), (name) => [name])
  await judgeMutants(t, [...alone, ...now])
  if (now.length < together.length)
    t.comment(`${together.length - now.length} more such mutants run with npm run test:full`)
})
