// Step 10 of 10: what the launcher measured and the bytes it relayed → the result of a step.
// The order of the questions is the order of the evidence (our own kill reason first, then the kernel's counters, then the exit).
import { constants } from 'node:os'
import type { Calls, EndReason, Finished, Started } from '../contract/launch.js'
import type { Outcome } from '../contract/outcome.js'
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import type { Cause, Isolation, KeptStep, Usage } from '../contract/result.js'
import { describeCall } from '../native/seccomp-call.js'
import type { PermittedCall } from '../native/seccomp-layers.js'
import { learnProfile } from '../native/seccomp-learn.js'
import { networkOf } from './attest.js'
import type { CapturedStream } from './capture.js'
import type { RanStep } from './course.js'
import { deadlyCall, refusedCalls } from './refused-calls.js'

export type Captured = { readonly stdout: CapturedStream; readonly stderr: CapturedStream }
export type SeccompInForce = { readonly profile: string; readonly digest: string }
/** What a step left behind. */
export type Evidence = {
  readonly finished: Finished
  /** What the launcher wrote down of system calls, if anything. */
  readonly calls: Calls | null
  readonly isolation: Isolation
  readonly permitted: readonly PermittedCall[]
  /** Whether the filter in force answers a call by SIGSYS. */
  readonly traps: boolean
}
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

/** So many refused forks are no accident, however few processes a job may have. */
const refusalsOfBomb = 8

const limitCause = (
  limit: string,
  limitValue: number,
  reached: number,
  message: string,
  atUs?: number,
): Cause => ({
  message,
  limit,
  limitValue,
  reached,
  ...(atUs === undefined ? {} : { atMs: milliseconds(atUs) }),
})

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
          finished.reasonUs,
        ),
      }
    case 'memory':
      return memoryEnding(finished, step)
    case 'cpu':
    case 'wall':
    case 'lifetime':
      return isForkBomb(finished, step)
        ? processEnding(finished, step)
        : timeEnding(reason, finished, step)
    case 'drain':
    case 'syscall':
    case 'none':
      return null
  }
}

function memoryEnding(finished: Finished, step: PlanStep): Ending {
  const message = `It needed more than ${step.memoryBytes} bytes of memory; the kernel found none left in its control group.`
  return {
    outcome: 'memory-limit',
    cause: limitCause(
      'memoryBytes',
      step.memoryBytes,
      finished.memoryPeakBytes,
      message,
      finished.reasonUs,
    ),
  }
}

function timeEnding(
  reason: 'cpu' | 'wall' | 'lifetime',
  finished: Finished,
  step: PlanStep,
): Ending {
  const refused = refusedNote(finished)
  if (reason === 'cpu') {
    const message = `It used more than ${step.cpuMs} ms of processor time, all its processes together.${refused}`
    return {
      outcome: 'cpu-time-limit',
      cause: limitCause(
        'cpuMs',
        step.cpuMs,
        milliseconds(finished.cpuUs),
        message,
        finished.reasonUs,
      ),
    }
  }
  const message = `It ran for more than ${step.wallMs} ms, of which it used the processor for ${milliseconds(finished.cpuUs)} ms.${refused}`
  return {
    outcome: 'wall-time-limit',
    cause: limitCause(
      'wallMs',
      step.wallMs,
      milliseconds(finished.wallUs),
      message,
      finished.reasonUs,
    ),
  }
}

function refusedNote(finished: Finished): string {
  if (finished.processRefusals === 0) return ''
  return ` The kernel had refused it a new process or thread ${finished.processRefusals} times.`
}

/**
 * Refusals explain why it had to be ended by time if it was still as large as it may be, or had been refused again and again
 * (a bomb in a shell thins itself out). One that bore a refusal and went on was ended by time alone.
 */
function isForkBomb(finished: Finished, step: PlanStep): boolean {
  const isFull = step.processes > 1 && finished.processesAtKill >= step.processes
  const isPersistent = finished.processRefusals >= Math.max(refusalsOfBomb, step.processes / 4)
  return finished.processRefusals > 0 && (isFull || isPersistent)
}

/** The kernel refused new processes, and the run failed. */
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
      finished.processRefusedUs,
    ),
  }
}

