// How a run ended, by the evidence alone: the order of the questions, and the figures in the cause.
import { constants } from 'node:os'
import t from 'tap'
import type { Calls, Finished } from '../../contract/launch.js'
import type { Outcome } from '../../contract/outcome.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { seccompAddon } from '../../native/seccomp-addon.js'
import type { SeenCall } from '../../native/seccomp-call.js'
import { learnProfile } from '../../native/seccomp-learn.js'
import { endingOf } from '../../worker/collect.js'
import { textOf } from '../../worker/output-text.js'
import { refusedCalls } from '../../worker/refused-calls.js'
import { plainFinished } from './fake-launcher.js'

export const step: PlanStep = {
  name: 'run',
  argv: ['/bin/true'],
  environment: [],
  directory: '/work',
  wallMs: 5000,
  cpuMs: 2000,
  memoryBytes: 64 * 1024 * 1024,
  processes: 32,
  openFiles: 64,
  fileBytes: 1024 * 1024,
  stackBytes: 8 * 1024 * 1024,
  outputBytes: 65_536,
  takesStdin: false,
  seccomp: 'default',
  seccompWatch: 'refusals',
  seccompAudited: '',
  failureOutcome: 'program',
  when: 'success',
  passesOn: false,
  ownVariables: [],
  continueOnError: false,
}
const plan = { diskBytes: 16 * 1024 * 1024, diskInodes: 1000 } as Plan
const compile: PlanStep = { ...step, name: 'compile', failureOutcome: 'compile-error' }

function finished(other: Partial<Finished>): Finished {
  return { name: 'run', ...plainFinished, ...other }
}
const killed: Partial<Finished> = { ended: 'signalled', signal: constants.signals.SIGKILL }
const { SIGSYS, SIGXFSZ, SIGXCPU, SIGSEGV } = constants.signals

