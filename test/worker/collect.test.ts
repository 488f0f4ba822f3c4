// How a run ended, by the evidence alone: the order of the questions, and the figures in the cause.
import { constants } from 'node:os'
import t from 'tap'
import type { Finished } from '../../contract/launch.js'
import type { Outcome } from '../../contract/outcome.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { endingOf } from '../../worker/collect.js'
import { textOf } from '../../worker/output-text.js'
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
  failureOutcome: 'program',
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
    'a forbidden call',
    { ended: 'signalled', signal: SIGSYS },
    'syscall-denied',
    { signal: 'SIGSYS' },
  ],
  [
    'a forbidden call beats an out-of-memory child',
    { ended: 'signalled', signal: SIGSYS, memoryOomKills: 1 },
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
    'a refused fork and a failure',
    { exitCode: 1, processRefusals: 1, processPeak: 32 },
    'process-limit',
    { limit: 'processes', limitValue: 32, reached: 32 },
  ],
  ['a refused fork that the program bore', { processRefusals: 1 }, 'ok'],
  [
    'a file too large',
    { ended: 'signalled', signal: SIGXFSZ },
    'disk-limit',
    { limit: 'fileBytes', signal: 'SIGXFSZ' },
  ],
  ['SIGXFSZ caught, exit 0', {}, 'ok'],
  ['a full disk and a failure', { exitCode: 1, diskFull: true }, 'disk-limit'],
  ['a full disk that the program bore', { diskFull: true }, 'ok'],
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
