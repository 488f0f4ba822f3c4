// Where the api reaches the sessions of this worker: a stream socket of its own, since bytes of terminals do not belong into Redis.
// One connection is one program. Its directory says who may connect; what comes is checked all the same.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import {
  frameTypes,
  type SignalName,
  signalNumbers,
  stepPayloadBytesMax,
} from '../contract/launch.js'
import { type SessionRefusal, SessionStart, sessionFrames } from '../contract/session.js'
import type { LaunchError } from '../native/launch-client.js'
import { encodeChunks, encodeFrame, type Frame, openFrameCutter } from '../native/launch-frame.js'
import type { Tree } from '../native/launch-trees.js'
import type { RunningExec, SessionRegistry } from './session-registry.js'

const checkStart = Compile(SessionStart)

/** How long a program may wait for its session to open: its sandbox is being made. Milliseconds. */
const openWaitMs = 10_000

const encodeJson = (type: number, value: object): Buffer =>
  encodeFrame(type, Buffer.from(JSON.stringify(value)))

function refuse(socket: Socket, refusal: SessionRefusal): void {
  socket.end(encodeJson(sessionFrames.refused, refusal))
}

/** Those whose peer is behind, and until it is no more. */
const behind = new WeakMap<Socket, Promise<void>>()

function untilTaken(socket: Socket): Promise<void> {
  const waiting = behind.get(socket)
  if (waiting !== undefined) return waiting
  const taken = new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      behind.delete(socket)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
  behind.set(socket, taken)
  return taken
}

/** A promise when the peer is behind. */
function write(socket: Socket, frames: readonly Buffer[]): Promise<void> | null {
  if (socket.destroyed) return null
  let isTaken = true
  for (const frame of frames) isTaken = socket.write(frame)
  return isTaken ? null : untilTaken(socket)
}

const namesBySignal = new Map(
  Object.entries(signalNumbers).map(([name, number]): [number, SignalName] => [
    number,
    name as SignalName,
  ]),
)

/** What the client says to its program. Input that the launcher has no room for holds the connection. */
function hear(socket: Socket, tree: Tree, { type, payload }: Frame): void {
  if (type === frameTypes.stdin && payload.length === 0) tree.endInput()
  else if (type === frameTypes.stdin) {
    socket.pause()
    tree.write(Buffer.from(payload)).then(() => socket.resume())
  } else if (type === frameTypes.terminal && payload.length === 4)
    tree.resize({ rows: payload.readUInt16LE(0), columns: payload.readUInt16LE(2) })
  else if (type === frameTypes.signal) {
    const name = namesBySignal.get(payload[0] ?? 0)
    if (name !== undefined) tree.signal(name)
  } else socket.destroy()
}

function follow(socket: Socket, { tree, result }: RunningExec): void {
  // Whoever has gone holds nothing.
  socket.on('close', () => tree.cancel('cancelled'))
  result.then(
    (end) => socket.end(encodeJson(frameTypes.finished, end)),
    ({ message }: LaunchError) => refuse(socket, { code: 'failed', detail: message }),
  )
}

async function begin(
  socket: Socket,
  payload: Buffer,
  sessions: SessionRegistry,
): Promise<RunningExec | null> {
  const asked: unknown = JSON.parse(payload.toString('utf8'))
  if (!checkStart.Check(asked)) throw new Error('the first frame does not match its schema')
  const session = await sessions.find(asked.session, asked.tenant, openWaitMs)
  if (session === null) {
    refuse(socket, { code: 'unknown', detail: 'No such session is open.' })
    return null
  }
  socket.write(encodeFrame(sessionFrames.ready, Buffer.alloc(0)))
  if (asked.start === null) {
    socket.end()
    return null
  }
  const running = session.start(asked.start, asked.stream, {
    onStdout: (bytes) => write(socket, encodeChunks(frameTypes.stdout, bytes)),
    onStderr: (bytes) => write(socket, encodeChunks(frameTypes.stderr, bytes)),
  })
  if (running === null)
    refuse(socket, { code: 'too-many', detail: 'As many programs run in it as there may.' })
  return running
}

function serve(socket: Socket, sessions: SessionRegistry, log: Logger): void {
  const cutter = openFrameCutter(stepPayloadBytesMax)
  let running: RunningExec | null = null
  let isBegun = false
  const early: Frame[] = []
  const take = (frame: Frame): void => {
    if (running !== null) hear(socket, running.tree, frame)
    else if (isBegun) early.push({ type: frame.type, payload: Buffer.from(frame.payload) })
    else {
      isBegun = true
      begin(socket, frame.payload, sessions)
        .then((begun) => {
          running = begun
          if (begun === null) return
          follow(socket, begun)
          if (socket.destroyed) begun.tree.cancel('cancelled')
          for (const one of early.splice(0)) hear(socket, begun.tree, one)
        })
        .catch((error: Error) => refuse(socket, { code: 'failed', detail: error.message }))
    }
  }
  socket.on('error', (error) => log.debug({ error: error.message }, 'a connection to a session'))
  socket.on('data', (bytes: Buffer) => {
    try {
      for (const frame of cutter.push(bytes)) take(frame)
    } catch (error) {
      refuse(socket, { code: 'failed', detail: (error as Error).message })
    }
  })
}

/** Listens until it is closed. */
export async function listenForSessions(
  path: string,
  sessions: SessionRegistry,
  log: Logger,
): Promise<Server> {
  rmSync(path, { force: true })
  const server = createServer((socket) => serve(socket, sessions, log))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  // The group is its directory's: that of the api.
  chmodSync(path, 0o660)
  return server
}
