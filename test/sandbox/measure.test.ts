// Figures: processor time beside the kernel's own clock of the program, peak memory of a known allocator, wall time.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import { accountOf, openTenant } from '../stack.js'
import { compiled } from './program.js'

const tenant = openTenant('sandbox-measure')
const mebibyte = 1_048_576

const job = (base64: string, value: number, limits: JobSpec['limits'] = {}): JobSpec => ({
  image: 'default',
  command: ['/work/program', String(value)],
  files: [{ path: 'program', contentBase64: base64, mode: 0o755 }],
  limits,
})

t.test('processor time of a 300 ms spinner: within 10 ms or 3 % in 95 of 100 runs', async (t) => {
  const program = compiled('sandbox/spin.c')
  const off: number[] = []
  for (let run = 0; run < 100; run++) {
    const { outcome, stdout, usage, ...rest } = await tenant.run(job(program, 300))
    if (outcome !== 'ok') t.fail(accountOf({ outcome, stdout, usage, ...rest }))
    off.push((usage?.cpuMs ?? Number.POSITIVE_INFINITY) - Number(stdout))
  }
  const sorted = off.map(Math.abs).sort((one, other) => one - other)
  const within = sorted.filter((difference) => difference <= 10).length
  t.comment(
    `off by ${sorted[50]?.toFixed(2)} ms in the middle, ${sorted[94]?.toFixed(2)} ms in the 95th, ${sorted[99]?.toFixed(2)} ms at worst`,
  )
  t.ok(within >= 95, `${within} of 100 within 10 ms`)
})

t.test(
  'peak memory of a known allocator: within 512 KiB in 95 of 100 runs, within 1 MiB in all',
  async (t) => {
    const program = compiled('sandbox/allocate.c')
    const off: number[] = []
    for (const mebibytes of [1, 8, 32, 128]) {
      for (let run = 0; run < 25; run++) {
        const done = await tenant.run(job(program, mebibytes * mebibyte))
        if (done.outcome !== 'ok') t.fail(accountOf(done))
        off.push((done.usage?.memoryPeakBytes ?? Number.POSITIVE_INFINITY) - mebibytes * mebibyte)
      }
    }
    t.comment(`off by ${off.map((bytes) => Math.round(bytes / 1024)).join(', ')} KiB`)
    const within = off.filter((bytes) => Math.abs(bytes) <= 512 * 1024).length
    t.ok(within >= 95, `${within} of ${off.length} within 512 KiB`)
    t.ok(
      off.every((bytes) => Math.abs(bytes) <= mebibyte),
      'all within 1 MiB',
    )
  },
)

t.test('the memory limit is where it is said to be', async (t) => {
  const program = compiled('sandbox/allocate.c')
  const limits = { memoryBytes: 64 * mebibyte }
  const below = await tenant.run(job(program, 62 * mebibyte, limits))
  t.equal(below.outcome, 'ok', `62 of 64 MiB; ${accountOf(below)}`)
  const above = await tenant.run(job(program, 64 * mebibyte, limits))
  t.equal(
    above.outcome,
    'memory-limit',
    `64 of 64 MiB, and the program itself; ${accountOf(above)}`,
  )
  t.equal(above.cause?.limitValue, limits.memoryBytes)
  t.ok(
    (above.usage?.memoryPeakBytes ?? Number.POSITIVE_INFINITY) <= limits.memoryBytes,
    'the kernel let it have no more',
  )
})

t.test(
  'wall time is the program’s own: it holds the sleep, and no queue, set-up or compilation',
  async (t) => {
    const done = await tenant.run({
      language: 'c',
      source: '#include <unistd.h>\nint main(void) { usleep(200000); return 0; }',
    })
    const run = done.steps.find((step) => step.name === 'run')
    t.ok((run?.usage.wallMs ?? 0) >= 200, JSON.stringify(run?.usage))
    t.ok((run?.usage.cpuMs ?? Number.POSITIVE_INFINITY) < 100, 'sleeping is not working')
  },
)
