// From the api to the worker that holds a session: one connection is one program. Whoever reads slowly makes the program wait.
import { connect, type Socket } from 'node:net'
import { Compile } from 'typebox/compile'
import { frameTypes } from '../contract/launch.js'
import {
  ExecResult,
  SessionRefusal,
  type SessionStart,
  sessionFrames,
} from '../contract/session.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'
import { encodeLinkFrame, openLinkCutter } from './session-frame.js'

const checkResult = Compile(ExecResult)
const checkRefusal = Compile(SessionRefusal)

export type LinkEvent =
  | { readonly kind: 'stdout' | 'stderr'; readonly bytes: Buffer }
  | { readonly kind: 'result'; readonly result: ExecResult }

export type Link = {
  readonly socket: Socket
  send(type: number, payload: Buffer): boolean
  /** What the program says, at the pace of whoever asks. @throws Refusal */
  events(): AsyncGenerator<LinkEvent>
}

function refused(payload: Buffer): Refusal {
  const refusal: unknown = JSON.parse(payload.toString('utf8'))
  if (!checkRefusal.Check(refusal)) return new Refusal('internal')
  if (refusal.code === 'unknown')
    return new Refusal('conflict', 'The session is not open: it waits for a slot, or has ended.')
  if (refusal.code === 'too-many') return new Refusal('conflict', refusal.detail)
  return new Refusal(
    'conflict',
    `The program could not be started, or its session is lost: ${refusal.detail}`,
  )
}

function eventOf(type: number, payload: Buffer): LinkEvent | null {
  switch (type) {
    case sessionFrames.ready:
      return null
    case sessionFrames.refused:
      throw refused(payload)
    case frameTypes.stdout:
      return { kind: 'stdout', bytes: payload }
    case frameTypes.stderr:
      return { kind: 'stderr', bytes: payload }
    case frameTypes.finished: {
      const result: unknown = JSON.parse(payload.toString('utf8'))
      if (!checkResult.Check(result)) throw new Error('a worker’s answer does not match its schema')
      return { kind: 'result', result }
    }
    default:
      throw new Error(`an unknown frame ${type} of a worker`)
  }
}

async function* eventsOf(socket: Socket): AsyncGenerator<LinkEvent> {
  const cut = openLinkCutter()
  try {
    for await (const bytes of socket)
      for (const { type, payload } of cut(bytes as Buffer)) {
        const event = eventOf(type, payload)
        if (event !== null) yield event
        if (event?.kind === 'result') return
      }
  } catch (error) {
    if (error instanceof Refusal) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code !== undefined) throw new Refusal('conflict', 'The worker of the session is away.')
    throw error
  }
  throw new Refusal('conflict', 'The session has ended.')
}

/** @throws nothing: what is wrong with the connection shows in its events. */
export function openLink(service: Service, start: SessionStart): Link {
  const socket = connect(service.settings.sessionSocket)
  socket.write(encodeLinkFrame(sessionFrames.start, Buffer.from(JSON.stringify(start))))
  return {
    socket,
    send: (type, payload) => !socket.destroyed && socket.write(encodeLinkFrame(type, payload)),
    events: () => eventsOf(socket),
  }
}
