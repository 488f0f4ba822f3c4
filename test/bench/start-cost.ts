// What one trivial program costs to start and end, by each way, turn by turn in one run.
import { scaled } from './scale.js'
import { type Summary, summarise } from './statistics.js'
import { timeRuns } from './stop-watch.js'
import type { Way } from './way.js'

export type StartCost = {
  readonly name: string
  /** One program at a time, as a user meets it: between two lies time enough for a slot to be made new. */
  readonly withPause: Summary
  readonly backToBack: Summary
}

/** The same for each way. */
const pauseUs = 15_000
const rounds = scaled(20)

const turn = (way: Way, pause: number): Promise<number[]> => {
  const run = (): Promise<number[]> => timeRuns(way, way.batch, pause)
  return way.around === undefined ? run() : way.around(run)
}

/** Milliseconds of each way, in turns of its batch, so that a change of the machine's speed hits all alike. */
export async function startCosts(ways: readonly Way[]): Promise<StartCost[]> {
  const series = ways.map((way) => ({ way, paused: [] as number[], backToBack: [] as number[] }))
  for (const way of ways) await turn(way, 0) // caches of the disk
  for (let round = 0; round < rounds; round++) {
    for (const { way, paused, backToBack } of series) {
      paused.push(...(await turn(way, pauseUs)))
      backToBack.push(...(await turn(way, 0)))
    }
  }
  return series.map(({ way, paused, backToBack }) => ({
    name: way.name,
    withPause: summarise(paused),
    backToBack: summarise(backToBack),
  }))
}
