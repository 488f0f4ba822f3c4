// Out of memory is told by the job's own group: when a group above it has none left, that is not the job's fault, and it is run again.
import t from 'tap'
import { groupsAboveSlots } from '../slot-group.js'
import { accountOf, asRoot, openTenant } from '../stack.js'
import { compiled } from './program.js'

const mebibyte = 1_048_576
const tenant = openTenant('host-memory')
const files = [{ path: 'program', contentBase64: compiled('sandbox/allocate.c'), mode: 0o755 }]
const allocating = (bytes: number) => ({
  ...{ image: 'default', files, command: ['/work/program', String(bytes)] },
  limits: { memoryBytes: 96 * mebibyte },
})

/** The group above all slots, with the names that its version of control groups has. */
function groupOfInstance(): { limit: string; usage: string; stat: string; unlimited: string } {
  const above = groupsAboveSlots()
  for (const group of above) {
    const names = asRoot(['ls', group]).split('\n')
    if (names.includes('memory.limit_in_bytes'))
      return {
        limit: `${group}/memory.limit_in_bytes`,
        usage: `${group}/memory.usage_in_bytes`,
        stat: `${group}/memory.stat`,
        unlimited: '-1',
      }
    if (names.includes('memory.max'))
      return {
        limit: `${group}/memory.max`,
        usage: `${group}/memory.current`,
        stat: `${group}/memory.stat`,
        unlimited: 'max',
      }
  }
  throw new Error(`no memory group in ${above.join(', ')}`)
}

/** Bytes in use that the kernel cannot take back for others: the cached files of jobs before are not among them. */
function heldBytes(usage: string, stat: string): number {
  const lines = asRoot(['cat', stat]).split('\n')
  // On v1 the sums over all groups below are those with `total_`; on v2 all are.
  const isSum = lines.some((line) => line.startsWith('total_')) ? 'total_' : ''
  const cached = lines
    .map((line) => line.split(' '))
    .filter(([name]) => name === `${isSum}inactive_file` || name === `${isSum}active_file`)
    .reduce((sum, [, bytes]) => sum + Number(bytes), 0)
  return Number(asRoot(['cat', usage])) - cached
}

t.test('a group above the job runs out of memory', async (t) => {
  const { limit, usage, stat, unlimited } = groupOfInstance()
  const set = (value: string): string => asRoot(['tee', limit], value)
  const before = await tenant.run(allocating(80 * mebibyte))
  t.equal(before.outcome, 'ok', `control: there is room; ${accountOf(before)}`)
  t.teardown(() => void set(unlimited))
  set(String(heldBytes(usage, stat) + 32 * mebibyte))
  const job = await tenant.run(allocating(80 * mebibyte))
  set(unlimited)
  t.equal(job.outcome, 'sandbox-error', accountOf(job))
  t.equal(job.cause?.stage, 'host-memory')
  t.match(job.cause?.message, /no memory left/)
  t.ok(job.attempts > 1, `it was run again: ${job.attempts} attempts`)
  const over = await tenant.run(allocating(96 * mebibyte))
  t.equal(over.outcome, 'memory-limit', `control: its own limit; ${accountOf(over)}`)
  const after = await tenant.run(allocating(80 * mebibyte))
  t.equal(after.outcome, 'ok', `control: there is room again; ${accountOf(after)}`)
})
