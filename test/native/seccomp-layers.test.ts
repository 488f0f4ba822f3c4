// The compiled program means what the profile says: two independent readings agree on many thousand calls.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { SeccompArgument, SeccompEntry, SeccompProfile } from '../../contract/profile.js'
import { compileSeccomp } from '../../native/seccomp.js'
import type { Architecture } from '../../native/seccomp-addon.js'
import { actionOf, evaluate, flatten, interpret, numbersOf } from './seccomp-model.js'
import { buildTools, type Call, profilesFolder } from './seccomp-tools.js'

buildTools()

const architectures: readonly Architecture[] = ['x86_64', 'aarch64']
const launcher = {
  names: ['read', 'write', 'execve', 'exit_group'],
  action: 'SCMP_ACT_ALLOW',
} as const

/** A small generator with a fixed seed: the same calls in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const noise = [0n, 1n, 1n << 32n, 1n << 63n, 0xffffffffn, (1n << 64n) - 1n, 1n << 16n, 1n << 31n]

/** Values near those that the entries of a call compare with, high bits and single flipped bits included. */
function valueNear(entries: readonly SeccompEntry[], index: number, random: (n: number) => number) {
  const named = entries.flatMap((entry) =>
    (entry.args ?? [])
      .filter((argument) => argument.index === index)
      .flatMap((argument) => [BigInt(argument.value), BigInt(argument.valueTwo ?? 0)]),
  )
  const base = [...named, ...noise][random(named.length + noise.length)] ?? 0n
  const shape = random(6)
  if (shape === 0) return base ^ (1n << BigInt(random(64)))
  if (shape === 1) return base + 1n
  if (shape === 2) return base - 1n
  if (shape === 3) return base | (1n << BigInt(32 + random(32)))
  return base
}

function disagreements(
  entries: readonly SeccompEntry[],
  defaultAction: number,
  program: Buffer,
  architecture: Architecture,
  rounds: number,
): string[] {
  const random = generator(7)
  const names = new Set(entries.flatMap((entry) => entry.names ?? []))
  const found: string[] = []
  for (const [name, number] of numbersOf(names, architecture)) {
    const mine = entries.filter((entry) => entry.names?.includes(name))
    const conditional = mine.some((entry) => (entry.args ?? []).length > 0)
    for (let round = 0; round < (conditional ? rounds : 3); round += 1) {
      const values = [0, 1, 2, 3, 4, 5].map((index) => valueNear(mine, index, random))
      const call: Call = { number, arguments: values }
      const said = evaluate(entries, defaultAction, name, call)
      const done = interpret(program, architecture, call)
      if (said !== done) found.push(`${name} ${values.join(',')}: ${said} but ${done}`)
    }
  }
  return found
}

const load = (name: string): SeccompProfile =>
  JSON.parse(readFileSync(join(profilesFolder, 'seccomp', `${name}.json`), 'utf8'))

for (const architecture of architectures) {
  for (const name of ['default', 'strict', 'build']) {
    t.test(`${name} on ${architecture}`, (t) => {
      const own = load(name)
      const base = own.extends === undefined ? undefined : load(own.extends)
      const entries = base === undefined ? flatten(own) : flatten(own, base)
      const { program } = compileSeccomp(name, { profilesFolder, architecture })
      t.same(
        disagreements(entries, actionOf('SCMP_ACT_ERRNO', 38), program, architecture, 1000),
        [],
      )
      t.end()
    })
  }
}

const operators: readonly SeccompArgument['op'][] = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
]

/** One call each of 32, 16 and 64 bits: the three ways an argument is read. */
const targets = [
  { name: 'socket', index: 0, value: 38 },
  { name: 'fchmod', index: 1, value: 0o4755 },
  { name: 'mmap', index: 1, value: 65536 },
  { name: 'mmap', index: 1, value: 2 ** 40 },
  { name: 'keyctl', index: 0, value: 0x80000001 },
]

