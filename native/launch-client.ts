// Step 8 of 10: a plan and its bytes → a sandbox at the launcher, and what it answers. One connection is one sandbox.
import { connect, type Socket } from 'node:net'
import { Compile } from 'typebox/compile'
import type { CollectAsk, CollectSummary } from '../contract/collect.js'
import {
  Calls,
  Destroyed,
  Failed,
  Finished,
  frameTypes,
  Refused,
  Started,
} from '../contract/launch.js'
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import { type CollectReceiver, collectPairs, openCollectParser } from './collect.js'
import {
  type EncodedFiles,
  encodeSandbox,
  encodeStep,
  type Programs,
  type SandboxFile,
  type StepInput,
} from './launch-encode.js'
import {
  encodeChunks,
  encodeFrame,
  encodePairs,
  type Frame,
  openFrameCutter,
} from './launch-frame.js'

const checks = {
  started: Compile(Started),
  calls: Compile(Calls),
  finished: Compile(Finished),
  failed: Compile(Failed),
  refused: Compile(Refused),
  destroyed: Compile(Destroyed),
}

/** Why there is no result of a step: where in our own work it failed. */
export class LaunchError extends Error {
  readonly stage: string
  readonly errno: number | null
  /** Whether nothing of the job ran and it is not the job's fault: it is given back, and that costs it nothing. */
  readonly busy: boolean
  /** Whether the launcher takes nothing at present, from anybody: it cannot be reached, or it drains. */
  readonly away: boolean
  constructor(stage: string, message: string, errno: number | null = null, why?: 'busy' | 'away') {
    super(message)
    this.stage = stage
    this.errno = errno
    this.busy = why !== undefined
    this.away = why === 'away'
  }
}

export type StepStreams = {
  /** Told when all that the step began with has been written to the launcher. */
  onSent?(): void
  onStarted(started: Started): void
  /** A promise that it gives makes the launcher, and so the program, wait until it is settled. */
  onStdout(bytes: Buffer): unknown
  onStderr(bytes: Buffer): unknown
  /** What the filter refused; comes at most once, just before the end. */
  onCalls(calls: Calls): void
}

export type Sandbox = {
  /** Runs one step to its end. @throws LaunchError */
  run(step: PlanStep, programs: Programs, stdin: StepInput, streams: StepStreams): Promise<Finished>
  /** Input of the running step that was begun with `open`; null ends it. The launcher holds what the program has not read. */
  write(bytes: Buffer | null): void
  /**
   * Reads files of the sandbox, between steps. Null, and what of it came is not all, where it was ended before its end, say by its time.
   * @throws LaunchError
   */
  collect(
    ask: CollectAsk,
    programs: Programs,
    receiver: CollectReceiver,
  ): Promise<CollectSummary | null>
  /** Asks the launcher to end the running step; its Finished says so. */
  cancel(word: 'cancelled' | 'expired' | 'drain'): void
  /** Destroys the sandbox and waits until nothing of it is left. @throws LaunchError */
  end(): Promise<void>
  /** Lets go of the connection; the launcher destroys what is left. */
  abandon(): void
}

/** The streams of a collector: a step whose output is files. */
function collectStreams(
  ask: CollectAsk,
  receiver: CollectReceiver,
): { streams: StepStreams; finish(finished: Finished): CollectSummary | null } {
  const parser = openCollectParser(ask, receiver)
  return {
    streams: {
      onStarted: receiver.onStarted,
      onStdout: (bytes) => parser.push(bytes),
      onStderr() {},
      onCalls() {},
    },
    finish({ name, ended, exitCode, reason }) {
      if (name !== 'collect')
        throw new LaunchError('launcher-protocol', `an end of ${name} instead`)
      if (reason !== 'none') return null
      if (ended !== 'exited' || exitCode !== 0)
        throw new LaunchError('collect', `the collector ended with ${exitCode}`)
      try {
        return parser.finish()
      } catch (error) {
        throw new LaunchError('launcher-protocol', (error as Error).message)
      }
    },
  }
}

