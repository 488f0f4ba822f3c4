// Step 10 of 10: what the launcher measured and the bytes it relayed → the result of a step.
// The order of the questions is the order of the evidence (our own kill reason first, then the kernel's counters, then the exit).
import { constants } from 'node:os'
import type { EndReason, Finished, Started } from '../contract/launch.js'
import type { Outcome } from '../contract/outcome.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { Cause, Isolation, KeptStep, Usage } from '../contract/result.js'
import type { CapturedStream } from './capture.js'

export type Captured = { readonly stdout: CapturedStream; readonly stderr: CapturedStream }
export type SeccompInForce = { readonly profile: string; readonly digest: string }
type Ending = { readonly outcome: Outcome; readonly cause: Cause | null }

/** SIGABRT before SIGIOT: of two names for one number the first is the one that people know. */
const signalNames = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
)
const milliseconds = (microseconds: number): number => Math.round(microseconds) / 1000

function signalName(number: number): string {
  return signalNames.get(number) ?? `SIG${number}`
}

function usageOf(finished: Finished): Usage {
  return {
    wallMs: milliseconds(finished.wallUs),
    cpuMs: milliseconds(finished.cpuUs),
    userMs: milliseconds(finished.userUs),
    systemMs: milliseconds(finished.systemUs),
    memoryPeakBytes: finished.memoryPeakBytes,
    processPeak: finished.processPeak,
    outputBytes: finished.outputBytes,
    diskBytes: finished.diskBytes,
    throttledMs: milliseconds(finished.throttledUs),
  }
}

const limitCause = (
  limit: string,
  limitValue: number,
  reached: number,
  message: string,
): Cause => ({ message, limit, limitValue, reached })

function reasonEnding(reason: EndReason, finished: Finished, step: PlanStep): Ending | null {
  switch (reason) {
    case 'cancelled':
      return { outcome: 'cancelled', cause: { message: 'Cancelled by the caller while it ran.' } }
    case 'expired':
      return { outcome: 'expired', cause: { message: 'Its deadline passed.' } }
    case 'output':
      return {
        outcome: 'output-limit',
        cause: limitCause(
          'outputBytes',
          step.outputBytes,
          finished.outputBytes,
          `It wrote more than ${step.outputBytes} bytes to standard output and error.`,
        ),
      }
    case 'memory':
      return memoryEnding(finished, step)
    case 'cpu':
    case 'wall':
    case 'lifetime':
      return processEnding(finished, step) ?? timeEnding(reason, finished, step)
    case 'drain':
    case 'none':
      return null
  }
}

function memoryEnding(finished: Finished, step: PlanStep): Ending {
  const message = `It needed more than ${step.memoryBytes} bytes of memory; the kernel found none left in its control group.`
  return {
    outcome: 'memory-limit',
    cause: limitCause('memoryBytes', step.memoryBytes, finished.memoryPeakBytes, message),
  }
}

function timeEnding(
  reason: 'cpu' | 'wall' | 'lifetime',
  finished: Finished,
  step: PlanStep,
): Ending {
  if (reason === 'cpu') {
    const message = `It used more than ${step.cpuMs} ms of processor time, all its processes together.`
    return {
      outcome: 'cpu-time-limit',
      cause: limitCause('cpuMs', step.cpuMs, milliseconds(finished.cpuUs), message),
    }
  }
  const message = `It ran for more than ${step.wallMs} ms, of which it used the processor for ${milliseconds(finished.cpuUs)} ms.`
  return {
    outcome: 'wall-time-limit',
    cause: limitCause('wallMs', step.wallMs, milliseconds(finished.wallUs), message),
  }
}

/** The kernel refused new processes, and the run failed, by itself or by time: a fork bomb never ends otherwise. */
function processEnding(finished: Finished, step: PlanStep): Ending | null {
  if (finished.processRefusals === 0) return null
  const message = `It tried to have more than ${step.processes} processes and threads; the kernel refused ${finished.processRefusals} times.`
  return {
    outcome: 'process-limit',
    cause: limitCause(
      'processes',
      step.processes,
      Math.max(finished.processPeak, step.processes),
      message,
    ),
  }
}

