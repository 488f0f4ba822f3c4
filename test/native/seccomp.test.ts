// The door: Docker-form profiles load, what cannot be honoured is refused with every fault at once, and the
// same documents give the same program.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { SeccompProfile } from '../../contract/profile.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { SeccompProfileError } from '../../native/seccomp-check.js'
import { actionOf, interpret } from './seccomp-model.js'
import { buildTools, profilesFolder } from './seccomp-tools.js'

buildTools()

const options = { profilesFolder, architecture: 'x86_64' } as const
const launcher = {
  names: ['read', 'write', 'execve', 'exit_group'],
  action: 'SCMP_ACT_ALLOW',
} as const
const entry = () => ({ ...launcher, names: [...launcher.names] })

/** A profile in the form Docker and Podman write, with all their habits. */
const dockerForm = (): SeccompProfile =>
  JSON.parse(`{
  "defaultAction": "SCMP_ACT_ERRNO",
  "defaultErrnoRet": 1,
  "archMap": [
    { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
    { "architecture": "SCMP_ARCH_S390X", "subArchitectures": null }
  ],
  "syscalls": [
    { "names": ["read", "write", "execve", "exit_group", "clock_gettime64", "riscv_hwprobe", "mseal"],
      "action": "SCMP_ACT_ALLOW", "args": [], "comment": "", "includes": {}, "excludes": {} },
    { "name": "getpid", "action": "SCMP_ACT_ALLOW", "args": null },
    { "names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "4.8" } },
    { "names": ["acct"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "999.0" } },
    { "names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_SYS_CHROOT"] } },
    { "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "errno": "ENOSYS", "excludes": { "caps": ["CAP_SYS_ADMIN"] } },
    { "names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": { "arches": ["amd64", "x32"] } },
    { "names": ["sync"], "action": "SCMP_ACT_ALLOW", "includes": { "arches": ["s390x"] } },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 38, "op": "SCMP_CMP_LT" }] },
    { "names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 40, "valueTwo": 0, "op": "SCMP_CMP_GT" }] },
    { "names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ" }] }
  ]
}`)

const allow = 0x7fff0000
const ask = (profile: SeccompProfile, number: number, ...values: bigint[]): number =>
  interpret(compileSeccomp(profile, options).program, 'x86_64', { number, arguments: values })

t.test('a profile in Docker form loads and means what its engine means', (t) => {
  const profile = dockerForm()
  const eperm = actionOf('SCMP_ACT_ERRNO', 1)
  t.equal(ask(profile, 39), allow, 'name instead of names')
  t.equal(ask(profile, 101), allow, 'minKernel that holds')
  t.equal(ask(profile, 163), eperm, 'minKernel that does not')
  t.equal(ask(profile, 161), eperm, 'a capability no job has')
  t.equal(ask(profile, 435), actionOf('SCMP_ACT_ERRNO', 38), 'for the lack of a capability')
  t.equal(ask(profile, 158), allow, 'this architecture')
  t.equal(ask(profile, 162), eperm, 'another architecture')
  t.equal(ask(profile, 462), allow, 'a call newer than the library')
  t.equal(ask(profile, 56, 17n), allow)
  t.equal(ask(profile, 56, 0x10000000n), eperm)
  const { report } = compileSeccomp(profile, options)
  t.same(report.skippedCalls, ['clock_gettime64', 'riscv_hwprobe'])
  t.same(report.droppedArchitectures, ['SCMP_ARCH_S390X', 'SCMP_ARCH_X32', 'SCMP_ARCH_X86'])
  t.same(
    report.skippedEntries.map(({ pointer }) => pointer),
    ['/syscalls/3', '/syscalls/4', '/syscalls/7'],
  )
  t.end()
})

t.test('compares of 32-bit arguments in imported profiles are made on 32 bits', (t) => {
  const profile = dockerForm()
  const eperm = actionOf('SCMP_ACT_ERRNO', 1)
  for (const high of [0n, 1n << 32n, 1n << 47n, 1n << 63n]) {
    t.equal(ask(profile, 41, 38n | high), eperm, `family 38 with ${high}`)
    t.equal(ask(profile, 41, 2n | high), allow, `control: family 2 with ${high}`)
  }
  t.end()
})

t.test('same documents, same program; the digest is the program’s', (t) => {
  const first = compileSeccomp('default', options)
  t.equal(compileSeccomp('default', options), first, 'from the cache')
  t.match(first.digest, /^[0-9a-f]{64}$/)
  t.not(compileSeccomp('strict', options).digest, first.digest)
  t.not(compileSeccomp('default', { profilesFolder, architecture: 'aarch64' }).digest, first.digest)
  const fresh = compileSeccomp(dockerForm(), options)
  t.equal(compileSeccomp(dockerForm(), options), fresh, 'equal values, not only equal names')
  t.match(first.pfc(), /# layer 1 of/)
  t.end()
})

/** Faults of one profile as "pointer message" lines. */
function faultsOf(profile: unknown): string[] {
  try {
    compileSeccomp(profile as SeccompProfile, options)
  } catch (error) {
    if (error instanceof SeccompProfileError) {
      return error.faults.map((fault) => `${fault.pointer} ${fault.message}`)
    }
    throw error
  }
  return []
}

const withEntry = (more: object): unknown => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [entry(), more],
})

