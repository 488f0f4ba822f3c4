// When a limit was hit that ends nothing: the program goes on, and the result says when it was seen. The bounds are the program's own: it rests
// before, so it cannot have been sooner, and for so long after that a look came in between, however busy the machine is.
import t, { type Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, openTenant } from '../stack.js'
import { compiled } from './program.js'

const tenant = openTenant('limit-time')
const mebibyte = 1_048_576
const files = [{ path: 'program', contentBase64: compiled('sandbox/end.c'), mode: 0o755 }]
const before = 400
const after = 4000

async function run(words: readonly (string | number)[], limits: JobSpec['limits']): Promise<Job> {
  const command = ['/work/program', ...words.map(String)]
  return tenant.run({ image: 'default', command, files, limits: { wallMs: 60_000, ...limits } })
}

/** Seen no sooner than `least` and long before the end. */
function isWithin(t: Test, job: Job, least: number): void {
  const at = job.cause?.atMs ?? -1
  const end = job.usage?.wallMs ?? 0
  t.ok(at >= least, `at ${at} ms, not before ${least}; ${accountOf(job)}`)
  t.ok(at < end - after / 2, `at ${at} ms, of ${end}`)
}

t.test('a full disk: since when, and the last look at which it was not', async (t) => {
  const words = ['sleep', before, 'try-fill', 64 * mebibyte, 'sleep', after, 'exit', 1]
  const job = await run(words, { diskBytes: 4 * mebibyte })
  t.match(job, { outcome: 'disk-limit', cause: { limit: 'diskBytes', limitValue: 4 * mebibyte } })
  isWithin(t, job, before)
  const [, seen, room] = /seen ([\d.]+) ms .* not yet after ([\d.]+) ms/.exec(
    job.cause?.message ?? '',
  ) ?? ['', '', '']
  t.equal(Number(seen), job.cause?.atMs, accountOf(job))
  t.ok(Number(room) > 0 && Number(room) < Number(seen), `there was room after ${room} ms`)
})

t.test('a disk that was full, had room again, and is full at the end: the last time', async (t) => {
  const full = ['try-fill', 64 * mebibyte]
  const words = [...full, 'sleep', before, 'remove', 'filled', 'sleep', before, ...full]
  const job = await run([...words, 'sleep', after, 'exit', 1], { diskBytes: 4 * mebibyte })
  t.match(job, { outcome: 'disk-limit', cause: { limit: 'diskBytes' } })
  isWithin(t, job, 2 * before)
})

t.test('a refused process: when the kernel had first refused one', async (t) => {
  const words = ['sleep', before, 'try-breed', 8, 'sleep', after, 'try-breed', 9, 'exit', 1]
  const job = await run(words, { processes: 8 })
  t.match(job, { outcome: 'process-limit', cause: { limit: 'processes', limitValue: 8 } })
  isWithin(t, job, before)
})

t.test('a program that ends before anybody looked: its end is when', async (t) => {
  const limits = { diskBytes: 4 * mebibyte, fileBytes: 4 * mebibyte }
  const job = await run(['fill', 8 * mebibyte], limits)
  t.match(job, { outcome: 'disk-limit', cause: { limit: 'diskBytes' } })
  const at = job.cause?.atMs ?? -1
  t.ok(at > 0 && at <= (job.usage?.wallMs ?? 0), `at ${at} ms of ${job.usage?.wallMs}`)
})
