// Step 5 of 10: an id from the queue → an opened payload and one attempt, and one of: a committed result, the job given back.
// The program's faults are results; ours are tried again, as often as the job allows; neither is ever lost.
import type { LaunchError } from '../native/launch-client.js'
import { DamagedPayload, type Running } from '../queue/worker-store.js'
import { type AttemptContext, attempt } from './attempt.js'
import { type EventBatch, openEventBatch } from './event-batch.js'
import { openReplayGuard, type ReplayGuard } from './replay-guard.js'
import type { Run } from './run.js'
import {
  type Conclusion,
  concluded,
  concludeFault,
  noteUnstarted,
  type SettleContext,
  type Settled,
  type Started,
  settle,
} from './settle.js'

export type ConsumerContext = SettleContext & AttemptContext

export type Consumer = {
  /** `ended`: the commit has handed over what comes next. */
  consume(jobId: string): Promise<Settled>
  cancel(jobId: string): void
  /** Another attempt has taken the job over: what is done here is for nothing. */
  lose(jobId: string): void
  /** Ends what still runs; each job is given back to the queue. */
  drain(): void
  readonly busy: number
  running(): readonly Running[]
}

type Consuming = {
  readonly context: ConsumerContext
  readonly guard: ReplayGuard
  onRun(run: Run): void
}

/** Opens the payload and runs it; every fault of ours ends as a conclusion, none as an exception. */
async function conclude(
  jobId: string,
  started: Started,
  events: EventBatch,
  { context, guard, onRun }: Consuming,
): Promise<Conclusion> {
  try {
    if (guard.hasEnded(jobId)) throw new DamagedPayload('this job has ended here before')
    const { result, evidence } = await attempt({ jobId, started, events, onRun }, context)
    return concluded(result, evidence)
  } catch (error) {
    return concludeFault(error, started, context)
  }
}

async function consumeOne(jobId: string, consuming: Consuming, active: Active): Promise<Settled> {
  const { context, guard } = consuming
  const { store } = context
  const started = await store.start(jobId)
  if (started.kind !== 'run') {
    await noteUnstarted(jobId, started.kind, context)
    return 'open'
  }
  active.attempt = started.attempt
  const events = openEventBatch((batch) => store.tell(jobId, batch, started.attempt))
  const conclusion = await conclude(jobId, started, events, consuming)
  const settled = await settle(jobId, started, conclusion, events, context)
  if (settled === 'ended') guard.end(jobId)
  // The result is true whatever becomes of its sandbox; the slot is free only now.
  if (conclusion.kind === 'result') await active.run?.destroyed.catch(noteLeftover(jobId, context))
  return settled
}

/** What is left of a sandbox is the operator's matter: the launcher uses no slot again that is not empty. */
function noteLeftover(
  jobId: string,
  { log, telemetry }: SettleContext,
): (error: LaunchError) => void {
  return ({ stage, message }) => {
    telemetry.sandboxFailed(stage)
    log.error({ jobId, stage, error: message }, 'a sandbox was not destroyed')
  }
}

type Active = { run: Run | null; isCancelled: boolean; attempt: number | null }

export function openConsumer(context: ConsumerContext): Consumer {
  const actives = new Map<string, Active>()
  const guard = openReplayGuard()
  let draining = false
  const adopt = (active: Active, run: Run): void => {
    active.run = run
    // A cancel may have come between the start and here.
    if (active.isCancelled) run.cancel('cancelled')
    else if (draining) run.cancel('drain')
  }
  return {
    async consume(jobId) {
      // Handed out again while it runs here: its lock ran out, say because Redis was away. It is ours all the same.
      if (actives.has(jobId)) return 'open'
      const active: Active = { run: null, isCancelled: false, attempt: null }
      actives.set(jobId, active)
      const onRun = (run: Run): void => adopt(active, run)
      const leave = await context.lanes.own()
      try {
        return await consumeOne(jobId, { context, guard, onRun }, active)
      } finally {
        leave()
        actives.delete(jobId)
      }
    },
    cancel(jobId) {
      const active = actives.get(jobId)
      if (active === undefined) return
      active.isCancelled = true
      active.run?.cancel('cancelled')
    },
    lose(jobId) {
      actives.get(jobId)?.run?.cancel('drain')
    },
    drain() {
      draining = true
      for (const active of actives.values()) active.run?.cancel('drain')
    },
    get busy() {
      return actives.size
    },
    running: () =>
      [...actives].flatMap(([jobId, { attempt }]) =>
        attempt === null ? [] : [{ jobId, attempt }],
      ),
  }
}
