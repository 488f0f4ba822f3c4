// The launcher's command line (options.c): what is understood, each option at its bounds, and what is missing.
import t from 'tap'
import { answers, buildLauncherTests, words } from './launcher-tools.js'

buildLauncherTests('drivers')

const options: readonly (readonly [string, string])[] = [
  ['--instance', 'test-1'],
  ['--slots', '4'],
  ['--socket', '/run/test/launcher.sock'],
  ['--peer-uid', '1000'],
  ['--slots-dir', '/run/test/slots'],
  ['--base-ids', '65536'],
  ['--ids-per-slot', '65536'],
  ['--cgroup-root', 'v2:/sys/fs/cgroup/test'],
  ['--waiting-slots', '2'],
  ['--waiting-room-bytes', '1048576'],
]
const line = (all: readonly (readonly [string, string])[]): Buffer =>
  words('launcher', ...all.flat())
const changed = (name: string, value: string): Buffer =>
  line(options.map((one) => (one[0] === name ? [name, value] : one)))

t.test('the command line', (t) => {
  const understood = {
    instance: 'test-1',
    socket: '/run/test/launcher.sock',
    slotsDir: '/run/test/slots',
    slots: 4,
    peers: 1,
    lastPeer: 1000,
    cgroupRoots: 1,
    baseIds: 65536,
    idsPerSlot: 65536,
    waitingSlots: 2,
    waitingRoomBytes: 1_048_576,
    inner: 0,
  }
  const inner = [...options, ['--host-namespaces', '1,2,3,4,5,6,7,8'], ['--inner', '3']] as const
  t.same(answers('options', [line(options), line(inner)]), [
    understood,
    { ...understood, inner: 3 },
  ])
  for (const [name] of options) {
    const [without] = answers('options', [line(options.filter((one) => one[0] !== name))])
    t.same(without, { fault: 'an option is missing' }, `without ${name}`)
  }
  const alone = [inner.slice(0, -1), [...options, ['--inner', '3']] as const]
  t.same(
    answers('options', alone.map(line)),
    alone.map(() => ({ fault: 'an option is missing' })),
    'the two of the inner process come together: it reads the one without looking for it',
  )
  t.end()
})

t.test('every option at its bounds', (t) => {
  const tries: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['--instance', ['a', 'a'.repeat(32)], ['', 'A', 'a b', 'a'.repeat(33)]],
    ['--slots', ['1', '4096'], ['0', '4097', 'x', '']],
    ['--socket', [`/${'a'.repeat(98)}`], [`/${'a'.repeat(99)}`, 'a', '/', '/a/../b']],
    ['--peer-uid', ['0', '4294967294'], ['4294967295', '-1', '']],
    ['--slots-dir', ['/a'], ['/', 'a', '/a/', '']],
    ['--base-ids', ['1', '4294967295'], ['0', '4294967296']],
    ['--ids-per-slot', ['65535', '4294967295'], ['65534', '4294967296']],
    ['--waiting-slots', ['0', '4096'], ['4097', '-1', '']],
    ['--waiting-room-bytes', ['0', '9007199254740991'], ['9007199254740992', '1k', '']],
  ]
  for (const [name, right, wrong] of tries) {
    const taken = answers(
      'options',
      right.map((value) => changed(name, value)),
    )
    t.notOk(
      taken.some((answer) => 'fault' in (answer as object)),
      `${name}: ${right.join(' ')}`,
    )
    const faults = answers(
      'options',
      wrong.map((value) => changed(name, value)),
    )
    t.same(
      faults,
      wrong.map(() => ({ fault: name })),
      `${name}: not ${wrong.join(' ')}`,
    )
  }
  const more: readonly (readonly [string, string])[] = [
    ['--inner', '2'],
    ['--inner', '1001'],
    ['--host-namespaces', '1;2'],
    ['--unknown', 'x'],
    ['', ''],
  ]
  t.same(
    answers(
      'options',
      more.map((one) => line([...options, one])),
    ),
    more.map(([name]) => ({ fault: name })),
  )
  const noValue = words('launcher', ...options.flat(), '--slots')
  t.same(answers('options', [noValue, words('launcher'), Buffer.alloc(0)]), [
    { fault: '--slots' },
    { fault: 'an option is missing' },
    { fault: 'an option is missing' },
  ])
  t.end()
})

t.test('lists of options are full at sixteen', (t) => {
  for (const [name, value] of [
    ['--peer-uid', '7'],
    ['--cgroup-root', 'cpu:/a'],
  ] as const) {
    const filled = (count: number): Buffer =>
      line([...options, ...Array.from({ length: count }, () => [name, value] as const)])
    const [sixteen, seventeen] = answers('options', [filled(15), filled(16)])
    t.notMatch(sixteen, { fault: String })
    t.same(seventeen, { fault: name })
  }
  t.end()
})
