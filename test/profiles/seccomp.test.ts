// The shipped profiles in the kernel, call by call: against the document, a golden table, and a control run.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { actionOf, evaluate } from '../native/seccomp-model.js'
import {
  type Call,
  compiled,
  permitted,
  probeOnce,
  realCalls,
  repository,
} from '../native/seccomp-tools.js'
import {
  allOnes,
  architecture,
  call,
  document,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  entriesOf,
  filterOf,
  numbers,
  profileNames,
  verdictsOf,
} from './seccomp-calls.js'

t.test('every entry gives its reason', (t) => {
  for (const name of profileNames) {
    const profile = document(name)
    t.ok(profile.why, name)
    const silent = (profile.syscalls ?? []).filter((entry) => (entry.why ?? '').length < 8)
    t.same(silent, [], name)
  }
  t.end()
})

t.test('each profile compiles for both architectures, small enough to be fast', (t) => {
  for (const name of profileNames) t.ok(compiled(name).instructions < 1024, name)
  t.end()
})

t.test('the kernel agrees with the document on each named call', (t) => {
  for (const name of profileNames) {
    const entries = entriesOf(name)
    const asked = [...numbers]
      .filter(([callName]) => !['write', 'exit_group'].includes(callName))
      .flatMap(([callName, number]) =>
        [0n, allOnes, 1n << 32n].map((fill) => ({
          callName,
          number,
          arguments: Array(6).fill(fill),
        })),
      )
    const said = asked.map((one) => {
      const action = evaluate(entries, actionOf('SCMP_ACT_ERRNO', ENOSYS), one.callName, one)
      return action === actionOf('SCMP_ACT_ALLOW', null) ? permitted : action & 0xffff
    })
    t.same(verdictsOf(name, asked), said, name)
  }
  t.end()
})

t.test(
  'calls 0 to 600 with hopeless arguments, against the golden table',
  { skip: architecture === 'x86_64' ? false : 'the table is of x86_64' },
  (t) => {
    const file = join(repository, 'test', 'profiles', 'seccomp.golden.json')
    const names = new Map([...numbers].map(([name, number]) => [number, name]))
    // uretprobe and uprobe pass every filter by the kernel's own rule, and kill any caller but a trampoline.
    const unfiltered = [335, 336]
    const asked = Array.from({ length: 601 }, (_, number) => ({
      number,
      arguments: Array(6).fill(allOnes),
    })).filter(({ number }) => !unfiltered.includes(number))
    const words = new Map([
      [permitted, 'permitted'],
      [EPERM, 'EPERM'],
      [EAFNOSUPPORT, 'EAFNOSUPPORT'],
    ])
    const table = Object.fromEntries(
      profileNames.map((name) => {
        const answers = verdictsOf(name, asked)
        // ENOSYS is the default and left out: a number that is missing from the table must answer it.
        const rows = answers.flatMap((answer, at) => {
          const number = asked[at]?.number ?? -1
          const word = words.get(answer) ?? `errno ${answer}`
          return answer === ENOSYS ? [] : [[names.get(number) ?? String(number), word]]
        })
        return [name, Object.fromEntries(rows)]
      }),
    )
    if (process.env.STOCKADE_TEST_GOLDEN === 'write')
      writeFileSync(file, `${JSON.stringify(table, null, 2)}\n`)
    t.same(table, JSON.parse(readFileSync(file, 'utf8')))
    t.end()
  },
)

/** Calls made for real, and what they do where no filter is: the control shows that each could do something. */
const live: { name: string; call: () => Call; control: RegExp; filtered: string }[] = [
  {
    name: 'netlink socket',
    call: () => call('socket', 16, 3, 0),
    control: /^result/,
    filtered: 'errno 97',
  },
  {
    name: 'netlink socket, high bit',
    call: () => call('socket', 16n | (1n << 32n), 3, 0),
    control: /^result/,
    filtered: 'errno 97',
  },
  {
    name: 'io_uring',
    call: () => call('io_uring_setup', 1, 1),
    control: /^errno 14/,
    filtered: 'errno 38',
  },
  {
    name: 'keyring',
    call: () => call('keyctl', 0, allOnes, 1),
    control: /^result/,
    filtered: 'errno 38',
  },
  { name: 'trace me', call: () => call('ptrace', 0), control: /^result/, filtered: 'errno 1' },
  {
    name: 'user namespace',
    call: () => call('unshare', 0x10000000),
    control: /^result/,
    filtered: 'errno 1',
  },
  { name: 'clone3', call: () => call('clone3', 1, 64), control: /^errno 14/, filtered: 'errno 38' },
  {
    name: 'mount',
    call: () => call('mount', 1, 1, 1, 0, 0),
    control: /^errno 14/,
    filtered: 'errno 1',
  },
  { name: 'chroot', call: () => call('chroot', 1), control: /^errno 14/, filtered: 'errno 1' },
  {
    name: 'personality',
    call: () => call('personality', 0x0400000),
    control: /^result/,
    filtered: 'errno 1',
  },
  {
    name: 'personality, high bit',
    call: () => call('personality', 0x0400000n | (1n << 32n)),
    control: /^result/,
    filtered: 'errno 1',
  },
  {
    name: 'TIOCSTI',
    call: () => call('ioctl', 1000, 0x5412, 1),
    control: /^errno 9/,
    filtered: 'errno 1',
  },
  {
    name: 'TIOCSTI, high bit',
    call: () => call('ioctl', 1000, 0x5412n | (1n << 32n), 1),
    control: /^errno 9/,
    filtered: 'errno 1',
  },
  {
    name: 'file handle',
    call: () => call('name_to_handle_at', 0, 1, 1, 1, 0),
    control: /^errno 14/,
    filtered: 'errno 1',
  },
  {
    name: 'merging memory with others',
    call: () => call('prctl', 67, 0),
    control: /^result/,
    filtered: 'errno 1',
  },
  { name: 'a job’s own wish', call: () => call('getpid'), control: /^result/, filtered: 'result' },
]

t.test('calls made for real, with and without the filter', (t) => {
  const asked = live.map((row) => row.call())
  const control = realCalls('-', asked)
  const filtered = realCalls(filterOf('default'), asked)
  live.forEach((row, at) => {
    t.match(control[at], row.control, `${row.name}: control`)
    t.equal(filtered[at], row.filtered, row.name)
  })
  t.end()
})

t.test(
  'the 32-bit door',
  { skip: architecture === 'x86_64' ? false : 'only x86_64 has int 0x80' },
  (t) => {
    t.equal(probeOnce('-', 'foreign'), 'result', 'control: it is open on this kernel')
    for (const name of profileNames)
      t.equal(probeOnce(filterOf(name), 'foreign'), 'signal 31', name)
    t.end()
  },
)

t.test(
  'x32 numbers are killed',
  { skip: architecture === 'x86_64' ? false : 'x32 is of x86_64' },
  (t) => {
    const asked = [{ number: 0x40000000 + 39, arguments: [] }]
    t.same(realCalls('-', asked), ['errno 38'], 'control: the kernel itself has no x32')
    t.same(realCalls(filterOf('default'), asked), ['signal 31'])
    t.end()
  },
)

t.test('clone3 answers ENOSYS and threads work', (t) => {
  t.equal(probeOnce('-', 'threads'), 'clone3 22 thread ok', 'control')
  for (const name of profileNames) {
    t.equal(probeOnce(filterOf(name), 'threads'), 'clone3 38 thread ok', name)
  }
  t.end()
})