function diskEnding(finished: Finished, plan: Plan, step: PlanStep): Ending | null {
  if (finished.signal === constants.signals.SIGXFSZ) {
    const message = `It wrote a file of more than ${step.fileBytes} bytes.`
    return {
      outcome: 'disk-limit',
      cause: {
        ...limitCause('fileBytes', step.fileBytes, step.fileBytes, message),
        signal: 'SIGXFSZ',
      },
    }
  }
  if (!finished.diskFull) return null
  const message = `Its files filled the ${plan.diskBytes} bytes (or ${plan.diskInodes} files) they may take.`
  return {
    outcome: 'disk-limit',
    cause: limitCause('diskBytes', plan.diskBytes, finished.diskBytes, message),
  }
}

function exitEnding(finished: Finished, step: PlanStep): Ending {
  const program = step.failureOutcome === 'compile-error' ? 'compile-error' : null
  if (finished.ended === 'signalled') {
    const signal = signalName(finished.signal)
    return {
      outcome: program ?? 'signalled',
      cause: { message: `It was ended by ${signal}.`, signal },
    }
  }
  if (finished.execErrno !== 0) {
    const message = `The program ${step.argv[0]} could not be executed (errno ${finished.execErrno}).`
    return { outcome: program ?? 'exit-nonzero', cause: { message, errno: finished.execErrno } }
  }
  return {
    outcome: program ?? 'exit-nonzero',
    cause: { message: `It exited with ${finished.exitCode}.` },
  }
}

/** How a step ended, with the evidence. Pure: the same figures give the same answer. */
export function endingOf(finished: Finished, plan: Plan, step: PlanStep): Ending {
  if (finished.reason === 'cancelled' || finished.reason === 'expired') {
    const ending = reasonEnding(finished.reason, finished, step)
    if (ending !== null) return ending
  }
  if (
    finished.reason === 'none' &&
    finished.ended === 'signalled' &&
    finished.signal === constants.signals.SIGSYS
  ) {
    return {
      outcome: 'syscall-denied',
      cause: {
        message: `It made a system call that the profile ${step.seccomp} ends programs for.`,
        signal: 'SIGSYS',
      },
    }
  }
  const byReason = reasonEnding(finished.reason, finished, step)
  if (byReason !== null) return byReason
  if (finished.memoryOomKills > 0) return memoryEnding(finished, step)
  const failed =
    finished.ended === 'signalled' || finished.exitCode !== 0 || finished.execErrno !== 0
  if (!failed) return { outcome: 'ok', cause: null }
  return (
    processEnding(finished, step) ?? diskEnding(finished, plan, step) ?? exitEnding(finished, step)
  )
}

/** What was in force, as the launcher read it back from the kernel. */
export function isolationOf(started: Started, plan: Plan, seccomp: SeccompInForce): Isolation {
  return {
    runtime: 'native',
    cgroupVersion: started.cgroupVersion,
    uidMap: started.uidMap,
    gidMap: started.gidMap,
    uid: started.uid,
    gid: started.gid,
    namespaces: Object.keys(started.namespaces).sort(),
    capabilities: started.capabilities,
    noNewPrivileges: started.noNewPrivileges,
    seccomp: { mode: started.seccompMode, filters: started.seccompFilters, ...seccomp },
    landlock: { abi: started.landlockAbi, restricted: started.landlockRestricted },
    apparmor: started.apparmor,
    network: plan.network,
    limits: {
      memoryBytes: started.memoryLimitBytes,
      swapBytes: started.swapLimitBytes,
      processes: started.processLimit,
      cpuQuotaUs: started.cpuQuotaUs,
      cpuPeriodUs: started.cpuPeriodUs,
    },
    imageDigest: plan.imageDigest,
  }
}

/** The result of one step. */
export function collect(
  finished: Finished,
  isolation: Isolation,
  plan: Plan,
  step: PlanStep,
  { stdout, stderr }: Captured,
): KeptStep {
  const ending = endingOf(finished, plan, step)
  const exited = finished.ended === 'exited' && finished.execErrno === 0
  return {
    name: step.name,
    outcome: ending.outcome,
    ...(ending.cause === null ? {} : { cause: ending.cause }),
    exitCode: exited ? finished.exitCode : null,
    signal: finished.ended === 'signalled' ? signalName(finished.signal) : null,
    stdout: stdout.kept,
    stderr: stderr.kept,
    encoding: { stdout: stdout.encoding, stderr: stderr.encoding },
    truncated: finished.reason === 'output',
    usage: usageOf(finished),
    isolation,
  }
}