/** An answer’s JSON. @throws LaunchError for one that does not match its schema. */
export function readAnswer<Value>(
  check: { Check(value: unknown): value is Value },
  payload: Buffer,
  what: string,
): Value {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch {
    throw new LaunchError('launcher-protocol', `${what} is not JSON`)
  }
  if (!check.Check(value))
    throw new LaunchError('launcher-protocol', `${what} does not match its schema`)
  return value
}

/** Why the launcher takes nothing of us. */
export function refusalOf(payload: Buffer): LaunchError {
  const refused = readAnswer(checks.refused, payload, 'REFUSED')
  const detail = `${refused.code}: ${refused.detail}`
  if (refused.code === 'busy') return new LaunchError('launcher-refused', detail, null, 'busy')
  if (refused.code === 'draining') return new LaunchError('launcher-refused', detail, null, 'away')
  return new LaunchError('launcher-refused', detail)
}

type Waiting = {
  streams: StepStreams | null
  resolve(finished: Finished | null): void
  reject(error: LaunchError): void
}

const waitFor = (held: unknown): Promise<unknown> | false => held instanceof Promise && held

/** What one answer means for whoever waits. Returns whether the wait is over, or what must be waited for before more is read. */
function handle(frame: Frame, waiting: Waiting): boolean | Promise<unknown> {
  switch (frame.type) {
    case frameTypes.started:
      waiting.streams?.onStarted(readAnswer(checks.started, frame.payload, 'STARTED'))
      return false
    case frameTypes.stdout:
      return waitFor(waiting.streams?.onStdout(frame.payload))
    case frameTypes.stderr:
      return waitFor(waiting.streams?.onStderr(frame.payload))
    case frameTypes.calls:
      waiting.streams?.onCalls(readAnswer(checks.calls, frame.payload, 'CALLS'))
      return false
    case frameTypes.finished:
      waiting.resolve(readAnswer(checks.finished, frame.payload, 'FINISHED'))
      return true
    case frameTypes.destroyed: {
      const destroyed = readAnswer(checks.destroyed, frame.payload, 'DESTROYED')
      if (destroyed.leftProcesses > 0)
        throw new LaunchError('destroy', `${destroyed.leftProcesses} processes are left`)
      waiting.resolve(null)
      return true
    }
    case frameTypes.failed: {
      const failed = readAnswer(checks.failed, frame.payload, 'FAILED')
      throw new LaunchError(
        failed.stage,
        failed.detail === '' ? `the launcher failed at ${failed.stage}` : failed.detail,
        failed.errno,
      )
    }
    case frameTypes.refused:
      throw refusalOf(frame.payload)
    default:
      throw new LaunchError('launcher-protocol', `an unknown frame ${frame.type}`)
  }
}

/** Frames that are sent as one buffer, bytes; more are handed over as they are, uncopied. */
const joinedBytesMax = 262_144

/** One write to the kernel for a small start. `onSent` is not called when the connection is lost. */
function send(socket: Socket, frames: readonly Buffer[], onSent: () => void): void {
  const total = frames.reduce((sum, { length }) => sum + length, 0)
  const whole = total <= joinedBytesMax ? [Buffer.concat(frames)] : frames
  socket.cork()
  for (const [index, frame] of whole.entries())
    socket.write(frame, (error) => {
      if (index === whole.length - 1 && !error) onSent()
    })
  socket.uncork()
}

/** Reads no more until then: what is not read makes the launcher wait, and in the end the program. */
function holdUntil(socket: Socket, ready: Promise<unknown>): void {
  socket.pause()
  const resume = (): unknown => socket.resume()
  ready.then(resume, resume)
}

