// Whose fault an out-of-memory kill is, by where its group stood.
import t from 'tap'
import type { PlanStep } from '../../contract/plan.js'
import { LaunchError } from '../../native/launch-client.js'
import { refuseKillByHost } from '../../worker/host-memory.js'
import { plainFinished } from './fake-launcher.js'

const step = { memoryBytes: 100_000_000 } as PlanStep

/** The stage at which it is refused; null when it is not. */
function stageOf(memoryOomKills: number, memoryPeakBytes: number): string | null {
  try {
    refuseKillByHost({ name: 'run', ...plainFinished, memoryOomKills, memoryPeakBytes }, step)
    return null
  } catch (error) {
    if (error instanceof LaunchError && !error.busy) return error.stage
    throw error
  }
}

t.test('a kill at the limit is the job’s', (t) => {
  t.equal(stageOf(1, 100_000_000), null)
  t.equal(stageOf(3, 99_900_000), null, 'the pages of one allocation below it')
  t.end()
})

t.test('a kill far below it is the machine’s, and a fault of ours', (t) => {
  t.equal(stageOf(1, 40_000_000), 'host-memory')
  t.end()
})

t.test('no kill is nobody’s', (t) => {
  t.equal(stageOf(0, 40_000_000), null)
  t.end()
})
