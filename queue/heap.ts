// Whether the heap of this process is large enough for the largest body that its settings let in: said at the start, and not by the
// end of the process under the first such job.
import { getHeapStatistics } from 'node:v8'
import { type Settings, SettingsError } from '../contract/config.js'

/**
 * Reading a body takes up to four times its size of the heap (its text and its values, two bytes a character), in the api as in the
 * worker; as much again is for everything else. `ops/services.sh` starts both with that much.
 */
const heapFactor = 8
const mebibyte = 1_048_576

/** @throws SettingsError */
export function refuseSmallHeap(
  { bodyBytesMax }: Pick<Settings, 'bodyBytesMax'>,
  heapBytes = getHeapStatistics().heap_size_limit,
): void {
  const needed = heapFactor * bodyBytesMax
  if (heapBytes >= needed) return
  const [has, wants] = [Math.floor(heapBytes / mebibyte), Math.ceil(needed / mebibyte)]
  throw new SettingsError(
    `settings: bodyBytesMax of ${bodyBytesMax} wants a heap of ${wants} MiB, and there are ${has}: start node with --max-old-space-size=${wants}`,
  )
}
