// What test files get instead of `tap` in a mutation run: tests are kept, so that one process can run them again for each mutant, and the
// first assertion that fails ends its test. Only the assertions that policy tests use; another one is an error at once.
import { match, same, strict } from 'tcompare'

type Assertions = {
  ok(value: unknown, message?: string): void
  notOk(value: unknown, message?: string): void
  equal(value: unknown, wanted: unknown, message?: string): void
  not(value: unknown, unwanted: unknown, message?: string): void
  same(value: unknown, wanted: unknown, message?: string): void
  strictSame(value: unknown, wanted: unknown, message?: string): void
  match(value: unknown, wanted: unknown, message?: string): void
  throws(work: () => unknown, wanted?: RegExp): void
  doesNotThrow(work: () => unknown): void
  pass(): void
}

export type KeptTest = { readonly name: string; readonly run: () => Promise<void> }

export const keptTests: KeptTest[] = []

function hold(holds: boolean, message = 'an assertion does not hold'): void {
  if (!holds) throw new Error(message)
}

/** A mutant that never ends is ended by an error of the mutated code, which no test may take for the one that it wants. */
const endless = /Stryker: Hit count limit reached/

function thrownBy(work: () => unknown): Error | null {
  try {
    work()
    return null
  } catch (error) {
    if (endless.test(String(error))) throw error
    return error as Error
  }
}

const assertions: Assertions = {
  ok: (value, message) => hold(Boolean(value), message),
  notOk: (value, message) => hold(!value, message),
  equal: (value, wanted, message) => hold(Object.is(value, wanted), message),
  not: (value, unwanted, message) => hold(!Object.is(value, unwanted), message),
  same: (value, wanted, message) => hold(same(value, wanted).match, message),
  strictSame: (value, wanted, message) => hold(strict(value, wanted).match, message),
  match: (value, wanted, message) => hold(match(value, wanted).match, message),
  throws(work, wanted) {
    const error = thrownBy(work)
    hold(error !== null && (wanted === undefined || wanted.test(error.message)), 'throws')
  },
  doesNotThrow: (work) => hold(thrownBy(work) === null, 'does not throw'),
  pass: () => {},
}

// biome-ignore lint/style/noDefaultExport: tap has one, and this stands in its place
export default {
  test(name: string, body: (t: Assertions) => Promise<void>): void {
    keptTests.push({ name: `${keptTests.length} ${name}`, run: () => body(assertions) })
  },
}
