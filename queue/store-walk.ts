// A slow walk through a store of two levels (a folder for each tenant, an entry for each thing), some entries a turn: whatever a death
// left there is found in the end, and no turn reads a whole disk.
import type { Dirent } from 'node:fs'
import { opendir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type StoreEntry = {
  readonly tenant: string
  readonly name: string
  readonly modifiedAtMs: number
}

async function* walk(directory: string): AsyncGenerator<StoreEntry> {
  const tenants = await readdir(directory, { withFileTypes: true }).catch((): Dirent[] => [])
  for (const { name: tenant } of tenants.filter((entry) => entry.isDirectory())) {
    const folder = await opendir(join(directory, tenant)).catch(() => null)
    if (folder === null) continue
    for await (const { name } of folder) {
      const found = await stat(join(directory, tenant, name)).catch(() => null)
      if (found !== null) yield { tenant, name, modifiedAtMs: found.mtimeMs }
    }
  }
}

/** Gives the next `count` entries, fewer at the end of the store; after that it begins again. */
export function openStoreWalk(directory: string): (count: number) => Promise<StoreEntry[]> {
  let entries = walk(directory)
  return async (count) => {
    const found: StoreEntry[] = []
    while (found.length < count) {
      const { value, done } = await entries.next()
      if (done === true) {
        entries = walk(directory)
        break
      }
      found.push(value)
    }
    return found
  }
}
