// The mutation run, its bounded form: what each layer alone stops. The control with all layers is attack.test.ts, on the product itself.
import t from 'tap'
import { layers } from './mutant-launcher.js'
import { judgeAlone } from './mutation-judge.js'

t.test('without a layer, what it alone stops comes through, as the table says', (t) =>
  judgeAlone(
    t,
    layers.map(({ name }) => name),
  ),
)
