// The sessions that are open in this worker, for whoever may start programs in them.
import type { AttachStart, ExecResult } from '../contract/session.js'
import type { Tree } from '../native/launch-trees.js'

export type ExecStreams = {
  /** A promise that it gives makes the program wait until it is settled. */
  onStdout(bytes: Buffer): unknown
  onStderr(bytes: Buffer): unknown
}

export type RunningExec = { readonly tree: Tree; readonly result: Promise<ExecResult> }

export type OpenSession = {
  readonly tenant: string
  /** Starts a program; null when as many run as there may. @throws FrameError for a text that cannot be a word of the kernel’s. */
  start(ask: AttachStart, isStream: boolean, streams: ExecStreams): RunningExec | null
}

export type SessionRegistry = {
  open(id: string, session: OpenSession): void
  close(id: string): void
  /** The session, as soon as it is open; null when it is not in time, or is another tenant’s. */
  find(id: string, tenant: string, waitMs: number): Promise<OpenSession | null>
}

export function openSessionRegistry(): SessionRegistry {
  const sessions = new Map<string, OpenSession>()
  const waiting = new Map<string, Set<() => void>>()
  const opened = (id: string, waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      const waiters = waiting.get(id) ?? new Set()
      waiting.set(id, waiters)
      const done = (): void => {
        clearTimeout(timer)
        waiters.delete(done)
        if (waiters.size === 0) waiting.delete(id)
        resolve()
      }
      const timer = setTimeout(done, waitMs)
      waiters.add(done)
    })
  return {
    open(id, session) {
      sessions.set(id, session)
      for (const done of [...(waiting.get(id) ?? [])]) done()
    },
    close: (id) => void sessions.delete(id),
    async find(id, tenant, waitMs) {
      if (!sessions.has(id) && waitMs > 0) await opened(id, waitMs)
      const session = sessions.get(id)
      return session?.tenant === tenant ? session : null
    },
  }
}
