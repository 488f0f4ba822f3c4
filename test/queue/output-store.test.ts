// Files of large output: whole and checked, or an honest error; nothing half written is ever taken for a result.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { OutputFile } from '../../contract/result.js'
import { newJobId } from '../../queue/job-id.js'
import { openOutputStore } from '../../queue/output-store.js'

const directory = mkdtempSync(join(tmpdir(), 'stockade-outputs-'))
const store = openOutputStore(directory)
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

async function write(jobId: string, pieces: readonly Buffer[]): Promise<OutputFile> {
  const writer = store.create('tenant', jobId)
  for (const piece of pieces) await writer.write(piece)
  return await writer.finish()
}

async function read(jobId: string, file: OutputFile, start = 0, end = file.bytes): Promise<Buffer> {
  const output = await store.open('tenant', jobId, file)
  const pieces: Buffer[] = []
  for await (const piece of output.read(start, end)) pieces.push(piece)
  await output.close()
  return Buffer.concat(pieces)
}

t.test('what is written in pieces is read back exactly, whole and in part', async (t) => {
  const jobId = newJobId()
  const pieces = Array.from({ length: 50 }, (_, at) => randomBytes(at * 1000))
  const whole = Buffer.concat(pieces)
  const file = await write(jobId, pieces)
  t.same(file, { digest: createHash('sha256').update(whole).digest('hex'), bytes: whole.length })
  t.ok((await read(jobId, file)).equals(whole))
  t.ok((await read(jobId, file, 65_535, 131_073)).equals(whole.subarray(65_535, 131_073)))
  t.equal(statSync(join(directory, 'tenant', jobId, file.digest)).mode & 0o007, 0, 'not for others')
  await store.removeJob('tenant', jobId)
  await t.rejects(read(jobId, file), /missing/)
  await store.removeJob('tenant', jobId)
})

t.test('a writer asks to wait when the disk is behind, and only then', async (t) => {
  const writer = store.create('tenant', newJobId())
  t.equal(writer.write(Buffer.alloc(65_536)), null)
  const held = writer.write(Buffer.alloc(2_000_000))
  t.ok(held instanceof Promise)
  await held
  t.equal(writer.write(Buffer.alloc(1)), null)
  t.equal((await writer.finish()).bytes, 2_065_537)
})

t.test('two outputs with the same bytes are one file, and no other job’s', async (t) => {
  const [one, other] = [newJobId(), newJobId()]
  const file = await write(one, [Buffer.from('same')])
  t.same(await write(one, [Buffer.from('same')]), file)
  t.same(await write(other, [Buffer.from('same')]), file)
  await store.removeJob('tenant', one)
  t.equal((await read(other, file)).toString(), 'same')
})

t.test('missing, damaged, shortened, replaced: never read', async (t) => {
  const jobId = newJobId()
  const file = await write(jobId, [Buffer.alloc(100_000, 'a')])
  const path = join(directory, 'tenant', jobId, file.digest)
  writeFileSync(path, Buffer.alloc(100_000, 'b'))
  await t.rejects(store.open('tenant', jobId, file), /damaged/)
  truncateSync(path, 99_999)
  await t.rejects(store.open('tenant', jobId, file), /size/)
  rmSync(path)
  await t.rejects(store.open('tenant', jobId, file), /missing/)
  for (const digest of ['../../x', '', 'A'.repeat(64)])
    await t.rejects(store.open('tenant', jobId, { digest, bytes: 1 }), /not the name/)
  await t.rejects(store.open('../x', jobId, file), /not the name/)
  await t.rejects(store.removeJob('tenant', '../other'), /not the name/)
})

t.test(
  'what is discarded leaves nothing; a store that cannot be written says so at the end',
  async (t) => {
    const jobId = newJobId()
    const writer = store.create('tenant', jobId)
    writer.write(Buffer.alloc(1000))
    await writer.discard()
    t.same(readdirSync(join(directory, 'tenant', jobId)), [])
    writeFileSync(join(directory, 'blocked'), '')
    const blocked = openOutputStore(join(directory, 'blocked')).create('tenant', jobId)
    await blocked.write(Buffer.alloc(3_000_000))
    await t.rejects(blocked.finish(), /ENOTDIR|EEXIST/)
    await blocked.discard()
  },
)
