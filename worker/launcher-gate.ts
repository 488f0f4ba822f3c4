// No new work while the launcher is away: closed by whoever finds it so, opened again when a connection is taken.
import { connect } from 'node:net'

export type LauncherGate = {
  /** No effect when it is closed already. */
  close(): void
  stop(): void
}

const firstProbeMs = 100
const lastProbeMs = 2000

function isReachable(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export function openLauncherGate(
  socketPath: string,
  heard: { onClosed(): void; onOpened(): void },
): LauncherGate {
  let timer: NodeJS.Timeout | null = null
  let isClosed = false
  const probeAfter = (waitMs: number): void => {
    timer = setTimeout(async () => {
      if (!(await isReachable(socketPath))) {
        if (isClosed) probeAfter(Math.min(waitMs * 2, lastProbeMs))
        return
      }
      if (!isClosed) return
      isClosed = false
      heard.onOpened()
    }, waitMs)
  }
  return {
    close() {
      if (isClosed) return
      isClosed = true
      heard.onClosed()
      probeAfter(firstProbeMs)
    },
    stop() {
      isClosed = false
      if (timer !== null) clearTimeout(timer)
    },
  }
}
