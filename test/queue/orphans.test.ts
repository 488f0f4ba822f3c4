// Files that no record names are found and removed; what a job still needs is not, however old.
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBlobStore } from '../../queue/blob-store.js'
import { newJobId } from '../../queue/job-id.js'
import { openBlobSweep } from '../../queue/orphan-blobs.js'
import { openOutputSweep } from '../../queue/orphan-outputs.js'
import { okResult } from '../api/run-result.js'
import { accept, openLiveQueue } from './live-queue.js'

const live = await openLiveQueue()
const api = await live.openApi({ slots: 1 })
const worker = await live.openWorker(undefined, { slots: 1 })
t.teardown(() => live.close())
const { blobDirectory, outputDirectory } = live.settings('api')
const large = 'x'.repeat(200_000)

function age(path: string): void {
  const before = Date.now() / 1000 - 7200
  utimesSync(path, before, before)
}

/** Turns until the whole store has been walked through, and once more. */
async function walkThrough(turn: () => Promise<number>): Promise<void> {
  for (let at = 0; at < 6; at++) await turn()
}

t.test('blobs: an orphan and a half-written one go, those of living jobs stay', async (t) => {
  const blobs = openBlobStore(blobDirectory)
  const limits = { source: large, runningJobs: 2 }
  const running = await accept(api, 'mine', limits)
  await worker.start(running)
  await accept(api, 'mine', limits)
  await accept(api, 'mine', limits)
  const deadly = await accept(api, 'mine', { ...limits, runningJobs: 9 })
  for (let turn = 0; turn < 3; turn++) await worker.start(deadly)
  const folder = join(blobDirectory, 'mine')
  const living = readdirSync(folder).sort()
  t.equal(living.length, 4)
  const orphan = await blobs.put('mine', Buffer.from('of a job that was never admitted'))
  const young = await blobs.put('mine', Buffer.from('of a job that is being admitted'))
  writeFileSync(join(folder, `${orphan}.0123.partial`), 'half')
  writeFileSync(join(folder, 'README'), 'not ours')
  for (const name of readdirSync(folder)) if (name !== young) age(join(folder, name))
  await walkThrough(openBlobSweep(live.look, blobDirectory, blobs))
  t.same(readdirSync(folder).sort(), [...living, young, 'README'].sort())
})

t.test('outputs: without a record they go; of a job that runs nothing does', async (t) => {
  const { outputs } = worker
  const write = async (id: string): Promise<void> => {
    const writer = outputs.create('mine', id)
    writer.write(Buffer.alloc(20_000))
    await writer.finish()
  }
  const [running, ended, unknown] = [await accept(api, 'out'), await accept(api, 'out'), newJobId()]
  for (const id of [running, ended, unknown]) {
    await write(id)
    writeFileSync(join(outputDirectory, 'mine', id, '0123.partial'), 'half')
    age(join(outputDirectory, 'mine', id))
  }
  const started = await worker.start(running)
  t.equal(started.kind, 'run')
  const other = await worker.start(ended)
  if (other.kind === 'run') await worker.commit(ended, other.attempt, okResult)
  mkdirSync(join(outputDirectory, 'mine', 'lost+found'))
  age(join(outputDirectory, 'mine', 'lost+found'))
  await walkThrough(openOutputSweep(live.look, outputDirectory, outputs))
  t.notOk(existsSync(join(outputDirectory, 'mine', unknown)))
  t.equal(readdirSync(join(outputDirectory, 'mine', running)).length, 2)
  t.equal(readdirSync(join(outputDirectory, 'mine', ended)).length, 1, 'only the whole file')
  t.ok(existsSync(join(outputDirectory, 'mine', 'lost+found')), 'what is not ours stays')
})
