// Rule: one thing nobody may ask, or only by grant. A rule is a value: what it is, why, which fields it can deny,
// its revisions, and examples of both verdicts that tests run and documentation shows.
import type { Catalogue } from '../contract/catalogue.js'
import type { Grant } from '../contract/grant.js'
import type { JobSpec } from '../contract/job.js'
import type { Ask } from './ask.js'
import type { Given } from './given.js'
import type { Resolved } from './resolve.js'

/** What this machine can enforce, read from the kernel at start. */
export type Platform = {
  readonly apparmor: boolean
  /** 0: no Landlock. */
  readonly landlockAbi: number
}

export type Context = {
  readonly grant: Grant
  readonly catalogue: Catalogue
  readonly platform: Platform
  readonly resolved: Resolved
  /** What the door gives beyond what every job gets. */
  readonly given: Given
}

/** One reason to refuse: where, and in words what was asked and what would be allowed. */
export type Denial = { readonly pointer: string; readonly message: string }

/** Pure: no clock, no environment, no disk, so that api and worker reach one verdict from one input. */
export type Judge = (ask: Ask, context: Context) => readonly Denial[]

/** A tweak of a minimal valid job: a language job, unless `base` says otherwise. */
export type Fixture = {
  readonly name: string
  readonly base?: 'language' | 'command' | 'steps' | 'empty'
  readonly job?: Readonly<Partial<JobSpec>>
  readonly grant?: Readonly<Partial<Grant>>
  readonly platform?: Readonly<Partial<Platform>>
}

/** A denial’s place, what was asked, and under what. */
export type Denied = { readonly pointer: string; readonly ask: Ask; readonly context: Context }

export type Rule = {
  /** The file’s name without `rule-`; stable for ever: it is in verdicts, metrics and documentation. */
  readonly id: string
  readonly title: string
  readonly why: string
  /** Vulnerabilities, benchmarks and standards that it answers. CIS numbers are those of the Docker benchmark 1.2 to 1.5. */
  readonly references: readonly string[]
  /** What would be allowed there, in words. */
  readonly allows: string | ((denied: Denied) => string)
  /**
   * How a program could put it right: the field is left out, or gets the value answered (undefined: none would do). Without it only
   * a person can say what was meant.
   */
  readonly repair?: (denied: Denied) => Repair | undefined
  /** JSON pointers into JobSpec that this rule can deny; `*` is any key or index, '' the request as a whole. */
  readonly fields: readonly string[]
  /** Strictly rising. A revision is never edited: a new one is added. */
  readonly revisions: ReadonlyArray<{ readonly since: number; readonly judge: Judge }>
  /** A function, so that large examples cost nothing where they are not run. */
  readonly fixtures: () => {
    readonly allow: readonly Fixture[]
    readonly deny: readonly Fixture[]
  }
}

export type Repair = { readonly op: 'remove' } | { readonly op: 'replace'; readonly value: number }

const removal: Repair = { op: 'remove' }
/** The job does without: it then gets what every job gets. */
export const leaveOut = (): Repair => removal
export const replaceBy = (value: number | undefined): Repair | undefined =>
  value === undefined ? undefined : { op: 'replace', value }

/** What most rules answer most of the time; shared, so that allowing allocates nothing. */
export const allowed: readonly Denial[] = []

export function deny(pointer: string, message: string): readonly Denial[] {
  return [{ pointer, message }]
}

/** The denials of a list: `judgeOne` answers a message, or null where the element is allowed. */
export function denyEach<T>(
  elements: readonly T[],
  pointerOf: (element: T) => string,
  judgeOne: (element: T) => string | null,
): readonly Denial[] {
  let denials: Denial[] | undefined
  for (const element of elements) {
    const message = judgeOne(element)
    if (message === null) continue
    denials ??= []
    denials.push({ pointer: pointerOf(element), message })
  }
  return denials ?? allowed
}

export const pointerOf = (asked: { readonly pointer: string }): string => asked.pointer
