// A checker that a job brings along: a program in a sandbox of its own, run as testlib's are (input, output, answer; exit codes of testlib.h,
// TResult). What it does wrong is its own fault, and never that of the program it judges.
import { checkerFiles } from '../contract/test-case.js'
import { checkerMessageMax, type TestVerdict } from '../contract/test-result.js'
import type { SandboxFile } from '../native/launch-encode.js'
import { type BuiltProgram, pagesOf } from './build-program.js'
import { escapedText } from './escaped-text.js'
import type { StepContext } from './run-step.js'
import { type ProgramRun, runBuilt } from './run-test.js'
import type { Sandboxes } from './sandboxes.js'

export type ProgramChecked = {
  readonly verdict: TestVerdict
  readonly score: number
  readonly message: string
  /** What the check cost; null where nothing ran. */
  readonly run: ProgramRun | null
}

export type Checking = {
  readonly stdin: Buffer | null
  readonly output: Buffer
  readonly expected: Buffer
  readonly points: number
}

const readable = 0o644

/** Those of its arguments that are there when it starts: an interactor writes its output itself. */
export function filesOf({
  stdin,
  output,
  expected,
}: Omit<Checking, 'points' | 'output'> & { readonly output: Buffer | null }): SandboxFile[] {
  const contents = [stdin ?? Buffer.alloc(0), output, expected]
  return checkerFiles.flatMap((path, at) => {
    const bytes = contents[at]
    return bytes ? [{ path, mode: readable, bytes }] : []
  })
}

/** Its own words about it, or none. */
export function messageOf({ stdout, stderr }: ProgramRun): string {
  const words = stderr.length > 0 ? stderr : stdout
  return escapedText(words.subarray(0, checkerMessageMax)).replace(/(\\n|\\r| )+$/, '')
}

/** testlib's `quitp`: the points stand first in what it says. */
function pointsOf(message: string): number | null {
  const found = /^points\s+([+-]?\d+(\.\d+)?([eE][+-]?\d+)?)/.exec(message)?.[1]
  const points = Number(found)
  return found === undefined || !Number.isFinite(points) ? null : points
}

function partial(message: string, points: number): Pick<ProgramChecked, 'verdict' | 'score'> {
  const said = pointsOf(message)
  if (said === null) return { verdict: 'checker-error', score: 0 }
  const score = Math.min(Math.max(said, 0), points)
  if (score === points) return { verdict: 'accepted', score }
  return { verdict: score > 0 ? 'partial' : 'wrong-answer', score }
}

/** Exit codes of testlib.h: 0 ok, 1 wrong answer, 2 presentation error, 3 fail, 4 dirt, 7 points, 8 unexpected end of file. */
export function verdictOf(
  exitCode: number | null,
  message: string,
  points: number,
): Pick<ProgramChecked, 'verdict' | 'score'> {
  switch (exitCode) {
    case 0:
      return { verdict: 'accepted', score: points }
    case 1:
      return { verdict: 'wrong-answer', score: 0 }
    case 2:
    case 4:
    case 8:
      return { verdict: 'presentation-error', score: 0 }
    case 7:
      return partial(message, points)
    default:
      return { verdict: 'checker-error', score: 0 }
  }
}

const failed = (message: string, run: ProgramRun | null): ProgramChecked => ({
  ...{ verdict: 'checker-error', score: 0, run },
  message: message.slice(0, checkerMessageMax),
})

/** @throws LaunchError, Ended */
export async function checkByProgram(
  context: StepContext,
  sandboxes: Sandboxes,
  checker: BuiltProgram,
  checking: Checking,
): Promise<ProgramChecked> {
  const files = filesOf(checking)
  const { diskBytes } = checker.plan
  if (checker.diskBytes + pagesOf(files) > diskBytes)
    return failed(`Input, output and answer do not fit its disk of ${diskBytes} bytes.`, null)
  const wanted = { step: {}, diskBytes, stdin: null, files }
  const run = await runBuilt(context, sandboxes, checker, wanted)
  const { outcome, exitCode, cause } = run.result
  if (outcome === 'cancelled' || outcome === 'expired') return failed(outcome, run)
  if (outcome !== 'ok' && outcome !== 'exit-nonzero')
    return failed(`The checker failed: ${cause?.message ?? outcome}`, run)
  const message = messageOf(run)
  const judged = verdictOf(exitCode, message, checking.points)
  if (judged.verdict === 'checker-error' && message === '')
    return failed(`The checker exited with ${exitCode} and said nothing.`, run)
  return { ...judged, message, run }
}