const table: readonly [string, Partial<Finished>, Outcome, object?][] = [
  ['a clean end', {}, 'ok'],
  ['exit 137 by itself is an exit', { exitCode: 137 }, 'exit-nonzero'],
  [
    'SIGXCPU raised on itself',
    { ended: 'signalled', signal: SIGXCPU },
    'signalled',
    { signal: 'SIGXCPU' },
  ],
  ['a crash', { ended: 'signalled', signal: SIGSEGV }, 'signalled', { signal: 'SIGSEGV' }],
  ['SIGKILL that nobody of ours sent', killed, 'signalled', { signal: 'SIGKILL' }],
  ['a cancel', { ...killed, reason: 'cancelled' }, 'cancelled'],
  ['a cancel beats memory', { ...killed, reason: 'cancelled', memoryOomKills: 1 }, 'cancelled'],
  ['expired by our own word', { ...killed, reason: 'expired' }, 'expired'],
  [
    'SIGSYS that the filter would have told of',
    { ended: 'signalled', signal: SIGSYS },
    'signalled',
    { signal: 'SIGSYS', message: /did so itself/ },
  ],
  [
    'a forbidden call beats an out-of-memory child',
    { ...killed, reason: 'syscall', memoryOomKills: 1 },
    'syscall-denied',
  ],
  [
    'output',
    { ...killed, reason: 'output', outputBytes: 65_537 },
    'output-limit',
    { limit: 'outputBytes', limitValue: 65_536, reached: 65_537 },
  ],
  [
    'memory',
    { ...killed, reason: 'memory', memoryPeakBytes: 67_108_864 },
    'memory-limit',
    { limit: 'memoryBytes', reached: 67_108_864 },
  ],
  ['a child out of memory while the parent exits 0', { memoryOomKills: 1 }, 'memory-limit'],
  [
    'processor time',
    { ...killed, reason: 'cpu', cpuUs: 2_004_500 },
    'cpu-time-limit',
    { limit: 'cpuMs', limitValue: 2000, reached: 2004.5 },
  ],
  [
    'wall time',
    { ...killed, reason: 'wall', wallUs: 5_001_000 },
    'wall-time-limit',
    { limit: 'wallMs', limitValue: 5000, reached: 5001 },
  ],
  ['the sandbox’s lifetime', { ...killed, reason: 'lifetime' }, 'wall-time-limit'],
  ['a fork bomb ended by time', { ...killed, reason: 'wall', processRefusals: 9 }, 'process-limit'],
  ['a fork bomb ended by cpu', { ...killed, reason: 'cpu', processRefusals: 9 }, 'process-limit'],
  [
    'a fork bomb that is as large as it may be',
    { ...killed, reason: 'wall', processRefusals: 1, processesAtKill: 32 },
    'process-limit',
    { limit: 'processes' },
  ],
  [
    'one refused fork, borne, and then a loop',
    { ...killed, reason: 'cpu', cpuUs: 2_000_000, processRefusals: 1, processesAtKill: 1 },
    'cpu-time-limit',
    { limit: 'cpuMs', message: /refused it a new process or thread 1 times/ },
  ],
  [
    'processor time passed, and an end by itself',
    { reason: 'cpu', cpuUs: 2_100_000 },
    'cpu-time-limit',
    { limit: 'cpuMs', reached: 2100 },
  ],
  [
    'processor time passed, and a forbidden call as the end',
    { ended: 'signalled', signal: SIGSYS, reason: 'cpu', cpuUs: 2_100_000 },
    'cpu-time-limit',
  ],
  [
    'wall time passed, and a failure as the end',
    { exitCode: 3, reason: 'wall', wallUs: 5_000_001 },
    'wall-time-limit',
    { limit: 'wallMs' },
  ],
  [
    'a refused fork and a failure',
    { exitCode: 1, processRefusals: 1, processRefusedUs: 700, processPeak: 32 },
    'process-limit',
    { limit: 'processes', limitValue: 32, reached: 32, atMs: 0.7 },
  ],
  ['a refused fork that the program bore', { processRefusals: 1 }, 'ok'],
  [
    'a file too large',
    { ended: 'signalled', signal: SIGXFSZ, diskBytes: 1024 * 1024 },
    'disk-limit',
    { limit: 'fileBytes', signal: 'SIGXFSZ' },
  ],
  [
    'SIGXFSZ without a file so large',
    { ended: 'signalled', signal: SIGXFSZ, diskBytes: 1024 * 1024 - 4096 },
    'signalled',
    { signal: 'SIGXFSZ', message: /beyond 1048576 bytes/ },
  ],
  ['SIGXFSZ caught, exit 0', {}, 'ok'],
  [
    'a full disk and a failure',
    { exitCode: 1, diskRoomUs: 1000, diskFullUs: 1200 },
    'disk-limit',
    { limit: 'diskBytes', atMs: 1.2, message: /not yet after 1 ms/ },
  ],
  ['a full disk that the program bore', { diskFullUs: 1200 }, 'ok'],
  ['a program that is not there', { execErrno: 2, exitCode: 127 }, 'exit-nonzero', { errno: 2 }],
]

for (const [title, other, outcome, cause] of table) {
  t.test(title, (t) => {
    const ending = endingOf(finished(other), plan, step)
    t.equal(ending.outcome, outcome)
    if (cause !== undefined) t.match(ending.cause, cause)
    if (outcome === 'ok') t.equal(ending.cause, null)
    else t.type(ending.cause?.message, 'string')
    t.end()
  })
}

t.test('SIGSYS that the kernel may have sent for the filter is a refusal', (t) => {
  const ended = finished({ ended: 'signalled', signal: SIGSYS, memoryOomKills: 1 })
  const denied = {
    outcome: 'syscall-denied',
    cause: { signal: 'SIGSYS', message: /or it sent itself/ },
  }
  t.match(endingOf(ended, plan, step, null, true), denied, 'of a profile that traps')
  const observed: PlanStep = { ...step, seccompWatch: 'learn' }
  t.match(endingOf(ended, plan, observed), denied, 'of an observed program')
  t.match(endingOf(ended, plan, step), { outcome: 'memory-limit' }, 'control')
  t.end()
})

const native = process.arch === 'arm64' ? 0xc00000b7 : 0xc000003e
const seen = (other: Partial<SeenCall>): SeenCall => ({
  architecture: native,
  number: 101,
  answer: 'errno',
  errno: 1,
  count: 1,
  firstUs: 1500,
  arguments: [],
  ...other,
})
const calls = (list: readonly SeenCall[], notListed = 0): Calls => ({
  observed: false,
  calls: [...list],
  notListed,
})
const ptrace = seccompAddon().resolve('ptrace')
const socket = seccompAddon().resolve('socket')
const family = (value: string) => [{ index: 0, value }]

