// Keeps what a process reads from its own machine current: grants, languages, images. All or nothing: the set that is in force is replaced
// by a whole one that loads, or stays. Each process does this for itself; the worker judges by its own.
import type { Logger } from 'pino'
import type { Settings } from '../contract/config.js'
import { type LocalFiles, loadLocalFiles } from './local-files.js'
import { watchUntilSettled } from './settled-directory.js'

export type CurrentFiles = {
  current(): LocalFiles
  /** Whether what lies on the disk is in force now. */
  reload(): Promise<boolean>
  close(): void
}

function revisionsOf(files: LocalFiles): Record<string, string> {
  return Object.fromEntries(Array.from(files.grants, ([name, { revision }]) => [name, revision]))
}

/** On a change of the grant directory, and when told (SIGHUP), all files are read again. `tell` hears of each time how it went. */
export function keepCurrent(
  settings: Settings,
  log: Logger,
  first: LocalFiles,
  tell: (isTaken: boolean) => void,
): CurrentFiles {
  let files = first
  let last: Promise<boolean> = Promise.resolve(true)

  const load = async (): Promise<boolean> => {
    try {
      files = await loadLocalFiles(settings)
      log.info({ grants: revisionsOf(files) }, 'grants and catalogue loaded')
      tell(true)
      return true
    } catch (error) {
      const fault = (error as Error).message
      const { fault: _before, ...inForce } = files
      files = { ...inForce, fault }
      log.error({ error: fault }, 'grants or catalogue do not load; the old ones stay in force')
      tell(false)
      return false
    }
  }
  /** One after the other, so that the last to be asked for is the last to be read. */
  const reload = (): Promise<boolean> => {
    last = last.then(load)
    return last
  }
  const watcher = watchUntilSettled(settings.grantDirectory, async () => {
    await reload()
  })
  return { current: () => files, reload, close: () => watcher.close() }
}
