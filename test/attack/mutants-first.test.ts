// The mutation run, the first half of the layers: a file of tests has ten minutes.
import t from 'tap'
import { layers } from './mutant-launcher.js'
import { judgeMutants, skipped } from './mutation-judge.js'

t.test('without each layer, what comes through is what the table names', { skip: skipped }, (t) =>
  judgeMutants(
    t,
    layers.slice(0, layers.length / 2).map(({ name }) => [name]),
  ),
)
