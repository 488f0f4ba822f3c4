// How many trivial programs a second each way starts and ends, with 1, 2, 8 and 32 lanes side by side.
import { scaled } from './scale.js'
import { timeRuns } from './stop-watch.js'
import type { Way } from './way.js'

export type StartRate = {
  readonly name: string
  /** `sideBySide` is less than `lanes` where the way cannot do more: `lanesMax`. */
  readonly perSecond: readonly {
    readonly lanes: number
    readonly sideBySide: number
    readonly rate: number
  }[]
}

export const laneCounts = [1, 2, 8, 32] as const

/** More of what is quick: the stop-watches' own start and end, some milliseconds a lane, are in the figure. */
const runsOf = ({ batch }: Way): number => scaled(batch * (batch < 5 ? 20 : 80))

async function rateOf(way: Way, lanes: number): Promise<number> {
  const runs = Math.max(1, Math.round(runsOf(way) / lanes))
  const before = performance.now()
  await Promise.all(Array.from({ length: lanes }, (_, lane) => timeRuns(way, runs, 0, lane)))
  const seconds = (performance.now() - before) / 1000
  return Math.round((runs * lanes * 10) / seconds) / 10
}

export async function startRates(ways: readonly Way[]): Promise<StartRate[]> {
  const found: StartRate[] = []
  for (const way of ways.filter(({ lanesMax }) => lanesMax > 1)) {
    const perSecond: StartRate['perSecond'][number][] = []
    for (const lanes of laneCounts) {
      const sideBySide = Math.min(lanes, way.lanesMax)
      perSecond.push({ lanes, sideBySide, rate: await rateOf(way, sideBySide) })
    }
    found.push({ name: way.name, perSecond })
  }
  return found
}
