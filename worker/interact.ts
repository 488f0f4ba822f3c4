// A program and an interactor, each in a sandbox of its own, standard output of one to standard input of the other. Who is to blame when they
// do not come to an end together is decided here, by what each did and who ended first.
import type { Outcome } from '../contract/outcome.js'
import type { TestVerdict } from '../contract/test-result.js'
import type { Sandbox } from '../native/launch-client.js'
import type { BuiltProgram } from './build-program.js'
import { messageOf, verdictOf } from './checker-program.js'
import type { StepContext } from './run-step.js'
import { type ProgramRun, runBuilt, type Wanted } from './run-test.js'
import type { Sandboxes } from './sandboxes.js'

export type Party = 'program' | 'interactor'

export type Interaction = {
  readonly program: ProgramRun
  readonly interactor: ProgramRun
  /** Who ended first, by itself or by a limit. */
  readonly first: Party
  /** Whose bytes were the last to reach the other; null: nobody said anything. */
  readonly spokeLast: Party | null
}

export type Judged = {
  readonly verdict: TestVerdict
  readonly score: number
  readonly message: string
}

type Side = { sandbox: Sandbox | null; isOver: boolean }

const endedByUs: readonly Outcome[] = ['cancelled', 'expired']

/** @throws LaunchError, Ended */
export async function interact(
  context: StepContext,
  sandboxes: Sandboxes,
  built: { readonly program: BuiltProgram; readonly interactor: BuiltProgram },
  wanted: { readonly program: Wanted; readonly interactor: Wanted },
): Promise<Interaction> {
  const sides: Record<Party, Side> = {
    program: { sandbox: null, isOver: false },
    interactor: { sandbox: null, isOver: false },
  }
  let first: Party | null = null
  let spokeLast: Party | null = null
  const run = async (own: Party, other: Party): Promise<ProgramRun> => {
    const pass = (bytes: Buffer): void => {
      spokeLast = own
      if (!sides[other].isOver) sides[other].sandbox?.write(bytes)
    }
    const opened = (sandbox: Sandbox): void => {
      sides[own].sandbox = sandbox
    }
    const wants = { ...wanted[own], stdin: 'open' as const, onStdout: pass }
    const ran = await runBuilt(context, sandboxes, built[own], wants, opened)
    sides[own].isOver = true
    first ??= own
    // Nothing that an interactor says changes how a program has failed. A program is never ended for what an interactor did: it hears the end of
    // its input, and how it ends by itself, or by its limits, is its own.
    const isFailed = own === 'program' && ran.result.outcome !== 'ok'
    if (isFailed && first === own) sides[other].sandbox?.cancel('cancelled')
    else if (!sides[other].isOver) sides[other].sandbox?.write(null)
    return ran
  }
  const [program, interactor] = await Promise.all([
    run('program', 'interactor'),
    run('interactor', 'program'),
  ])
  return { program, interactor, first: first ?? 'program', spokeLast }
}

/** Whether the job itself was cancelled: both were ended, and neither by us here. */
export const wasCancelled = ({ program, interactor }: Interaction): boolean =>
  endedByUs.some((word) => program.result.outcome === word) &&
  endedByUs.some((word) => interactor.result.outcome === word)

function waitedFor(spokeLast: Party | null): string {
  if (spokeLast === 'program')
    return ' The last words were its own: the interactor had not answered them. Without a line end or a flush they may never have been whole.'
  return ' The interactor was waiting for it.'
}

function ofProgram({ program, spokeLast }: Interaction): Judged {
  const { outcome, cause } = program.result
  const note = outcome === 'wall-time-limit' ? waitedFor(spokeLast) : ''
  return {
    verdict: outcome === 'ok' ? 'accepted' : outcome,
    score: 0,
    message: `${cause?.message ?? outcome}${note}`,
  }
}

/** Who is blamed, and what the program gets. */
export function judgeInteraction(interaction: Interaction, points: number): Judged {
  const { program, interactor, first } = interaction
  const { outcome, exitCode, cause } = interactor.result
  const isProgramFine = program.result.outcome === 'ok'
  if (first === 'program' && !isProgramFine) return ofProgram(interaction)
  if (outcome !== 'ok' && outcome !== 'exit-nonzero')
    return {
      ...{ verdict: 'checker-error', score: 0 },
      message: `The interactor failed: ${cause?.message ?? outcome}`,
    }
  const message = messageOf(interactor)
  const judged = verdictOf(exitCode, message, points)
  // It was content with what it heard, but the program did not end as it should.
  if (judged.score > 0 && !isProgramFine) return ofProgram(interaction)
  if (judged.verdict === 'checker-error' && message === '')
    return { ...judged, message: `The interactor exited with ${exitCode} and said nothing.` }
  return { ...judged, message }
}
