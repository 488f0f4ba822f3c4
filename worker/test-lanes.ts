// Works through tests: in the job's own slot, and in as many idle ones as it may beside it, each of which can be recalled at any time.
import type { Sandbox } from '../native/launch-client.js'
import type { Lanes } from './lanes.js'
import type { TestOrder } from './test-order.js'

export type LaneWork = {
  readonly order: TestOrder
  readonly lanes: Lanes
  readonly parallel: number
  /** Runs one test; told of each sandbox that a recall would have to abandon. */
  run(index: number, onOpened: (sandbox: Sandbox) => void): Promise<void>
  abandon(sandbox: Sandbox): void
  /** One of ours failed: whatever runs is to end. */
  abandonAll(): void
}

type State = { readonly others: Set<Promise<void>>; fault: { readonly error: unknown } | null }
type Lane = { isRecalled: boolean; sandbox: Sandbox | null }

/** Runs the next test, if there is one. Whether the lane goes on. */
async function runNext(work: LaneWork, state: State, lane: Lane): Promise<boolean> {
  const index = state.fault === null ? work.order.next() : null
  if (index === null) return false
  try {
    await work.run(index, (sandbox) => {
      lane.sandbox = sandbox
    })
  } catch (error) {
    if (!lane.isRecalled) throw error
    work.order.giveBack(index)
  }
  return !lane.isRecalled
}

function borrow(work: LaneWork, state: State, fail: (error: unknown) => void): void {
  const lane: Lane = { isRecalled: false, sandbox: null }
  const release = work.lanes.borrow(() => {
    lane.isRecalled = true
    if (lane.sandbox !== null) work.abandon(lane.sandbox)
  })
  if (release === null) return
  const run = async (): Promise<void> => {
    while (await runNext(work, state, lane)) lane.sandbox = null
  }
  const ran = run()
    .catch(fail)
    .finally(() => {
      release()
      state.others.delete(ran)
    })
  state.others.add(ran)
}

async function workHere(
  work: LaneWork,
  state: State,
  fail: (error: unknown) => void,
): Promise<void> {
  const lane: Lane = { isRecalled: false, sandbox: null }
  do if (state.others.size + 1 < work.parallel) borrow(work, state, fail)
  while (await runNext(work, state, lane))
}

/** Until all are run that will be. Rejects with the first fault of ours; nothing runs then. */
export async function runInLanes(work: LaneWork): Promise<void> {
  const state: State = { others: new Set(), fault: null }
  const fail = (error: unknown): void => {
    state.fault ??= { error }
    work.abandonAll()
  }
  // What a recalled lane gives back at the end is done here.
  do {
    await workHere(work, state, fail).catch(fail)
    await Promise.all(state.others)
  } while (state.fault === null && work.order.isOpen)
  if (state.fault !== null) throw state.fault.error
}