/** Connects frames to whoever waits for them, and turns every way of losing the connection into a LaunchError. */
function openExchange(socket: Socket): {
  wait(streams: StepStreams | null, frames: Buffer[]): Promise<Finished | null>
  fail(error: LaunchError): void
  /** All has been said. */
  finish(): void
} {
  const cutter = openFrameCutter()
  let waiting: Waiting | null = null
  let lost: LaunchError | null = null
  let isOver = false
  const fail = (error: LaunchError): void => {
    lost ??= error
    const current = waiting
    waiting = null
    socket.destroy()
    current?.reject(lost)
  }
  socket.on('data', (bytes: Buffer) => {
    try {
      for (const frame of cutter.push(bytes)) {
        if (waiting === null)
          throw new LaunchError('launcher-protocol', 'a frame that nobody waits for')
        const over = handle(frame, waiting)
        if (over === true) waiting = null
        else if (over !== false) holdUntil(socket, over)
      }
    } catch (error) {
      fail(
        error instanceof LaunchError
          ? error
          : new LaunchError('launcher-protocol', (error as Error).message),
      )
    }
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.syscall === 'connect')
      fail(new LaunchError('launcher-unreachable', error.message, null, 'away'))
    else fail(new LaunchError('launcher-lost', error.message))
  })
  socket.on('close', () => {
    if (!isOver) fail(new LaunchError('launcher-lost', 'the launcher closed the connection'))
  })
  return {
    fail,
    finish() {
      isOver = true
      socket.destroy()
    },
    wait(streams, frames) {
      return new Promise((resolve, reject) => {
        if (lost !== null) {
          reject(lost)
          return
        }
        waiting = { streams, resolve, reject }
        send(socket, frames, () => streams?.onSent?.())
      })
    },
  }
}

/** How long a launcher may take beyond the lifetime of a sandbox, milliseconds. */
const silenceMs = 15_000
/** The longest that a timer of Node can be, milliseconds. */
const timerMsMax = 2_147_483_647

/** Begins a sandbox. Nothing is sent before the first step, so that the whole start is one write. */
export function openSandbox(
  socketPath: string,
  jobId: string,
  plan: ProgramPlan,
  files: readonly SandboxFile[] | EncodedFiles,
): Sandbox {
  const socket = connect(socketPath)
  const exchange = openExchange(socket)
  // The supervisor ends a sandbox at its lifetime. A launcher that is silent for longer than that is broken.
  const watchdog = setTimeout(
    () => exchange.fail(new LaunchError('launcher-lost', 'the launcher is silent')),
    Math.min(plan.lifetimeMs + silenceMs, timerMsMax),
  ).unref()
  socket.on('close', () => clearTimeout(watchdog))
  let head: Buffer[] = encodeSandbox(jobId, plan, files)
  return {
    // Not async: what is sent must not be held until the step ends.
    run(step, programs, stdin, streams) {
      // The protocol wants FILTER before FILE or after: both stand before the first STEP.
      const frames = [...head, ...encodeStep(step, programs, stdin)]
      head = []
      return exchange.wait(streams, frames).then((finished) => {
        if (finished?.name !== step.name)
          throw new LaunchError('launcher-protocol', `an end of ${finished?.name ?? 'all'} instead`)
        return finished
      })
    },
    collect(ask, programs, receiver) {
      const { streams, finish } = collectStreams(ask, receiver)
      const frames = [encodeFrame(frameTypes.filter, programs.filter)]
      frames.push(encodeFrame(frameTypes.collect, encodePairs(collectPairs(ask))))
      return exchange.wait(streams, frames).then((finished) => {
        if (finished === null)
          throw new LaunchError('launcher-protocol', 'DESTROYED instead of FINISHED')
        return finish(finished)
      })
    },
    write(bytes) {
      if (socket.destroyed) return
      const frames = bytes === null ? [] : encodeChunks(frameTypes.stdin, bytes)
      if (bytes === null) frames.push(encodeFrame(frameTypes.stdin, Buffer.alloc(0)))
      for (const frame of frames) socket.write(frame)
    },
    cancel(word) {
      if (!socket.destroyed) socket.write(encodeFrame(frameTypes.cancel, Buffer.from(word)))
    },
    async end() {
      const other = await exchange.wait(null, [encodeFrame(frameTypes.end, Buffer.alloc(0))])
      if (other !== null)
        throw new LaunchError('launcher-protocol', 'FINISHED instead of DESTROYED')
      exchange.finish()
    },
    abandon() {
      exchange.fail(new LaunchError('launcher-lost', 'abandoned'))
    },
  }
}
