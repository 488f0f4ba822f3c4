// What this host cannot show without any sandbox: no layer can be seen to stop that, so a table from another host may say otherwise of it.
import { compileForHost, expectationOf, isAmong, runOutside } from './control.js'
import { tryName } from './mutation-table.js'
import { besideOnHost, filled } from './placeholders.js'

/** Tries of these probes that see nothing here even where nothing protects. */
export async function lackingHere(names: readonly string[], directory: string): Promise<string[]> {
  const lacking: string[] = []
  for (const name of names) {
    const expectation = expectationOf(name)
    if (expectation === null) continue
    const tries = Object.entries(expectation.tries).filter(([, one]) => one.lacking !== undefined)
    if (tries.length === 0) continue
    const program = compileForHost(name, directory)
    const values = filled(expectation.outsideArguments ?? expectation.arguments ?? [])
    const look = async (): Promise<void> => {
      const sights = runOutside(expectation, program, values)
      for (const [attempt, { outside }] of tries)
        if (!isAmong(sights.get(attempt) ?? 'nothing', outside))
          lacking.push(tryName(name, attempt))
    }
    const { beside } = expectation
    if (beside === undefined) await look()
    else await besideOnHost([program, ...beside], look)
  }
  return lacking.sort()
}
