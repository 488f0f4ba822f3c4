// Step 5 of 10: an id from the queue → an opened payload and one attempt, and one of: a committed result, the job given back.
// The program's faults are results; ours are tried again, as often as the job allows; neither is ever lost.
import type { LocalFiles } from '../queue/local-files.js'
import { DamagedPayload } from '../queue/worker-store.js'
import { attempt } from './attempt.js'
import { type EventBatch, openEventBatch } from './event-batch.js'
import type { Run } from './run-plan.js'
import {
  type Conclusion,
  concluded,
  concludeFault,
  noteUnstarted,
  type SettleContext,
  type Started,
  settle,
} from './settle.js'

export type ConsumerContext = SettleContext & {
  readonly launcherSocket: string
  readonly profileDirectory: string
  files(): LocalFiles
}

export type Consumer = {
  consume(jobId: string): Promise<void>
  cancel(jobId: string): void
  /** Ends what still runs; each job is given back to the queue. */
  drain(): void
  readonly busy: number
  readonly jobIds: readonly string[]
}

/** A sealed payload is refused for good when it expired this long ago: whoever can write to Redis could else repeat a job for ever. */
const replayMs = 24 * 3600 * 1000

/** Opens the payload and runs it; every fault of ours ends as a conclusion, none as an exception. */
async function conclude(
  jobId: string,
  started: Started,
  events: EventBatch,
  context: ConsumerContext,
  onRun: (run: Run) => void,
): Promise<Conclusion> {
  try {
    const payload = await context.store.open(jobId, started.fields)
    if (payload.expiresAtMs + replayMs < Date.now())
      throw new DamagedPayload('the payload expired more than a day ago')
    context.telemetry.waited(Math.max(0, Date.now() - payload.acceptedAtMs) / 1000)
    const { launcherSocket, profileDirectory, telemetry } = context
    const files = context.files()
    const run = { launcherSocket, profileDirectory, files, telemetry, events, onRun }
    return concluded(await attempt(payload, run))
  } catch (error) {
    return concludeFault(error, started, context)
  }
}

async function consumeOne(
  jobId: string,
  context: ConsumerContext,
  onRun: (run: Run) => void,
): Promise<void> {
  const { store } = context
  const started = await store.start(jobId)
  if (started.kind !== 'run') {
    noteUnstarted(started.kind, context.telemetry)
    return
  }
  const events = openEventBatch((batch) => store.tell(jobId, batch, started.attempt))
  const conclusion = await conclude(jobId, started, events, context, onRun)
  await settle(jobId, started, conclusion, events, context)
}

type Active = { run: Run | null; isCancelled: boolean }

export function openConsumer(context: ConsumerContext): Consumer {
  const actives = new Map<string, Active>()
  let draining = false
  const adopt = (active: Active, run: Run): void => {
    active.run = run
    // A cancel may have come between the start and here.
    if (active.isCancelled) run.cancel('cancelled')
    else if (draining) run.cancel('drain')
  }
  return {
    async consume(jobId) {
      const active: Active = { run: null, isCancelled: false }
      actives.set(jobId, active)
      try {
        await consumeOne(jobId, context, (run) => adopt(active, run))
      } finally {
        if (actives.get(jobId) === active) actives.delete(jobId)
      }
    },
    cancel(jobId) {
      const active = actives.get(jobId)
      if (active === undefined) return
      active.isCancelled = true
      active.run?.cancel('cancelled')
    },
    drain() {
      draining = true
      for (const active of actives.values()) active.run?.cancel('drain')
    },
    get busy() {
      return actives.size
    },
    get jobIds() {
      return [...actives.keys()]
    },
  }
}
