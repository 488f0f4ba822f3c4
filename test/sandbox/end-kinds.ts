// Every kind of ending that a job can have, with what its result must say, and the near-miss beside it. Limits are far from whatever a busy
// machine does: processor time is asked of the kernel's own clock of the program, time that must not run out is a minute, and what must run
// out runs out in the end however slow the machine is.
import { constants } from 'node:os'
import type { JobSpec } from '../../contract/job.js'
import type { Outcome } from '../../contract/outcome.js'

const mebibyte = 1_048_576
const minute = 60_000
const signals = constants.signals

/** What the result must say. What is not given must not be there. */
export type Expected = {
  readonly outcome: Outcome
  readonly exitCode?: number
  readonly signal?: string
  readonly stdoutBytes?: number
  readonly limit?: string
  readonly limitValue?: number
  /** Of the cause: the signal, the system call, the error of execve. */
  readonly causeSignal?: string
  readonly syscall?: string
  readonly errno?: number
}
export type Ending = {
  readonly spec: JobSpec
  readonly expected: Expected
  /** Cancelled by the caller as soon as it has written. */
  readonly cancel?: true
}
/** A whole number from `least` to `most`. */
export type Dice = (least: number, most: number) => number
export type Kind = { readonly name: string; roll(dice: Dice): Ending }

type Words = readonly (string | number)[]
type More = Omit<JobSpec, 'image' | 'command' | 'files'>

/** A job of the program `test/sandbox/end.c`, which the test puts into it. */
const end = (words: Words, limits: JobSpec['limits'] = {}, more: More = {}): JobSpec => ({
  image: 'default',
  command: ['/work/program', ...words.map(String)],
  limits: { wallMs: minute, cpuMs: minute, ...limits },
  ...more,
})
const exits = (exitCode: number): Expected =>
  exitCode === 0 ? { outcome: 'ok', exitCode } : { outcome: 'exit-nonzero', exitCode }
const killedAt = (outcome: Outcome, limit: string, limitValue: number): Expected => ({
  ...{ outcome, limit, limitValue },
  signal: 'SIGKILL',
})
const kind = (name: string, roll: Kind['roll']): Kind => ({ name, roll })

/** Codes that a shell gives for signals and for what it cannot execute are codes like any other. */
const codes = [1, 2, 126, 127, 128, 128 + 9, 128 + 11, 128 + 24, 128 + 25, 128 + 31, 255]
/** Sent by the program to itself. Those that our limits and the kernel's use as well are in the list. */
const ownSignals = ['SIGKILL', 'SIGXCPU', 'SIGXFSZ', 'SIGTERM', 'SIGSEGV', 'SIGABRT', 'SIGPIPE']

const program: readonly Kind[] = [
  kind('ends well', () => ({ spec: end(['exit', 0]), expected: exits(0) })),
  kind('exits with a code of its own', (dice) => {
    const code = codes[dice(0, codes.length - 1)] ?? 1
    return { spec: end(['exit', code]), expected: exits(code) }
  }),
  kind('exits with 137 by itself', () => ({ spec: end(['exit', 137]), expected: exits(137) })),
  ...ownSignals.map((signal) =>
    kind(`sends itself ${signal}`, () => ({
      spec: end(['raise', signals[signal as NodeJS.Signals]]),
      expected: { outcome: 'signalled', signal, causeSignal: signal },
    })),
  ),
  kind('its child is killed by SIGKILL, and it exits with a code', (dice) => {
    const code = dice(0, 3)
    return { spec: end(['child', code, 'raise', signals.SIGKILL]), expected: exits(code) }
  }),
  kind('is not there', () => ({
    spec: { image: 'default', command: ['/nowhere'] },
    expected: { outcome: 'exit-nonzero', errno: constants.errno.ENOENT },
  })),
  kind('does not compile', () => ({
    spec: { language: 'c', source: 'int main(void) { return x; }' },
    expected: { outcome: 'compile-error', exitCode: 1 },
  })),
]

