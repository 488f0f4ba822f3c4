// Runs a plan that is a session: makes its sandbox, lets programs be started in it, ends it, and says what it came to.
import type { Calls, Finished, Started } from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import type { RunResult } from '../contract/result.js'
import { type AttachStart, type ExecResult, execOutputBytesMax } from '../contract/session.js'
import { shellOf } from '../contract/step.js'
import { LaunchError } from '../native/launch-client.js'
import { openTrees, type Tree, type TreeSandbox } from '../native/launch-trees.js'
import type { CompiledSeccomp } from '../native/seccomp.js'
import { absoluteProgram } from '../policy/program-plan.js'
import { attest } from './attest.js'
import { openCapture } from './capture.js'
import { type Captured, collect, isolationOf } from './collect.js'
import { streamEvidence } from './receipt.js'
import type { CancelWord, Ran, Run, RunInput } from './run.js'
import { compileFor } from './run-step.js'
import type { ExecStreams, OpenSession, RunningExec, SessionRegistry } from './session-registry.js'
import { addUsage, type Total } from './session-total.js'

export type SessionInput = RunInput & {
  readonly tenant: string
  readonly sessions: SessionRegistry
}

/** Programs at one time: the launcher takes 64 in one sandbox. */
const execsMax = 60

type Reason = 'idle' | 'lifetime' | CancelWord

type Live = {
  readonly input: SessionInput
  readonly plan: Plan
  readonly template: PlanStep
  readonly inForce: CompiledSeccomp
  readonly sandbox: TreeSandbox
  readonly startedMs: number
  readonly kept: Map<string, string>
  total: Total
  running: number
  idle: NodeJS.Timeout | null
  end(reason: Reason): void
}

/** Nothing of it runs: it waits for so long. */
function waitForUse(live: Live): void {
  live.idle = setTimeout(() => live.end('idle'), live.plan.sessionIdleMs)
}

function environmentOf({ template, kept }: Live, { env, keepEnv }: AttachStart): string[] {
  const own = template.environment.map((entry): [string, string] => {
    const at = entry.indexOf('=')
    return [entry.slice(0, at), entry.slice(at + 1)]
  })
  const asked = Object.entries(env ?? {})
  if (keepEnv === true) for (const [name, value] of asked) kept.set(name, value)
  return Array.from(new Map([...own, ...kept, ...asked]), ([name, value]) => `${name}=${value}`)
}

/** What a program of the session is run with: never more than the plan of the session has. */
function stepOf(live: Live, ask: AttachStart, isStream: boolean): PlanStep {
  const { template } = live
  const directory = ask.workdir ?? template.directory
  const left = Math.max(1, Math.ceil(template.wallMs - (performance.now() - live.startedMs)))
  return {
    ...template,
    name: 'exec',
    argv:
      ask.run === undefined ? absoluteProgram(ask.command ?? [''], directory) : shellOf(ask.run),
    environment: environmentOf(live, ask),
    directory,
    wallMs: Math.min(ask.wallMs ?? left, left),
    takesStdin: isStream || ask.stdin !== undefined,
    // What is passed on and not kept needs no bound.
    outputBytes: isStream
      ? Number.MAX_SAFE_INTEGER
      : Math.min(template.outputBytes, execOutputBytesMax),
  }
}

async function emptyOutput({ input }: Live): Promise<Captured> {
  const empty = () => openCapture(input.createOutput).finish()
  return { stdout: await empty(), stderr: await empty() }
}

