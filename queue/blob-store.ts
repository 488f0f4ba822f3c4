// The content-addressed store of what is too large for Redis: a local directory, a folder for each tenant.
// Blobs are sealed before they come here. Few calls, so that another store can stand behind them later.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory } from './sync-directory.js'

export type BlobStore = {
  /** Stores bytes and returns their SHA-256, hexadecimal. Durable when it resolves. */
  put(tenant: string, bytes: Buffer): Promise<string>
  /** @throws BlobError when it is missing or not what its name says. */
  get(tenant: string, digest: string): Promise<Buffer>
  has(tenant: string, digest: string): Promise<boolean>
  /** Bytes; null when it is missing. @throws BlobError */
  size(tenant: string, digest: string): Promise<number | null>
  /** No error when it is gone already. */
  remove(tenant: string, digest: string): Promise<void>
}

export class BlobError extends Error {}

const digestPattern = /^[0-9a-f]{64}$/
const tenantPattern = /^[a-z][a-z0-9-]{0,62}$/

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`
  const file = await open(partial, 'wx', 0o640)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partial, path)
  await syncDirectory(dirname(path))
}

export function openBlobStore(directory: string): BlobStore {
  const pathOf = (tenant: string, digest: string): string => {
    if (!tenantPattern.test(tenant) || !digestPattern.test(digest))
      throw new BlobError('not the name of a blob')
    return join(directory, tenant, digest)
  }
  return {
    async put(tenant, bytes) {
      const digest = createHash('sha256').update(bytes).digest('hex')
      const path = pathOf(tenant, digest)
      // The group may look in, and is inherited from the store (set-group-id). Set here by chmod it would be refused under systemd
      // (RestrictSUIDSGID), and a chmod without it would take it away.
      await mkdir(join(directory, tenant), { recursive: true, mode: 0o750 })
      await writeDurably(path, bytes)
      return digest
    },
    async get(tenant, digest) {
      const bytes = await readFile(pathOf(tenant, digest)).catch(() => {
        throw new BlobError('the blob is missing')
      })
      if (createHash('sha256').update(bytes).digest('hex') !== digest)
        throw new BlobError('the blob is damaged')
      return bytes
    },
    async has(tenant, digest) {
      return (await stat(pathOf(tenant, digest)).catch(() => null)) !== null
    },
    async size(tenant, digest) {
      return (await stat(pathOf(tenant, digest)).catch(() => null))?.size ?? null
    },
    async remove(tenant, digest) {
      await unlink(pathOf(tenant, digest)).catch(() => undefined)
    },
  }
}
