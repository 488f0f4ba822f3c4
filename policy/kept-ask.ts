// What is kept of an ask so that it can be judged again under other grants: names and sizes. No source, no content, no input, no value
// of the environment, no argument but the program’s name. Sizes are rounded up, so that jobs of one kind are kept once.
import type { Ask, Asked, AskedSetting, AskedStep } from './ask.js'

const coarseBytes = 256

/** To a power of two: what is large need not be exact. */
function roundedSize(asked: Asked<number> | null): Asked<number> | null {
  if (asked === null || asked.value <= 0) return asked
  return { ...asked, value: 2 ** Math.ceil(Math.log2(asked.value)) }
}

/** A text of about the same size that says nothing; an empty one stays empty. */
function blank(text: string): string {
  const bytes = Buffer.byteLength(text)
  return `#${bytes === 0 ? 0 : Math.ceil(bytes / coarseBytes) * coarseBytes}`
}

/** The text that a blank stands for. */
function filled(text: string): string {
  return 'x'.repeat(Number(text.slice(1)))
}

const withValue =
  (change: (value: string) => string) =>
  <One extends Asked<string> | AskedSetting>(asked: One): One => ({
    ...asked,
    value: change(asked.value),
  })

/** Where a callback goes to; what it says there is a secret of the caller’s. */
function originOf(asked: Asked<string> | null): Asked<string> | null {
  if (asked === null) return null
  const value = URL.canParse(asked.value) ? `${new URL(asked.value).origin}/` : 'not a URL'
  return { ...asked, value }
}

/** The program’s name, which for a language is ours, and how long the rest is. */
function blankArguments({ language, argv }: Ask): readonly Asked<string>[] {
  const named = language === null ? 1 : 0
  return [...argv.slice(0, named), ...argv.slice(named).map(withValue(blank))]
}

function filledArguments({ language, argv }: Ask): readonly Asked<string>[] {
  const named = language === null ? 1 : 0
  return [...argv.slice(0, named), ...argv.slice(named).map(withValue(filled))]
}

/** Of a line for a shell nothing but its length. */
const blankStep = (step: AskedStep): AskedStep => ({
  ...step,
  argv: step.argv.map((argument, at) =>
    at === 0 && !step.isLine ? argument : withValue(blank)(argument),
  ),
  environment: step.environment.map(withValue(blank)),
})

const filledStep = (step: AskedStep): AskedStep => ({
  ...step,
  argv: step.argv.map((argument, at) =>
    at === 0 && !step.isLine ? argument : withValue(filled)(argument),
  ),
  environment: step.environment.map(withValue(filled)),
})

/** Which of them are the same; ids are others each time, and jobs of one kind would be kept as often as there are. */
function numbered(after: readonly Asked<string>[]): readonly Asked<string>[] {
  const firstOf = (value: string): number => after.findIndex((other) => other.value === value)
  return after.map((asked) => ({ ...asked, value: String(firstOf(asked.value)) }))
}

export function askToKeep(ask: Ask): Ask {
  return {
    ...ask,
    sourceBytes: roundedSize(ask.sourceBytes),
    stdinBytes: roundedSize(ask.stdinBytes),
    argv: blankArguments(ask),
    steps: ask.steps.map(blankStep),
    // How long a password is, is half of it.
    secrets: ask.secrets.map((secret) => ({ ...secret, bytes: null })),
    environment: ask.environment.map(withValue(blank)),
    files: ask.files.map((file) => ({ ...file, bytes: roundedSize(file.bytes) ?? file.bytes })),
    sysctls: ask.sysctls.map(withValue(blank)),
    labels: ask.labels.map(withValue(blank)),
    callback: originOf(ask.callback),
    after: numbered(ask.after),
  }
}

/** An ask that can be judged again. */
export function askAgain(kept: Ask): Ask {
  return {
    ...kept,
    argv: filledArguments(kept),
    // A release before had none.
    steps: (kept.steps ?? []).map(filledStep),
    session: kept.session ?? null,
    secrets: kept.secrets ?? [],
    artifacts: kept.artifacts ?? [],
    environment: kept.environment.map(withValue(filled)),
    sysctls: kept.sysctls.map(withValue(filled)),
    labels: kept.labels.map(withValue(filled)),
    // Kept before there were such fields.
    callbackOn: kept.callbackOn ?? null,
    after: kept.after ?? [],
  }
}