const time: readonly Kind[] = [
  kind('spins for ever', (dice) => {
    const cpuMs = dice(20, 200)
    return {
      spec: end(['spin', minute], { cpuMs }),
      expected: killedAt('cpu-time-limit', 'cpuMs', cpuMs),
    }
  }),
  kind('spins for ever in a child while it waits', (dice) => {
    const cpuMs = dice(20, 200)
    return {
      spec: end(['child', 0, 'spin', minute], { cpuMs }),
      expected: killedAt('cpu-time-limit', 'cpuMs', cpuMs),
    }
  }),
  kind('spins for four fifths of its processor time', (dice) => {
    const code = dice(0, 3)
    return { spec: end(['spin', 320, 'exit', code], { cpuMs: 400 }), expected: exits(code) }
  }),
  kind('sleeps for ever, with little processor time to use', (dice) => {
    const wallMs = dice(50, 500)
    return {
      spec: end(['sleep', 10 * minute], { wallMs, cpuMs: 500 }),
      expected: killedAt('wall-time-limit', 'wallMs', wallMs),
    }
  }),
  kind('spins until its wall time is over', (dice) => {
    const wallMs = dice(50, 300)
    return {
      spec: end(['spin', minute], { wallMs }),
      expected: killedAt('wall-time-limit', 'wallMs', wallMs),
    }
  }),
  kind('sleeps for less than its wall time', (dice) => {
    const code = dice(0, 3)
    return { spec: end(['sleep', 900, 'exit', code], { wallMs: 20_000 }), expected: exits(code) }
  }),
]

const memory: readonly Kind[] = [
  kind('allocates for ever', (dice) => {
    const memoryBytes = dice(16, 64) * mebibyte
    return {
      spec: end(['allocate', 4096 * mebibyte], { memoryBytes, diskBytes: 8 * mebibyte }),
      expected: killedAt('memory-limit', 'memoryBytes', memoryBytes),
    }
  }),
  kind('holds files and memory that are too much together', () => {
    const limits = { memoryBytes: 32 * mebibyte, diskBytes: 24 * mebibyte }
    return {
      spec: end(['fill', 20 * mebibyte, 'allocate', 20 * mebibyte], limits),
      expected: killedAt('memory-limit', 'memoryBytes', limits.memoryBytes),
    }
  }),
  kind('allocates up to 2 MiB below the limit', (dice) => {
    const [size, code] = [dice(16, 64), dice(0, 3)]
    return {
      spec: end(['allocate', (size - 2) * mebibyte, 'exit', code], {
        memoryBytes: size * mebibyte,
        diskBytes: 8 * mebibyte,
      }),
      expected: exits(code),
    }
  }),
  kind('allocates just below the limit and sends itself SIGKILL', (dice) => {
    const size = dice(16, 64)
    return {
      spec: end(['allocate', (size - 2) * mebibyte, 'raise', signals.SIGKILL], {
        memoryBytes: size * mebibyte,
        diskBytes: 8 * mebibyte,
      }),
      expected: { outcome: 'signalled', signal: 'SIGKILL', causeSignal: 'SIGKILL' },
    }
  }),
]

const output: readonly Kind[] = [
  kind('prints exactly the limit', (dice) => {
    const [outputBytes, code] = [dice(1, 200_000), dice(0, 3)]
    return {
      spec: end(['out', outputBytes, 'exit', code], { outputBytes }),
      expected: { ...exits(code), stdoutBytes: outputBytes },
    }
  }),
  kind('prints exactly the limit to two streams', (dice) => {
    const outputBytes = dice(1, 200_000)
    return { spec: end(['both', outputBytes], { outputBytes }), expected: exits(0) }
  }),
  kind('prints one byte more than the limit, and sleeps', (dice) => {
    const outputBytes = dice(1, 200_000)
    return {
      spec: end(['out', outputBytes + 1, 'sleep', 10 * minute], { outputBytes }),
      expected: {
        ...killedAt('output-limit', 'outputBytes', outputBytes),
        stdoutBytes: outputBytes,
      },
    }
  }),
  kind('prints for ever to standard error', (dice) => {
    const outputBytes = dice(1, 200_000)
    return {
      spec: end(['err', 1e15], { outputBytes }),
      expected: killedAt('output-limit', 'outputBytes', outputBytes),
    }
  }),
]

