// Arguments the profiles look at: each rule asked in the kernel plain and with bits set that the call never sees.
import t from 'tap'
import { type Call, permitted } from '../native/seccomp-tools.js'
import {
  call,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  EPROTONOSUPPORT,
  highBits,
  profileNames,
  verdictsOf,
} from './seccomp-calls.js'

t.test('socket families 0 to 60, plain and with high bits', (t) => {
  for (const high of highBits) {
    const families = Array.from({ length: 61 }, (_, family) => family)
    const asked = families.map((family) => call('socket', BigInt(family) | high, 1, 0))
    const inet = (family: number) => [1, 2, 10].includes(family)
    t.same(
      verdictsOf('default', asked),
      families.map((family) => (inet(family) ? permitted : EAFNOSUPPORT)),
      `default ${high}`,
    )
    for (const name of ['strict', 'build'] as const) {
      const expected = families.map((family) => (family === 1 ? permitted : EAFNOSUPPORT))
      t.same(verdictsOf(name, asked), expected, `${name} ${high}`)
    }
    const pairs = families.map((family) => call('socketpair', BigInt(family) | high, 1, 0))
    const expected = families.map((family) => (family === 1 ? permitted : EAFNOSUPPORT))
    t.same(verdictsOf('default', pairs), expected, `socketpair ${high}`)
  }
  t.end()
})

t.test('socket types and protocols', (t) => {
  const stream = 1
  const datagram = 2
  const rows: [number, number | bigint, number | bigint, number][] = [
    [2, stream, 0, permitted],
    [2, stream, 6, permitted],
    [10, stream | 0x80000 | 0x800, 6, permitted],
    [2, datagram, 17, permitted],
    [10, datagram, 0, permitted],
    [2, stream, 1n << 32n, permitted],
    [2, stream, 17, EPROTONOSUPPORT],
    [2, stream, 1, EPROTONOSUPPORT],
    [2, stream, 2, EPROTONOSUPPORT],
    [2, stream, 10, EPROTONOSUPPORT],
    [2, stream, 262, EPROTONOSUPPORT],
    [2, stream, 262n | (1n << 32n), EPROTONOSUPPORT],
    [10, stream, 132, EPROTONOSUPPORT],
    [2, datagram, 1, EPROTONOSUPPORT],
    [10, datagram, 58, EPROTONOSUPPORT],
    [2, datagram, 136, EPROTONOSUPPORT],
    [2, 3, 6, EPROTONOSUPPORT],
    [2, 3, 255, EPROTONOSUPPORT],
    [2, 10, 0x0300, EPROTONOSUPPORT],
    [2, 3n | (1n << 40n), 0, EPROTONOSUPPORT],
  ]
  const asked = rows.map(([family, type, protocol]) => call('socket', family, type, protocol))
  t.same(
    verdictsOf('default', asked),
    rows.map(([, , , verdict]) => verdict),
  )
  t.end()
})

/** [call, verdict in default]; asked plain and with each kind of high bit in the argument at `index`. */
const narrow: [string, number, bigint[], number][] = [
  ['ioctl', 1, [0n, 0x5412n], EPERM],
  ['ioctl', 1, [0n, 0x541cn], EPERM],
  ['ioctl', 1, [0n, 0x5423n], EPERM],
  ['ioctl', 1, [0n, 0x5401n], permitted],
  ['ioctl', 1, [0n, 0x5413n], permitted],
  ['personality', 0, [0n], permitted],
  ['personality', 0, [0x20008n], permitted],
  ['personality', 0, [0xffffffffn], permitted],
  ['personality', 0, [0x0400000n], EPERM],
  ['personality', 0, [0x0040000n], EPERM],
  ['prctl', 0, [15n], permitted],
  ['prctl', 0, [38n], permitted],
  ['prctl', 0, [0x53564d41n], permitted],
  ['prctl', 0, [35n], EPERM],
  ['prctl', 0, [0x59616d61n], EPERM],
  ['prctl', 0, [59n], EPERM],
  ['prctl', 0, [62n], EPERM],
  ['prctl', 0, [67n], EPERM],
  ['prctl', 0, [24n], EPERM],
  ['prctl', 0, [28n], EPERM],
  ['prctl', 0, [47n, 1n], permitted],
  ['prctl', 0, [47n, 2n], EPERM],
  ['seccomp', 0, [1n, 0n], permitted],
  ['seccomp', 1, [1n, 8n], EPERM],
  ['seccomp', 1, [1n, 1n], EPERM],
  ['seccomp', 1, [1n, 2n], EPERM],
  ['seccomp', 1, [1n, 4n], EPERM],
  ['seccomp', 0, [3n, 0n], EPERM],
  ['clone', 0, [0x3d0f00n], permitted],
  ['clone', 0, [17n], permitted],
  ['mknodat', 2, [0n, 0n, 0o010644n], permitted],
  ['mknodat', 2, [0n, 0n, 0o140644n], permitted],
  ['mknodat', 2, [0n, 0n, 0o020666n], EPERM],
  ['mknodat', 2, [0n, 0n, 0o060666n], EPERM],
  ['setsockopt', 2, [3n, 6n, 1n], permitted],
  ['setsockopt', 2, [3n, 6n, 31n], EPERM],
  ['setsockopt', 2, [3n, 17n, 100n], EPERM],
  ['setsockopt', 2, [3n, 1n, 50n], EPERM],
  ['setsockopt', 1, [3n, 1n, 26n], EPERM],
]

t.test('narrow arguments, plain and with high bits', (t) => {
  const asked = narrow.flatMap(([name, index, values]) =>
    highBits.map((high) =>
      call(name, ...values.map((value, at) => (at === index ? value | high : value))),
    ),
  )
  const expected = narrow.flatMap(([, , , verdict]) => highBits.map(() => verdict))
  t.same(verdictsOf('default', asked), expected)
  t.end()
})

t.test('clone with each namespace flag, alone and among others', (t) => {
  const flags = [
    0x20000n,
    0x2000000n,
    0x4000000n,
    0x8000000n,
    0x10000000n,
    0x20000000n,
    0x40000000n,
  ]
  const asked = flags.flatMap((flag) =>
    highBits.flatMap((high) => [
      call('clone', flag | high),
      call('clone', flag | 0x3d0f00n | high),
    ]),
  )
  for (const name of profileNames) t.same(new Set(verdictsOf(name, asked)), new Set([EPERM]), name)
  t.end()
})

t.test('strict takes more away', (t) => {
  const rows: [Call, number][] = [
    [call('sendto', 3, 0, 0, 1), EPERM],
    [call('sendto', 3, 0, 0, (1n << 32n) | 1n), EPERM],
    [call('sendto', 3, 0, 0, 0x4000), permitted],
    [call('recvmsg', 3, 0, 1), EPERM],
    [call('fcntl', 3, 1024), EPERM],
    [call('fcntl', 3, 1024n | (1n << 32n)), EPERM],
    [call('fcntl', 3, 3), permitted],
    [call('seccomp', 1, 0), EPERM],
    [call('shmget', 0), ENOSYS],
    [call('personality', 0), EPERM],
    [call('personality', 0xffffffff), permitted],
  ]
  t.same(
    verdictsOf(
      'strict',
      rows.map(([asked]) => asked),
    ),
    rows.map(([, verdict]) => verdict),
  )
  t.end()
})
