// Which compares a condition becomes: narrow arguments masked, unknown ones in the stricter of both readings.
import t from 'tap'
import type { SeccompArgument } from '../../contract/profile.js'
import { combine, compareFault, widen } from '../../native/seccomp-compare.js'
import { argumentBits } from '../../native/seccomp-width.js'

const low = 0xffffffffn
const full = (1n << 64n) - 1n
const eq = (index: number, value: number): SeccompArgument => ({ index, value, op: 'SCMP_CMP_EQ' })

t.test('widths that matter most', (t) => {
  t.equal(argumentBits('socket', 0), 32)
  t.equal(argumentBits('ioctl', 1), 32)
  t.equal(argumentBits('ioctl', 2), undefined)
  t.equal(argumentBits('clone', 0), 32, 'the kernel keeps the low half of an unsigned long')
  t.equal(argumentBits('mknodat', 2), 16, 'umode_t')
  t.equal(argumentBits('mmap', 1), undefined)
  t.equal(argumentBits('no_such_call', 0), undefined)
  t.equal(argumentBits('constructor', 0), undefined)
  t.end()
})

t.test('a narrow argument is compared in its own bits', (t) => {
  t.same(widen('socket', eq(0, 38), true), [[{ index: 0, operator: 4, mask: low, value: 38n }]])
  t.same(widen('fchmod', eq(1, 0o755), false), [
    [{ index: 1, operator: 4, mask: 0xffffn, value: 0o755n }],
  ])
  const masked = { index: 0, value: 2 ** 40 + 6, valueTwo: 2, op: 'SCMP_CMP_MASKED_EQ' } as const
  t.same(widen('socket', masked, true), [[{ index: 0, operator: 4, mask: 6n, value: 2n }]])
  t.end()
})

t.test('an unknown width: permits need both readings, refusals either', (t) => {
  const wide = { index: 0, operator: 4, mask: full, value: 7n }
  const narrow = { index: 0, operator: 4, mask: low, value: 7n }
  t.same(widen('keyctl2', eq(0, 7), true), [[wide, narrow]])
  t.same(widen('keyctl2', eq(0, 7), false), [[wide], [narrow]])
  t.same(widen('keyctl2', eq(0, 2 ** 40), false), [[{ ...wide, value: 2n ** 40n }]])
  t.end()
})

t.test('several arguments: every combination', (t) => {
  t.same(combine([]), [[]])
  const rows = combine([widen('x', eq(0, 1), false), widen('x', eq(1, 2), false)])
  t.equal(rows.length, 4)
  t.ok(rows.every((row) => row.length === 2))
  t.end()
})

t.test('compares that mean nothing are faults', (t) => {
  t.equal(compareFault('socket', eq(0, 38)), undefined, 'control')
  t.match(compareFault('socket', eq(0, 2 ** 32)), /does not fit/)
  t.match(compareFault('fchmod', eq(1, 65536)), /does not fit/)
  t.match(compareFault('kill', { index: 0, value: 0, op: 'SCMP_CMP_LT' }), /less than 0/)
  t.match(compareFault('kill', { index: 0, value: 0xffffffff, op: 'SCMP_CMP_GT' }), /greater/)
  t.match(compareFault('clone', { index: 0, value: 0, op: 'SCMP_CMP_MASKED_EQ' }), /no bit/)
  t.match(
    compareFault('clone', { index: 0, value: 1, valueTwo: 2, op: 'SCMP_CMP_MASKED_EQ' }),
    /outside the mask/,
  )
  t.end()
})
