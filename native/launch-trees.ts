// Several process trees side by side in one sandbox: services, the steps beside them, the programs of a session.
// Each has a number, streams with a window of its own in both directions, and an end of its own; none holds up another.
import { connect, type Socket } from 'node:net'
import { Compile } from 'typebox/compile'
import type { SignalName } from '../contract/launch.js'
import {
  Calls,
  Failed,
  Finished,
  frameTypes,
  Started,
  signalNumbers,
  treeHeaderBytes,
  treeWindowBytes,
} from '../contract/launch.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import { LaunchError, readAnswer, refusalOf } from './launch-client.js'
import { encodeSandbox, encodeStepPairs, type Programs, type SandboxFile } from './launch-encode.js'
import { encodeFrame, type Frame, openFrameCutter } from './launch-frame.js'

const checks = {
  started: Compile(Started),
  calls: Compile(Calls),
  finished: Compile(Finished),
  failed: Compile(Failed),
}

export type TreeStreams = {
  onStarted(started: Started): void
  /** A promise that it gives holds back the window: the program waits once it has written that much more. */
  onStdout(bytes: Buffer): unknown
  onStderr(bytes: Buffer): unknown
  /** What the filter refused; comes at most once, just before the end. */
  onCalls(calls: Calls): void
}

export type TerminalSize = { readonly rows: number; readonly columns: number }

export type Tree = {
  /** Rejects with LaunchError when it could not be made exactly as asked, or the sandbox is lost. */
  readonly finished: Promise<Finished>
  /** Settles when the launcher has room for all of it: a program that does not read makes its writer wait. */
  write(bytes: Buffer): Promise<void>
  /** The end of its input. Without effect on a terminal, whose end is typed. */
  endInput(): void
  cancel(word: 'cancelled' | 'expired' | 'drain'): void
  /** To the process group that its main process leads; of a terminal, INT, QUIT and TSTP to the one in the foreground. */
  signal(name: SignalName): void
  resize(size: TerminalSize): void
}

export type TreeSandbox = {
  /** Starts a tree. With a size, its standard input and output are a terminal, and it has no standard error. */
  start(
    step: PlanStep,
    programs: Programs,
    streams: TreeStreams,
    terminal?: TerminalSize | undefined,
  ): Tree
  /** Destroys the sandbox, whatever runs in it, and waits until nothing of it is left. @throws LaunchError */
  end(): Promise<void>
  /** Lets go of the connection; the launcher destroys what is left. */
  abandon(): void
  /** Settles when there is no sandbox any more, for whatever reason. */
  readonly lost: Promise<LaunchError>
}

/** A frame to, or of, one tree. */
function encodeTree(number: number, type: number, payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(treeHeaderBytes)
  head.writeUInt32LE(number, 0)
  head.writeUInt8(type, 4)
  return encodeFrame(frameTypes.tree, Buffer.concat([head, payload]))
}

function encodeSize({ rows, columns }: TerminalSize): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt16LE(rows, 0)
  payload.writeUInt16LE(columns, 2)
  return payload
}

function encodeCount(count: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32LE(count, 0)
  return payload
}

/** Largest piece of input in one frame, bytes. */
const pieceBytesMax = 32_768

type Send = (type: number, payload: Buffer) => void

/** Input in pieces, never more on its way than the launcher has room for. */
function openInput(send: Send): {
  write(bytes: Buffer): Promise<void>
  end(): void
  taken(count: number): void
  over(): void
} {
  const waiting: { bytes: Buffer; done(): void }[] = []
  let window = treeWindowBytes
  let isOver = false
  let hasEnd = false
  let toldEnd = false
  const pump = (): void => {
    for (let first = waiting[0]; first !== undefined && window > 0; first = waiting[0]) {
      const piece = first.bytes.subarray(0, Math.min(window, pieceBytesMax))
      window -= piece.length
      if (piece.length > 0) send(frameTypes.stdin, piece)
      first.bytes = first.bytes.subarray(piece.length)
      if (first.bytes.length > 0) continue
      waiting.shift()
      first.done()
    }
    if (!hasEnd || toldEnd || waiting.length > 0) return
    toldEnd = true
    send(frameTypes.stdin, Buffer.alloc(0))
  }
  return {
    write(bytes) {
      if (isOver || hasEnd || bytes.length === 0) return Promise.resolve()
      return new Promise((done) => {
        waiting.push({ bytes, done })
        pump()
      })
    },
    end() {
      if (isOver) return
      hasEnd = true
      pump()
    },
    taken(count) {
      window += count
      pump()
    },
    over() {
      isOver = true
      for (const { done } of waiting.splice(0)) done()
    },
  }
}

type Running = {
  readonly tree: Tree
  hear(frame: Frame): boolean
  lose(error: LaunchError): void
}

