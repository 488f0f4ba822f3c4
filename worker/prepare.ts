// An opened payload → what its run needs of it. The payload itself ends here: a run of hours must not hold its source.
import type { Plan } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import type { SandboxFile } from '../native/launch-encode.js'
import type { LocalFiles } from '../queue/local-files.js'
import { DamagedPayload, type WorkerJobStore } from '../queue/worker-store.js'
import { judgeAgain } from './judge-again.js'
import { type Asked, askedOf } from './receipt.js'
import { type RunSecrets, secretsOf } from './run-secrets.js'
import type { Started } from './settle.js'
import type { WorkerTelemetry } from './telemetry.js'
import { jobFiles, judgeFiles, standardInput, type TestCargo, testCargo } from './workspace.js'

/** Bytes on their way into a sandbox. Whoever sends them takes them out, so that they are held once. */
export type Cargo = {
  files: SandboxFile[]
  stdin: Buffer | null
  readonly secrets: RunSecrets
  /** As in the plan; the bytes lie here, and a program gets of them its input and its files. */
  readonly tests: readonly TestCargo[]
  readonly judgeFiles: readonly SandboxFile[]
}

export type Prepared =
  | { kind: 'denied'; result: RunResult }
  | { kind: 'run'; plan: Plan; asked: Asked; hasAppArmor: boolean; cargo: Cargo }

export type PrepareContext = {
  readonly store: WorkerJobStore
  readonly telemetry: WorkerTelemetry
  files(): LocalFiles
}

/** A sealed payload is refused for good when it expired this long ago: whoever can write to Redis could else repeat a job for ever. */
const replayMs = 24 * 3600 * 1000

const bytesOf = (files: readonly SandboxFile[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes.length, 0)

export const cargoBytes = ({ files, stdin, tests, judgeFiles }: Cargo): number =>
  tests.reduce(
    (sum, test) => sum + (test.stdin?.length ?? 0) + test.expected.length + bytesOf(test.files),
    bytesOf(files) + bytesOf(judgeFiles) + (stdin?.length ?? 0),
  )

/** Opens the payload and judges it again. @throws DamagedPayload, MissingBlob */
export async function prepare(
  jobId: string,
  started: Started,
  context: PrepareContext,
): Promise<Prepared> {
  const payload = await context.store.open(jobId, started.fields)
  if (payload.expiresAtMs + replayMs < Date.now())
    throw new DamagedPayload('the payload expired more than a day ago')
  context.telemetry.waited(Math.max(0, Date.now() - payload.acceptedAtMs) / 1000)
  const files = context.files()
  const judged = judgeAgain(payload, files)
  if (judged.kind === 'denied') return judged
  return {
    kind: 'run',
    plan: judged.plan,
    asked: askedOf(payload, judged.grantRevision),
    hasAppArmor: files.platform.apparmor,
    cargo: {
      files: jobFiles(payload.spec, files.catalogue),
      stdin: standardInput(payload.spec),
      secrets: secretsOf(payload.spec),
      tests: (payload.spec.tests ?? []).map(testCargo),
      judgeFiles: judgeFiles(payload.spec, files.catalogue),
    },
  }
}