function diskEnding(finished: Finished, plan: ProgramPlan, step: PlanStep): Ending | null {
  // The kernel tells nobody who sent a signal that ends a process. Files of that size are the evidence that it was the kernel.
  const hasLargeFile = finished.diskBytes >= step.fileBytes
  if (finished.signal === constants.signals.SIGXFSZ && hasLargeFile) {
    const message = `It was ended by SIGXFSZ: a file may have no more than ${step.fileBytes} bytes, and its files have ${finished.diskBytes}.`
    return {
      outcome: 'disk-limit',
      cause: {
        ...limitCause('fileBytes', step.fileBytes, step.fileBytes, message, finished.wallUs),
        signal: 'SIGXFSZ',
      },
    }
  }
  if (finished.diskFullUs === 0) return null
  const message =
    `Its files filled the ${plan.diskBytes} bytes (or ${plan.diskInodes} files) they may take: ` +
    `seen ${milliseconds(finished.diskFullUs)} ms after the start, and not yet after ${milliseconds(finished.diskRoomUs)} ms.`
  return {
    outcome: 'disk-limit',
    cause: limitCause(
      'diskBytes',
      plan.diskBytes,
      finished.diskBytes,
      message,
      finished.diskFullUs,
    ),
  }
}

/** What a signal may mean that both the kernel and the program itself can have sent. */
function signalMessage(signal: string, finished: Finished, step: PlanStep): string {
  if (signal === 'SIGSYS')
    return `It was ended by SIGSYS, which nothing of the sandbox sent: it did so itself, or a filter of its own did.`
  if (signal !== 'SIGXFSZ') return `It was ended by ${signal}.`
  return `It was ended by SIGXFSZ: the kernel sends it at a write beyond ${step.fileBytes} bytes of one file, and a program can send it to itself; its files have ${finished.diskBytes} bytes.`
}

function exitEnding(finished: Finished, step: PlanStep): Ending {
  const program = step.failureOutcome === 'compile-error' ? 'compile-error' : null
  if (finished.ended === 'signalled') {
    const signal = signalName(finished.signal)
    return {
      outcome: program ?? 'signalled',
      cause: { message: signalMessage(signal, finished, step), signal },
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

const isBySigsys = ({ ended, signal }: Finished): boolean =>
  ended === 'signalled' && signal === constants.signals.SIGSYS

/**
 * Whether the kernel may have sent SIGSYS for the filter in force. Then nobody knows whether it did (it tells the signal alone), and a refusal
 * must not be hidden. Otherwise whatever the filter ends a program for is told to the supervisor, who does it with SIGKILL.
 */
const mayRaiseSigsys = (step: PlanStep, traps: boolean): boolean =>
  traps || step.seccompWatch !== 'refusals'

/** The filter ended the program: by the supervisor's hand, who knows the call, or by the kernel's. */
function syscallEnding(
  finished: Finished,
  step: PlanStep,
  calls: Calls | null,
  traps: boolean,
): Ending | null {
  if (finished.reason === 'syscall') {
    const deadly = deadlyCall(calls)
    const call = deadly === null ? { syscall: 'unknown' } : describeCall(deadly)
    const message = `It made the system call ${call.argumentClass ?? call.syscall}, which the profile ${step.seccomp} ends programs for.`
    const signal = signalName(finished.signal)
    return {
      outcome: 'syscall-denied',
      cause: { message, signal, atMs: milliseconds(finished.reasonUs), ...call },
    }
  }
  if (finished.reason !== 'none' || !isBySigsys(finished) || !mayRaiseSigsys(step, traps))
    return null
  const message = `It was ended by SIGSYS: it made a system call that the profile ${step.seccomp} answers so, or it sent itself that signal.`
  return {
    outcome: 'syscall-denied',
    cause: { message, signal: 'SIGSYS', atMs: milliseconds(finished.wallUs) },
  }
}

/** What is said of system calls beside the outcome: refused, or only observed. */
function callsOf(
  { calls, permitted }: Evidence,
  step: PlanStep,
): Pick<KeptStep, 'refusedCalls' | 'seccompAudit' | 'seccompLearned'> {
  if (calls === null) return {}
  if (step.seccompWatch === 'learn') return { seccompLearned: learnProfile(calls, permitted) }
  const refused = refusedCalls(calls)
  if (step.seccompWatch === 'refusals') return { refusedCalls: refused }
  return { seccompAudit: { profile: step.seccompAudited, refused } }
}

/** How a step ended, with the evidence. Pure: the same figures give the same answer. */
export function endingOf(
  finished: Finished,
  plan: ProgramPlan,
  step: PlanStep,
  calls: Calls | null = null,
  traps = false,
): Ending {
  if (finished.reason === 'cancelled' || finished.reason === 'expired') {
    const ending = reasonEnding(finished.reason, finished, step)
    if (ending !== null) return ending
  }
  const denied = syscallEnding(finished, step, calls, traps)
  if (denied !== null) return denied
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
export function isolationOf(
  started: Started,
  plan: ProgramPlan,
  seccomp: SeccompInForce,
): Isolation {
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
    network: networkOf(started),
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
  evidence: Evidence,
  plan: ProgramPlan,
  step: PlanStep,
  { stdout, stderr }: Captured,
): RanStep {
  const { finished, isolation } = evidence
  const ending = endingOf(finished, plan, step, evidence.calls, evidence.traps)
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
    ...callsOf(evidence, step),
  }
}