/** One tree: what is said to it, and what it says. */
function openTree(send: Send, streams: TreeStreams, takesStdin: boolean): Running {
  const input = openInput(send)
  if (!takesStdin) input.over()
  let settle: { resolve(finished: Finished): void; reject(error: LaunchError): void } | null = null
  const finished = new Promise<Finished>((resolve, reject) => {
    settle = { resolve, reject }
  })
  finished.catch(() => undefined) // Whoever waits for it is told; that nobody does is no fault.
  const grant = (held: unknown, count: number): void => {
    const more = (): void => send(frameTypes.window, encodeCount(count))
    if (held instanceof Promise) held.then(more, more)
    else more()
  }
  const lose = (error: LaunchError): void => {
    input.over()
    settle?.reject(error)
  }
  const hear = ({ type, payload }: Frame): boolean => {
    switch (type) {
      case frameTypes.started:
        streams.onStarted(readAnswer(checks.started, payload, 'STARTED'))
        return false
      case frameTypes.stdout:
        grant(streams.onStdout(payload), payload.length)
        return false
      case frameTypes.stderr:
        grant(streams.onStderr(payload), payload.length)
        return false
      case frameTypes.taken:
        if (payload.length !== 4) throw new LaunchError('launcher-protocol', 'a TAKEN of no number')
        input.taken(payload.readUInt32LE(0))
        return false
      case frameTypes.calls:
        streams.onCalls(readAnswer(checks.calls, payload, 'CALLS'))
        return false
      case frameTypes.finished: {
        const end = readAnswer(checks.finished, payload, 'FINISHED')
        input.over()
        settle?.resolve(end)
        return true
      }
      case frameTypes.failed: {
        const { stage, errno } = readAnswer(checks.failed, payload, 'FAILED')
        lose(new LaunchError(stage, `the launcher failed at ${stage}`, errno))
        return true
      }
      default:
        throw new LaunchError('launcher-protocol', `an unknown frame ${type} of a tree`)
    }
  }
  const tree: Tree = {
    finished,
    write: (bytes) => input.write(bytes),
    endInput: () => input.end(),
    cancel: (word) => send(frameTypes.cancel, Buffer.from(word)),
    signal: (name) => send(frameTypes.signal, Buffer.from([signalNumbers[name]])),
    resize: (size) => send(frameTypes.terminal, encodeSize(size)),
  }
  return { tree, hear, lose }
}

/** What the launcher says of the sandbox as a whole: each is its end. */
function endOf({ type, payload }: Frame): LaunchError | null {
  if (type === frameTypes.destroyed) return null
  if (type === frameTypes.refused) return refusalOf(payload)
  if (type !== frameTypes.failed)
    return new LaunchError('launcher-protocol', `an unknown frame ${type}`)
  const { stage, errno } = readAnswer(checks.failed, payload, 'FAILED')
  return new LaunchError(stage, `the launcher failed at ${stage}`, errno)
}

/** The connection: frames in, each to its tree; and the one end of it all. */
function openExchange(socket: Socket): {
  readonly running: Map<number, Running>
  readonly lost: Promise<LaunchError>
  fail(error: LaunchError): void
  /** Whether the end was the one that was asked for. */
  isDestroyed(): boolean
} {
  const cutter = openFrameCutter()
  const running = new Map<number, Running>()
  let tellLost: (error: LaunchError) => void = () => undefined
  let destroyed = false
  const lost = new Promise<LaunchError>((resolve) => {
    tellLost = resolve
  })
  const fail = (error: LaunchError): void => {
    socket.destroy()
    tellLost(error)
    for (const one of running.values()) one.lose(error)
    running.clear()
  }
  const take = (frame: Frame): void => {
    if (frame.type !== frameTypes.treeSays) {
      const error = endOf(frame)
      destroyed = error === null
      fail(error ?? new LaunchError('launcher-lost', 'the sandbox has been destroyed'))
      return
    }
    if (frame.payload.length < treeHeaderBytes)
      throw new LaunchError('launcher-protocol', 'a frame of no tree')
    const number = frame.payload.readUInt32LE(0)
    const one = running.get(number)
    if (one === undefined) throw new LaunchError('launcher-protocol', `tree ${number} is not there`)
    const inner = { type: frame.payload.readUInt8(4), payload: frame.payload.subarray(5) }
    if (one.hear(inner)) running.delete(number)
  }
  socket.on('data', (bytes: Buffer) => {
    try {
      for (const frame of cutter.push(bytes)) take(frame)
    } catch (error) {
      const { message } = error as Error
      fail(error instanceof LaunchError ? error : new LaunchError('launcher-protocol', message))
    }
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.syscall === 'connect')
      fail(new LaunchError('launcher-unreachable', error.message, null, 'away'))
    else fail(new LaunchError('launcher-lost', error.message))
  })
  socket.on('close', () =>
    fail(new LaunchError('launcher-lost', 'the launcher closed the connection')),
  )
  return { running, lost, fail, isDestroyed: () => destroyed }
}

/** Begins a sandbox. Nothing is sent before the first tree, so that the whole start is one write. */
export function openTrees(
  socketPath: string,
  id: string,
  plan: Plan,
  files: readonly SandboxFile[],
): TreeSandbox {
  const socket = connect(socketPath)
  const { running, lost, fail, isDestroyed } = openExchange(socket)
  let head: Buffer[] = encodeSandbox(id, plan, files)
  let number = 0
  return {
    lost,
    start(step, { filter, audit }, streams, terminal) {
      number += 1
      const own = number
      const send: Send = (type, payload) => {
        if (!socket.destroyed) socket.write(encodeTree(own, type, payload))
      }
      const one = openTree(send, streams, step.takesStdin)
      running.set(own, one)
      const frames = [...head, encodeFrame(frameTypes.filter, filter)]
      head = []
      if (audit !== null) frames.push(encodeFrame(frameTypes.audit, audit))
      if (terminal !== undefined)
        frames.push(encodeTree(own, frameTypes.terminal, encodeSize(terminal)))
      frames.push(encodeTree(own, frameTypes.step, encodeStepPairs(step)))
      if (!socket.destroyed) socket.write(Buffer.concat(frames))
      else one.lose(new LaunchError('launcher-lost', 'there is no sandbox any more'))
      return one.tree
    },
    async end() {
      if (socket.destroyed) return
      socket.write(encodeFrame(frameTypes.end, Buffer.alloc(0)))
      const error = await lost
      if (!isDestroyed()) throw error
    },
    abandon() {
      fail(new LaunchError('launcher-lost', 'abandoned'))
    },
  }
}