t.test('every operator, permitting and refusing, on every width', (t) => {
  for (const { name, index, value } of targets) {
    for (const op of operators) {
      for (const action of ['SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_KILL_PROCESS'] as const) {
        const two = op === 'SCMP_CMP_MASKED_EQ' ? { valueTwo: value } : {}
        const entry: SeccompEntry = {
          names: [name],
          action,
          args: [{ index, value, op, ...two }],
        }
        const permits = action === 'SCMP_ACT_ALLOW'
        const defaultAction = permits ? 'SCMP_ACT_ERRNO' : 'SCMP_ACT_ALLOW'
        const syscalls = [entry, { ...launcher, names: [...launcher.names] }]
        const { program } = compileSeccomp(
          { defaultAction, syscalls },
          { profilesFolder, architecture: 'x86_64' },
        )
        const found = disagreements(syscalls, actionOf(defaultAction, 1), program, 'x86_64', 400)
        t.same(found, [], `${action} ${name} ${op} ${value}`)
      }
    }
  }
  t.end()
})

t.test('overlapping entries: the strictest wins, whatever their order', (t) => {
  const entries: SeccompEntry[] = [
    { names: ['ioctl'], action: 'SCMP_ACT_ALLOW' },
    {
      names: ['ioctl'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 13,
      args: [{ index: 1, value: 7, op: 'SCMP_CMP_EQ' }],
    },
    {
      names: ['ioctl'],
      action: 'SCMP_ACT_KILL_PROCESS',
      args: [{ index: 1, value: 4, op: 'SCMP_CMP_LT' }],
    },
    {
      names: ['ioctl'],
      action: 'SCMP_ACT_TRAP',
      args: [{ index: 0, value: 9, op: 'SCMP_CMP_EQ' }],
    },
    {
      names: ['ioctl'],
      action: 'SCMP_ACT_LOG',
      args: [{ index: 1, value: 100, op: 'SCMP_CMP_GE' }],
    },
    { names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 97, otherwise: true },
    {
      names: ['socket'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 93,
      args: [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }],
      otherwise: true,
    },
    {
      names: ['socket'],
      action: 'SCMP_ACT_ALLOW',
      args: [
        { index: 0, value: 2, op: 'SCMP_CMP_LE' },
        { index: 1, value: 15, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' },
      ],
    },
    { names: ['bpf'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 2, op: 'SCMP_CMP_NE' }] },
    { names: ['bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: 5 },
    { ...launcher, names: [...launcher.names] },
  ]
  for (const syscalls of [entries, [...entries].reverse()]) {
    const profile = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, syscalls } as const
    const { program, report } = compileSeccomp(
      { ...profile, syscalls: [...syscalls] },
      { profilesFolder, architecture: 'x86_64' },
    )
    t.same(disagreements(syscalls, actionOf('SCMP_ACT_ERRNO', 38), program, 'x86_64', 3000), [])
    t.same(report.shadowedCalls, ['bpf'])
  }
  t.end()
})

t.test('a program of another architecture, and x32 numbers, are killed in every layer', (t) => {
  const { program } = compileSeccomp('default', { profilesFolder, architecture: 'x86_64' })
  const i386 = 0x40000003
  t.equal(interpret(program, i386, { number: 20, arguments: [] }), 0x80000000)
  t.equal(interpret(program, 'x86_64', { number: 0x40000000 | 39, arguments: [] }), 0x80000000)
  t.equal(
    interpret(program, 'x86_64', { number: 39, arguments: [] }),
    0x7fff0000,
    'control: getpid',
  )
  t.equal(interpret(program, 'aarch64', { number: 172, arguments: [] }), 0x80000000)
  t.end()
})

t.test('no compare reads what another left in the accumulator', (t) => {
  // libseccomp 2.5.4 compared the protocol with AF_UNIX here (native/addon/argument.h).
  const { program } = compileSeccomp('default', { profilesFolder, architecture: 'aarch64' })
  for (const protocol of [1n, 2n, 10n]) {
    const call = { number: 198, arguments: [2n, 1n, protocol] }
    t.equal(interpret(program, 'aarch64', call), actionOf('SCMP_ACT_ERRNO', 93))
  }
  t.end()
})
