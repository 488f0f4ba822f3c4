// All that one run of the bench has measured: what docs/bench.json holds.
import type { HttpCost } from './http-cost.js'
import type { IdleMemory } from './idle-memory.js'
import type { Machine } from './machine.js'
import type { PythonCost } from './python-cost.js'
import type { QueueDepth } from './queue-depth.js'
import type { Soak } from './soak.js'
import type { StartCost } from './start-cost.js'
import type { StartRate } from './start-rate.js'
import type { Summary } from './statistics.js'
import type { WaitingMemory } from './waiting-memory.js'
import type { Absence } from './way.js'

export type Measured = {
  readonly machine: Machine
  /** 1 for a whole run. */
  readonly scale: number
  readonly start: readonly StartCost[]
  readonly absent: readonly Absence[]
  readonly rate: readonly StartRate[]
  readonly python: PythonCost
  readonly http: HttpCost
  readonly judgeMicroseconds: Summary
  readonly idleBytes: IdleMemory
  readonly waiting: WaitingMemory
  readonly runningBytes: number
  readonly soak: Soak
  readonly queue: QueueDepth
}

export type Target = {
  readonly issue: 3 | 4
  readonly name: string
  readonly wanted: string
  readonly measured: number
  readonly unit: string
  readonly pass: boolean
}

export type Report = Measured & { readonly targets: readonly Target[] }