t.test('every fault at once, each with its pointer', (t) => {
  const faults = faultsOf(
    withEntry({
      names: ['socket'],
      name: 'socket',
      action: 'SCMP_ACT_ALLOW',
      otherwise: true,
      errnoRet: 1,
      errno: 'ENOSYS',
      args: [
        { index: 0, value: 2, op: 'SCMP_CMP_EQ' },
        { index: 0, value: 4294967296, op: 'SCMP_CMP_EQ' },
        { index: 1, value: 1, valueTwo: 2, op: 'SCMP_CMP_MASKED_EQ' },
      ],
    }),
  )
  t.same(faults, [
    '/syscalls/1/errno ENOSYS is 38, but the number says 1',
    '/syscalls/1 give names or name, one of them',
    '/syscalls/1/otherwise only a refusal can be otherwise',
    '/syscalls/1/args/1 argument 0 is compared twice',
    '/syscalls/1/args/1 the value does not fit argument 0 of socket',
    '/syscalls/1/args/2 valueTwo has bits outside the mask: it can never match',
  ])
  const unknown = faultsOf(
    withEntry({ names: ['opennat', 'getpid', 'redd'], action: 'SCMP_ACT_ALLOW' }),
  )
  t.same(unknown, [
    '/syscalls/1/names/0 no system call is called opennat',
    '/syscalls/1/names/2 no system call is called redd',
  ])
  t.end()
})

t.test('more than eight faults of form are all told', (t) => {
  const bad = Array.from({ length: 30 }, () => ({ names: ['open'], action: 'SCMP_ACT_NO' }))
  const faults = faultsOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: bad })
  t.equal(faults.length, 30)
  t.ok(faults.every((fault, at) => fault.startsWith(`/syscalls/${at}/action `)))
  t.end()
})

const refused: Readonly<Record<string, unknown>> = {
  null: null,
  'an array': [],
  'no default action': { syscalls: [entry()] },
  'unknown field': {
    ...(withEntry({ names: ['open'], action: 'SCMP_ACT_ALLOW' }) as object),
    listenerPath: '/run/x',
  },
  'own __proto__': JSON.parse('{"defaultAction":"SCMP_ACT_ALLOW","__proto__":{"syscalls":[]}}'),
  NOTIFY: withEntry({ names: ['open'], action: 'SCMP_ACT_NOTIFY' }),
  TRACE: withEntry({ names: ['open'], action: 'SCMP_ACT_TRACE' }),
  'errno 0, a pretended success': withEntry({
    names: ['open'],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: 0,
  }),
  'errno 4096': withEntry({ names: ['open'], action: 'SCMP_ACT_ERRNO', errnoRet: 4096 }),
  'unknown errno': withEntry({ names: ['open'], action: 'SCMP_ACT_ERRNO', errno: 'ENOTHING' }),
  'no names': withEntry({ names: [], action: 'SCMP_ACT_ALLOW' }),
  'neither name': withEntry({ action: 'SCMP_ACT_ALLOW' }),
  'argument 6': withEntry({
    names: ['open'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }],
  }),
  'value above 2^53': withEntry({
    names: ['open'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 2 ** 53, op: 'SCMP_CMP_EQ' }],
  }),
  'negative value': withEntry({
    names: ['open'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }],
  }),
  'a mask of nothing': withEntry({
    names: ['clone'],
    action: 'SCMP_ACT_ALLOW',
    args: [{ index: 0, value: 0, op: 'SCMP_CMP_MASKED_EQ' }],
  }),
  'less than nothing': withEntry({
    names: ['kill'],
    action: 'SCMP_ACT_ERRNO',
    args: [{ index: 0, value: 0, op: 'SCMP_CMP_LT' }],
  }),
  SPEC_ALLOW: {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [entry()],
    flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'],
  },
  'foreign architectures only': {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [entry()],
    architectures: ['SCMP_ARCH_S390X'],
  },
  'no way to exec': { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] },
  'write only sometimes': {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      entry(),
      {
        names: ['write'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }],
      },
    ],
  },
  'remove without extends': {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [entry()],
    remove: ['open'],
  },
  'remove of a name the base lacks': { extends: 'default', remove: ['io_setup'] },
  'extends what is not there': { extends: 'no-such-profile' },
}

t.test('what cannot be honoured is refused', (t) => {
  t.same(faultsOf(withEntry({ names: ['open'], action: 'SCMP_ACT_ALLOW' })), [], 'control')
  for (const [name, profile] of Object.entries(refused)) t.not(faultsOf(profile).length, 0, name)
  t.end()
})

t.test('files: names, damage and two levels of extends', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-profiles-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'seccomp'))
  const write = (name: string, text: string) =>
    writeFileSync(join(folder, 'seccomp', `${name}.json`), text)
  const compile = (name: string) => compileSeccomp(name, { profilesFolder: folder })
  write('one', JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [entry()] }))
  write('two', '{"extends":"one"}')
  write('three', '{"extends":"two"}')
  write('damaged', '{"defaultAction":')
  write('large', ' '.repeat(1024 * 1024 + 1))
  t.ok(compile('one').program)
  t.equal(compile('two').digest, compile('one').digest)
  t.throws(() => compile('three'), /one level only/)
  t.throws(() => compile('damaged'), /not JSON/)
  t.throws(() => compile('large'), /larger than/)
  for (const name of ['', '..', '../seccomp/one', 'one.json', '/etc/passwd', 'One', 'one\0']) {
    t.throws(() => compile(name), /not a profile name/, JSON.stringify(name))
  }
  const before = compile('one').digest
  write('one', JSON.stringify({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [entry()] }))
  t.not(compile('one').digest, before, 'a changed file is a new program')
  t.end()
})
