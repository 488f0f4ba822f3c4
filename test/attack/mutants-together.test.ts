// The mutation run, several layers at once.
import t from 'tap'
import { judgeMutants, skipped } from './mutation-judge.js'
import { readTable } from './mutation-table.js'

t.test(
  'without several layers, what comes through is what the table names',
  { skip: skipped },
  async (t) => {
    const { together } = readTable()
    // With each of their layers by itself, since what one alone lets through is no matter of several.
    const alone = Array.from(new Set(together.flat()), (name) => [name])
    await judgeMutants(t, [...alone, ...together])
  },
)
