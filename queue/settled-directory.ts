// Tells when a directory has changed and come to rest. Editors write a file in several steps, `kubectl` swaps a link, `rsync` writes many
// files: whoever reads in between reads half of it. inotify (fs.watch) says that something happens; equal looks say that it is over.
import { type FSWatcher, watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Nothing may have happened for so long, milliseconds. */
const restMs = 200
/** A directory that cannot be watched, because it is being replaced, is tried again after so long, milliseconds. */
const retryMs = 1000
/** One that never rests is read all the same after so many looks. */
const looksMax = 50

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms).unref())

/** Equal for equal content, as far as names, inodes, sizes and times tell; `gone` where it cannot be read. Links are followed. */
async function look(directory: string): Promise<string> {
  try {
    const { ino } = await stat(directory)
    const names = (await readdir(directory)).sort()
    const entries = await Promise.all(
      names.map(async (name) => {
        const at = await stat(join(directory, name), { bigint: true }).catch(() => null)
        return `${name} ${at?.ino} ${at?.size} ${at?.mtimeNs} ${at?.ctimeNs}`
      }),
    )
    return `${ino}\n${entries.join('\n')}`
  } catch {
    return 'gone'
  }
}

async function untilAtRest(directory: string): Promise<void> {
  let before = await look(directory)
  for (let looks = 0; looks < looksMax; looks += 1) {
    await delay(restMs)
    const now = await look(directory)
    if (now === before) return
    before = now
  }
}

/**
 * Calls `settled` after each change, once it has come to rest; never two at a time. A directory that is replaced as a whole is followed
 * by its name, not by its inode.
 */
export function watchUntilSettled(
  directory: string,
  settled: () => Promise<void>,
): { close(): void } {
  let watcher: FSWatcher | null = null
  let isClosed = false
  let isBusy = false
  let isChanged = false

  const open = (): void => {
    watcher?.close()
    watcher = null
    if (isClosed) return
    try {
      watcher = watch(directory, { persistent: false }, changed)
      watcher.on('error', retry)
    } catch {
      retry()
    }
  }
  const retry = (): void => {
    watcher?.close()
    watcher = null
    setTimeout(() => {
      open()
      changed()
    }, retryMs).unref()
  }
  const follow = async (): Promise<void> => {
    isBusy = true
    while (isChanged && !isClosed) {
      await untilAtRest(directory)
      // The name may stand for another directory by now. What changes from here on is heard of by the new watch.
      open()
      isChanged = false
      if (!isClosed) await settled()
    }
    isBusy = false
  }
  const changed = (): void => {
    isChanged = true
    if (!isBusy && !isClosed) void follow()
  }
  open()
  return {
    close() {
      isClosed = true
      watcher?.close()
    },
  }
}
