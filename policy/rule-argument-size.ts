// Arguments and environment together fit what the kernel and the launcher take.
import { stepPayloadBytesMax } from '../contract/launch.js'
import { secretBytesMax, secretBytesTotal } from '../contract/secret.js'
import type { Ask } from './ask.js'
import { untrusted } from './preset-untrusted.js'
import { allowed, type Denial, deny, denyEach, type Judge, pointerOf, type Rule } from './rule.js'
import { type AskedProgram, everyArgument, everyProgram } from './step-ask.js'
import { quantity } from './wording.js'

/** MAX_ARG_STRLEN is 32 pages, the closing NUL included (include/uapi/linux/binfmts.h). */
export const stringBytesMax = 131_071
/** Beside the text of each string: its NUL, and its pointer or its key in the launcher’s frame, whichever is more. */
const overheadBytes = 14
/** What the step says beside the caller’s strings: our own environment, the language’s program, the limits. */
const ownBytes = 8192

/** The kernel gives a quarter of the stack’s limit (execve(2)); the launcher takes one frame. */
function totalBytesMax(stackBytes: number): number {
  return Math.min(Math.floor(stackBytes / 4), stepPayloadBytesMax) - ownBytes
}

function judgeProgram({ argv, environment }: AskedProgram, most: number): readonly Denial[] {
  let total = 0
  const tooMuch = (bytes: number, pointer: string): readonly Denial[] | null => {
    total += bytes + overheadBytes
    if (total <= most) return null
    return deny(
      pointer,
      `Here arguments and environment together pass ${quantity('totalBytes', most)}, the most there is.`,
    )
  }
  for (const { name, value, pointer } of environment) {
    const denials = tooMuch(Buffer.byteLength(name) + Buffer.byteLength(value), pointer)
    if (denials !== null) return denials
  }
  for (const { value, pointer } of argv) {
    const denials = tooMuch(Buffer.byteLength(value), pointer)
    if (denials !== null) return denials
  }
  return allowed
}

/** Secrets may be variables; what a stored one has is not known here. */
function secretBytes({ secrets }: Ask): number {
  const sum = secrets.reduce((all, { bytes }) => all + (bytes?.value ?? secretBytesMax), 0)
  return Math.min(sum, secretBytesTotal)
}

/** The first program that has too much: the others may have the same of it. */
const judge: Judge = (ask, { grant }) => {
  const most = totalBytesMax(grant.limits.stackBytes) - secretBytes(ask)
  for (const program of everyProgram(ask)) {
    const denials = judgeProgram(program, most)
    if (denials.length > 0) return denials
  }
  return allowed
}

const judgeStrings: Judge = (ask) =>
  denyEach(everyArgument(ask), pointerOf, ({ value }) => {
    if (value.length * 3 <= stringBytesMax) return null
    const bytes = Buffer.byteLength(value)
    return bytes <= stringBytesMax
      ? null
      : `One argument has at most ${stringBytesMax} bytes; this has ${bytes}.`
  })

export const argumentSize: Rule = {
  id: 'argument-size',
  title: 'Arguments and environment fit',
  why: 'The kernel would refuse the program with E2BIG, and the fault would look like ours.',
  references: ['CWE-400 (uncontrolled resource consumption)', 'execve(2): E2BIG'],
  allows: 'shorter arguments; data in `files` or `stdin`',
  fields: [
    '/command/*',
    '/arguments/*',
    '/env/*',
    '/steps/*/command/*',
    '/steps/*/run',
    '/steps/*/env/*',
  ],
  revisions: [
    { since: 1, judge: (ask, context) => [...judgeStrings(ask, context), ...judge(ask, context)] },
  ],
  fixtures: () => ({
    allow: [{ name: 'a long argument', job: { arguments: ['x'.repeat(stringBytesMax)] } }],
    deny: [
      { name: 'one byte too long', job: { arguments: ['x'.repeat(stringBytesMax + 1)] } },
      {
        name: 'too long in UTF-8',
        base: 'command',
        job: { command: ['true', 'é'.repeat(70_000)] },
      },
      {
        name: 'beside secrets',
        job: {
          arguments: Array(10).fill('x'.repeat(101_000)),
          secrets: [{ name: 'A', value: 'x'.repeat(32_768) }],
        },
        grant: { secrets: 1 },
      },
      { name: 'too many together', job: { arguments: Array(20).fill('x'.repeat(100_000)) } },
      {
        name: 'an environment beyond a small stack',
        job: { env: { A: 'x'.repeat(100_000), B: 'x'.repeat(30_000) } },
        grant: { limits: { ...untrusted.limits, stackBytes: 524_288 } },
      },
    ],
  }),
}
