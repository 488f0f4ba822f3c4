// What the idle service holds: proportional set size of each process, so that shared pages count once.
import { readdirSync, readFileSync } from 'node:fs'

/** Proportional set size of all processes of one user, bytes. Root alone may read it. */
export function memoryOfUser(uid: number): number {
  let bytes = 0
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    bytes += memoryOfProcess(entry, uid)
  }
  return bytes
}

function memoryOfProcess(pid: string, uid: number): number {
  try {
    const owner = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    if (Number(owner) !== uid) return 0
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(
      readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'),
    )?.[1]
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0 // It ended while we looked.
  }
}
