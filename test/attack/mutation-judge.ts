// The mutation run as a test: without some layers, exactly those tries of the corpus come through that the table names.
import type { Test } from 'tap'
import { linkMutant, readBack } from './mutant-launcher.js'
import { type Passes, withPasses } from './mutation-run.js'
import {
  addEffects,
  linesOf,
  mutantName,
  type Rows,
  readBackOf,
  readTable,
  rowsOf,
  shownOnly,
} from './mutation-table.js'

/** Some thirty launchers, each with the whole corpus. */
export const skipped =
  process.env.STOCKADE_TEST_FULL === '1'
    ? false
    : 'every mutant with the whole corpus takes a quarter of an hour: npm run test:full (npm test has the rows that the table names)'

/** A row that is run where none is named, for what the launcher's own read-back says. */
const anyRow = '012-inherited-capabilities'

type Judge = {
  /** Runs a mutant, after those of its layers, with the whole corpus or some rows. */
  judge(t: Test, without: readonly string[], names?: readonly string[]): Promise<void>
}

/** Compares with the committed table whatever both hosts can show. */
async function openJudge(t: Test, passes: Passes, names?: readonly string[]): Promise<Judge> {
  const table = readTable()
  const here = await passes.lacking(names)
  const onlyHere = here.filter((line) => !table.lacking.includes(line))
  if (onlyHere.length > 0) t.comment(`not testable on this host: ${onlyHere.join(', ')}`)
  const lacking = new Set([...here, ...table.lacking])
  const wanted = shownOnly(table.rows, lacking)
  const rows: Rows = {}
  return {
    async judge(t, without, some) {
      const { effects, sightings } = await passes.pass(without, some)
      addEffects(rows, without, effects)
      const name = `without ${mutantName(without)}`
      t.same(linesOf(shownOnly(rows, lacking), without), linesOf(wanted, without), name)
      if (without.length > 1) return
      const check = readBackOf(sightings)
      t.equal(check, table.readBack[without.join()], `${name}: what reads it back`)
    },
  }
}

/** Each mutant once, after the control that is without nothing. Those of several layers come after those of their layers. */
export async function judgeMutants(
  t: Test,
  mutants: readonly (readonly string[])[],
): Promise<void> {
  await withPasses(async (passes) => {
    const control = await passes.pass([])
    t.same(control.effects, {}, 'control: with all layers no try comes through')
    const { judge } = await openJudge(t, passes)
    for (const without of mutants) await judge(t, without)
  })
}

/**
 * The bounded form: every line of the table, and what more these rows show; not that the other rows show nothing. A mutant that no line names has
 * a program that shows what reads it back, if anything does, and is built if nothing does.
 */
export async function judgeNamed(t: Test, layers: readonly string[]): Promise<void> {
  const table = readTable()
  const mutants = [...layers.map((layer) => [layer]), ...table.together]
  const named = mutants.map((without) => ({ without, rows: rowsOf(table.rows, without) }))
  const all = Array.from(new Set(named.flatMap(({ rows }) => rows)))
  await withPasses(async (passes) => {
    const { judge } = await openJudge(t, passes, all)
    for (const { without, rows } of named) {
      const readBy = table.readBack[without.join()]
      if (rows.length > 0) await judge(t, without, rows)
      else if (without.length === 1 && readBy !== null) await judge(t, without, [anyRow])
      else t.ok(linkMutant([...without, readBack]), `without ${mutantName(without)}: no line`)
    }
  })
}
