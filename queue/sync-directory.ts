// A new or renamed file is there after a loss of power only when its directory has been written too (fsync(2)).
import { open } from 'node:fs/promises'

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