t.test('the call that ended the program stands in the cause', (t) => {
  const ended = finished({ ...killed, reason: 'syscall', reasonUs: 2500 })
  const list = calls([
    seen({ number: ptrace, answer: 'kill', errno: 0, firstUs: 100 }),
    seen({ number: ptrace, firstUs: 2600 }),
    seen({ number: socket, answer: 'kill', errno: 0, firstUs: 2400, arguments: family('26') }),
  ])
  t.match(endingOf(ended, plan, step, list), {
    outcome: 'syscall-denied',
    cause: { syscall: 'socket', argumentClass: 'socket family 38', atMs: 2.5, signal: 'SIGKILL' },
  })
  t.match(endingOf(ended, plan, compile, null), { cause: { syscall: 'unknown' } })
  t.end()
})

t.test('a call by another door is named by its number there', (t) => {
  const ended = finished({ ...killed, reason: 'syscall', reasonUs: 10 })
  const name = (architecture: number, number: number) =>
    endingOf(
      ended,
      plan,
      step,
      calls([seen({ architecture, number, answer: 'kill', arguments: family('1') })]),
    ).cause
  t.match(name(0x40000003, 20), { syscall: '20 of i386', argumentClass: undefined })
  t.match(name(0x40000028, 20), { syscall: '20 of arm' })
  t.match(name(0xc000003e, 0x40000027), { syscall: '39 of x32' })
  t.match(name(0x16, 1), { syscall: '1 of architecture 0x16' })
  t.match(name(native, 0xffffffff), { syscall: 'syscall -1' })
  t.end()
})

t.test('refused calls: deadly ones first, then as they came; the rest is counted', (t) => {
  const many = Array.from({ length: 20 }, (_, at) =>
    seen({
      number: socket,
      errno: 97,
      count: 2,
      firstUs: at,
      arguments: family((64 + at).toString(16)),
    }),
  )
  const deadly = seen({ number: 100_000, answer: 'kill', errno: 0, firstUs: 99 })
  const told = refusedCalls(calls([...many, deadly], 7))
  t.equal(told.calls.length, 16)
  t.match(told.calls[0], { syscall: 'syscall 100000', answer: 'killed', firstMs: 0.099 })
  t.match(told.calls[1], { argumentClass: 'socket family 64', answer: 'EAFNOSUPPORT', count: 2 })
  t.equal(told.notListed, 7 + 5 * 2)
  t.end()
})

t.test('learning: values beyond what JSON can say are left out, and that is told', (t) => {
  const wide = seen({ number: socket, arguments: family('ffffffffffffffff') })
  const plain = seen({ number: socket, arguments: family('1') })
  const permitted = [
    { name: 'socket', isWhole: false },
    { name: 'accept', isWhole: true },
  ]
  const learned = learnProfile(calls([plain, seen({ number: ptrace })]), permitted)
  t.same(learned.narrowed, ['socket'])
  t.same(learned.unused, ['accept'])
  t.ok(learned.complete)
  t.same(learned.profile.syscalls?.[1]?.args, [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }])
  t.notOk(learnProfile(calls([wide, plain]), permitted).complete)
  t.notOk(learnProfile(calls([plain], 1), permitted).complete)
  t.end()
})

t.test('a compile step: the program’s fault is a compile error, a limit stays a limit', (t) => {
  t.equal(endingOf(finished({ exitCode: 1 }), plan, compile).outcome, 'compile-error')
  const crash = finished({ ended: 'signalled', signal: SIGSEGV })
  t.equal(endingOf(crash, plan, compile).outcome, 'compile-error')
  const slow = finished({ ...killed, reason: 'wall' })
  t.equal(endingOf(slow, plan, compile).outcome, 'wall-time-limit')
  t.equal(endingOf(finished({ memoryOomKills: 1 }), plan, compile).outcome, 'memory-limit')
  t.end()
})

t.test('output is exact: text where it is UTF-8, base64 where it is not', (t) => {
  t.same(textOf(Buffer.from('grüß\0\n')), { text: 'grüß\0\n', encoding: 'utf8' })
  t.same(textOf(Buffer.from('\ufeffx')), { text: '\ufeffx', encoding: 'utf8' })
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0xaf]])
    t.same(textOf(Buffer.from(bytes)), {
      text: Buffer.from(bytes).toString('base64'),
      encoding: 'base64',
    })
  t.end()
})