const disk: readonly Kind[] = [
  kind('fills its disk and fails', (dice) => {
    const diskBytes = dice(4, 16) * mebibyte
    return {
      spec: end(['fill', 64 * mebibyte], { diskBytes, fileBytes: diskBytes }),
      expected: { outcome: 'disk-limit', exitCode: 1, limit: 'diskBytes', limitValue: diskBytes },
    }
  }),
  kind('fills its disk and bears it', () => ({
    spec: end(['try-fill', 64 * mebibyte, 'exit', 0], { diskBytes: 4 * mebibyte }),
    expected: exits(0),
  })),
  kind('fills most of its disk and exits with a code', (dice) => {
    const [size, code] = [dice(4, 16), dice(0, 3)]
    return {
      spec: end(['fill', (size - 2) * mebibyte, 'exit', code], { diskBytes: size * mebibyte }),
      expected: exits(code),
    }
  }),
  kind('writes past the largest file', (dice) => {
    const fileBytes = dice(2, 6) * mebibyte
    return {
      spec: end(['fill', 16 * mebibyte], { fileBytes, diskBytes: 32 * mebibyte }),
      expected: {
        ...{ outcome: 'disk-limit', limit: 'fileBytes', limitValue: fileBytes },
        ...{ signal: 'SIGXFSZ', causeSignal: 'SIGXFSZ' },
      },
    }
  }),
]

const processes: readonly Kind[] = [
  kind('is refused a process and fails', (dice) => {
    const limit = dice(2, 32)
    return {
      spec: end(['breed', limit], { processes: limit }),
      expected: {
        outcome: 'process-limit',
        exitCode: 1,
        limit: 'processes',
        limitValue: limit,
      },
    }
  }),
  kind('tries for ever to have more processes', (dice) => {
    const limit = dice(2, 32)
    return {
      spec: end(['bomb'], { processes: limit, cpuMs: 300 }),
      expected: killedAt('process-limit', 'processes', limit),
    }
  }),
  kind('has exactly as many processes as it may', (dice) => {
    const [limit, code] = [dice(2, 32), dice(0, 3)]
    return {
      spec: end(['breed', limit - 1, 'bury', 0, 'exit', code], { processes: limit }),
      expected: exits(code),
    }
  }),
  kind('is refused a process, bears it, and spins for ever', () => ({
    spec: end(['try-breed', 8, 'bury', 0, 'spin', minute], { processes: 8, cpuMs: 300 }),
    expected: killedAt('cpu-time-limit', 'cpuMs', 300),
  })),
]

/** Of the profile that ends programs for it (`deadly`, which the test makes). */
const deadlyCall = process.arch === 'arm64' ? 117 : 101
const deadly: More = { seccomp: 'deadly' }
const x32 = 0x40000027

const calls: readonly Kind[] = [
  kind('makes a call that its profile ends programs for', () => ({
    spec: end(['call', deadlyCall, 'exit', 0], {}, deadly),
    expected: {
      ...{ outcome: 'syscall-denied', syscall: 'ptrace' },
      ...{ signal: 'SIGKILL', causeSignal: 'SIGKILL' },
    },
  })),
  kind('makes a call that its profile refuses, and exits with a code', (dice) => {
    const code = dice(0, 3)
    return { spec: end(['call', deadlyCall, 'exit', code]), expected: exits(code) }
  }),
  kind('sends itself SIGKILL under the profile that ends programs', () => ({
    spec: end(['raise', signals.SIGKILL], {}, deadly),
    expected: { outcome: 'signalled', signal: 'SIGKILL', causeSignal: 'SIGKILL' },
  })),
  // Nothing of the sandbox sends it: what the filter ends programs for is told.
  kind('sends itself SIGSYS', () => ({
    spec: end(['raise', signals.SIGSYS]),
    expected: { outcome: 'signalled', signal: 'SIGSYS', causeSignal: 'SIGSYS' },
  })),
  ...(process.arch === 'x64'
    ? [
        kind('makes a call by the door of x32', () => ({
          spec: end(['call', x32, 'exit', 0]),
          expected: {
            ...{ outcome: 'syscall-denied', syscall: '39 of x32' },
            ...{ signal: 'SIGKILL', causeSignal: 'SIGKILL' },
          },
        })),
      ]
    : []),
]

const caller: readonly Kind[] = [
  kind('is cancelled while it sleeps', () => ({
    spec: end(['out', 6, 'sleep', 10 * minute]),
    expected: { outcome: 'cancelled', signal: 'SIGKILL', stdoutBytes: 6 },
    cancel: true,
  })),
]

export const kinds: readonly Kind[] = [
  ...program,
  ...time,
  ...memory,
  ...output,
  ...disk,
  ...processes,
  ...calls,
  ...caller,
]
