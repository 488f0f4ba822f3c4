// The mutation run as a test: without some layers, exactly those tries of the corpus come through that the table names.
import type { Test } from 'tap'
import { withPasses } from './mutation-run.js'
import {
  addEffects,
  linesOf,
  mutantName,
  type Rows,
  readBackOf,
  readTable,
} from './mutation-table.js'

/** Some thirty launchers, each with the whole corpus. */
export const skipped =
  process.env.STOCKADE_TEST_FULL === '1'
    ? false
    : 'the mutation run takes minutes: STOCKADE_TEST_FULL=1 (npm run test:full) runs it'

/** Each mutant once, after the control that is without nothing. Those of several layers come after those of their layers. */
export async function judgeMutants(
  t: Test,
  mutants: readonly (readonly string[])[],
): Promise<void> {
  const table = readTable()
  await withPasses(async ({ pass }) => {
    const control = await pass([])
    t.same(control.effects, {}, 'control: with all layers no try comes through')
    const rows: Rows = {}
    for (const without of mutants) {
      const { effects, sightings } = await pass(without)
      addEffects(rows, without, effects)
      const name = `without ${mutantName(without)}`
      t.same(linesOf(rows, without), linesOf(table.rows, without), name)
      if (without.length === 1)
        t.equal(
          readBackOf(sightings),
          table.readBack[without.join()],
          `${name}: what reads it back`,
        )
    }
  })
}
