// A result as a worker commits it, and the two transitions by which a job of a test gets there.
import type { RunResult } from '../../contract/result.js'
import type { WorkerJobStore } from '../../queue/worker-store.js'

const usage = {
  wallMs: 12.5,
  cpuMs: 10.25,
  userMs: 8,
  systemMs: 2,
  memoryPeakBytes: 1_048_576,
  processPeak: 1,
  outputBytes: 3,
  diskBytes: 0,
  throttledMs: 0,
}

export const okResult: RunResult = {
  outcome: 'ok',
  cause: null,
  failedStep: null,
  steps: [
    {
      name: 'run',
      outcome: 'ok',
      exitCode: 0,
      signal: null,
      stdout: '42\n',
      stderr: '',
      encoding: { stdout: 'utf8', stderr: 'utf8' },
      truncated: false,
      usage,
      isolation: null,
    },
  ],
}

/** Takes a queued job as a worker does. @throws Error when it cannot be run. */
export async function startJob(worker: WorkerJobStore, jobId: string): Promise<number> {
  const started = await worker.start(jobId)
  if (started.kind !== 'run') throw new Error(`the job is ${started.kind}`)
  return started.attempt
}

export async function runJob(
  worker: WorkerJobStore,
  jobId: string,
  result = okResult,
): Promise<void> {
  const attempt = await startJob(worker, jobId)
  if (!(await worker.commit(jobId, attempt, result))) throw new Error('the result was stale')
}