async function resultOf(
  live: Live,
  step: PlanStep,
  tree: Tree,
  seen: { started: Started | null; calls: Calls | null },
): Promise<ExecResult> {
  const finished = await tree.finished
  if (seen.started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  live.total = addUsage(live.total, finished)
  const { permitted, traps, digest } = live.inForce
  const isolation = isolationOf(seen.started, live.plan, { profile: step.seccomp, digest })
  const evidence = { finished, calls: seen.calls, isolation, permitted, traps }
  const kept = collect(evidence, live.plan, step, await emptyOutput(live))
  const { outcome, cause, exitCode, signal, usage } = kept
  return { outcome, cause: cause?.message ?? null, exitCode, signal, usage }
}

/** A session whose sandbox is not what the plan says is no session. */
function noteStart(live: Live, step: PlanStep, report: Started): void {
  try {
    attest(report, live.plan, step)
  } catch (error) {
    live.sandbox.abandon()
    throw error
  }
}

function startExec(
  live: Live,
  ask: AttachStart,
  isStream: boolean,
  streams: ExecStreams,
): RunningExec | null {
  if (live.running >= execsMax) return null
  const step = stepOf(live, ask, isStream)
  const seen: { started: Started | null; calls: Calls | null } = { started: null, calls: null }
  const tree = live.sandbox.start(
    step,
    { filter: live.inForce.program, audit: null },
    {
      onStarted(report) {
        noteStart(live, step, report)
        seen.started = report
      },
      onStdout: (bytes) => streams.onStdout(bytes),
      onStderr: (bytes) => streams.onStderr(bytes),
      onCalls(report) {
        seen.calls = report
      },
    },
    ask.terminal,
  )
  if (live.idle !== null) clearTimeout(live.idle)
  live.idle = null
  live.running += 1
  const result = resultOf(live, step, tree, seen).finally(() => {
    live.running -= 1
    if (live.running === 0) waitForUse(live)
  })
  result.catch(() => undefined) // Whoever waits for it is told; that nobody does is no fault.
  return { tree, result }
}

const endings: Readonly<Record<Exclude<Reason, 'drain'>, Pick<RunResult, 'outcome' | 'cause'>>> = {
  idle: { outcome: 'ok', cause: { message: 'Nothing ran in it for its idle time.' } },
  lifetime: { outcome: 'wall-time-limit', cause: { message: 'Its life was over.' } },
  cancelled: { outcome: 'cancelled', cause: { message: 'Ended by the caller.' } },
  expired: { outcome: 'expired', cause: { message: 'Its deadline passed.' } },
}

/** The session as one step: how long it lived, and what all its programs came to. */
async function sessionResult(
  live: Live,
  reason: Reason,
  started: Started,
  first: Finished,
): Promise<Ran> {
  if (reason === 'drain')
    throw new LaunchError('worker-lost', 'The worker of the session was stopped.')
  const { plan, template, inForce } = live
  const wallUs = Math.round((performance.now() - live.startedMs) * 1000)
  const finished: Finished = {
    ...first,
    ...live.total,
    name: template.name,
    wallUs,
    exitCode: 0,
    execErrno: 0,
  }
  const seccomp = { profile: template.seccomp, digest: inForce.digest }
  const isolation = isolationOf(started, plan, seccomp)
  const captured = await emptyOutput(live)
  const evidence = { finished, calls: null, isolation, permitted: inForce.permitted, traps: false }
  const { outcome, cause } = endings[reason]
  const step = {
    ...collect(evidence, plan, template, captured),
    outcome,
    ...(cause === null ? {} : { cause }),
  }
  const failedStep = outcome === 'ok' ? null : template.name
  const stdout = streamEvidence(captured.stdout)
  return {
    result: { outcome, cause, failedStep, steps: [step] },
    steps: [{ step: template, started, seccomp, stdout, stderr: stdout }],
  }
}

/** The sandbox is made by its first program, of which nothing is wanted. */
async function makeSandbox(live: Live): Promise<{ started: Started; first: Finished }> {
  const { input, template, inForce, sandbox } = live
  let started: Started | null = null
  const ignore = (): void => undefined
  const { finished } = sandbox.start(
    template,
    { filter: inForce.program, audit: null },
    {
      onStarted(report) {
        noteStart(live, template, report)
        started = report
        input.onLaunched(report.setupUs / 1e6)
      },
      ...{ onStdout: ignore, onStderr: ignore, onCalls: ignore },
    },
  )
  input.onSent()
  const first = await finished
  if (started === null) throw new LaunchError('launcher-protocol', 'FINISHED without STARTED')
  return { started, first }
}

async function serve(live: Live, ended: Promise<Reason>): Promise<Ran> {
  const { input } = live
  const { started, first } = await makeSandbox(live)
  live.total = addUsage(live.total, first)
  waitForUse(live)
  const session: OpenSession = {
    tenant: input.tenant,
    start: (ask, isStream, streams) => startExec(live, ask, isStream, streams),
  }
  input.sessions.open(input.jobId, session)
  const lost = live.sandbox.lost.then((error) => {
    if (error.stage !== 'lifetime') throw error
    return 'lifetime' as const
  })
  try {
    return await sessionResult(live, await Promise.race([ended, lost]), started, first)
  } finally {
    input.sessions.close(input.jobId)
    if (live.idle !== null) clearTimeout(live.idle)
  }
}

export function runSession(input: SessionInput): Run {
  const { plan, cargo } = input
  const [template] = plan.steps
  if (template === undefined) throw new Error('a plan without a step')
  const inForce = compileFor(input.seccompFolders, template.seccomp)
  // The programs' own times end with the session's; it is the sandbox whose life is the plan's.
  const sandbox = openTrees(
    input.launcherSocket,
    input.jobId,
    { ...plan, lifetimeMs: template.wallMs },
    cargo.files,
  )
  cargo.files = []
  let end: (reason: Reason) => void = () => undefined
  const ended = new Promise<Reason>((resolve) => {
    end = resolve
  })
  const live: Live = {
    ...{ input, plan, template, inForce, sandbox, startedMs: performance.now(), kept: new Map() },
    ...{
      total: {
        cpuUs: 0,
        userUs: 0,
        systemUs: 0,
        memoryPeakBytes: 0,
        processPeak: 0,
        outputBytes: 0,
      },
    },
    ...{ running: 0, idle: null, end },
  }
  const result = serve(live, ended)
  const destroyed = result.then(
    () =>
      sandbox.end().catch((error: LaunchError) => {
        if (error.stage !== 'lifetime') throw error
      }),
    (error: unknown) => {
      sandbox.abandon()
      throw error
    },
  )
  destroyed.catch(() => undefined)
  return { result, destroyed, cancel: end }
}
