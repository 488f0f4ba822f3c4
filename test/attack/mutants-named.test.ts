// The mutation run, its bounded form: every line of the table. The control with all layers is attack.test.ts, on the product itself.
import t from 'tap'
import { layers } from './mutant-launcher.js'
import { judgeNamed } from './mutation-judge.js'

t.test('without a layer, or several, the rows that the table names come through as it says', (t) =>
  judgeNamed(
    t,
    layers.map(({ name }) => name),
  ),
)
