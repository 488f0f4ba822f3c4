// No new work while the launcher is away: closed by whoever finds it so, opened again when its socket listens.
import { readFile } from 'node:fs/promises'

export type LauncherGate = {
  /** No effect when it is closed already. */
  close(): void
  stop(): void
}

const firstProbeMs = 100
const lastProbeMs = 2000

/** SO_ACCEPTCON in the kernel's list of UNIX sockets: it listens (net/unix/af_unix.c, unix_seq_show). */
const listening = '00010000'

/**
 * Looked up, not tried: each connection costs the launcher a sandbox that waits. A file alone proves nothing, for a launcher that was
 * killed leaves its own behind.
 */
async function isListening(socketPath: string): Promise<boolean> {
  try {
    const sockets = await readFile('/proc/net/unix', 'utf8')
    return sockets
      .split('\n')
      .some((line) => line.endsWith(` ${socketPath}`) && line.split(/\s+/)[3] === listening)
  } catch {
    return false // Nothing is known: asked again, and never given up.
  }
}

export function openLauncherGate(
  socketPath: string,
  heard: { onClosed(): void; onOpened(): void },
): LauncherGate {
  let timer: NodeJS.Timeout | null = null
  let isClosed = false
  const probeAfter = (waitMs: number): void => {
    timer = setTimeout(async () => {
      if (!(await isListening(socketPath))) {
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
