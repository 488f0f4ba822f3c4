// What the mutation run found, as a table: for each try of each row, the layers without which it comes through or is answered otherwise.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attackFolder, isAmong, type Try } from './control.js'
import type { Sighting } from './mutant-corpus.js'

/** `through`: it saw what an unprotected host shows. `other`: something else stopped it, which answers in another way. */
type Effect = 'through' | 'other'

/** One try without some layers, as both users or as one: `through`, `through as root`, `other as user, through as root` … */
export type Words = string

/** Tries of one mutant, by row. */
export type Effects = Record<string, Record<string, Words>>

/** By row, by try, by mutant: its layers, joined by ` + `. */
export type Rows = Record<string, Record<string, Record<string, Words>>>

export type Table = {
  /** For each layer left out alone: the launcher's own check that notices it, or null. */
  readonly readBack: Readonly<Record<string, string | null>>
  /** Mutants of two layers and more that are run as well. */
  readonly together: readonly (readonly string[])[]
  /** Tries that the host which the table is from could not show: what it says of them holds for no other. */
  readonly lacking: readonly string[]
  readonly rows: Rows
}

export const tablePath = join(attackFolder, 'mutation.json')
export const readTable = (): Table => JSON.parse(readFileSync(tablePath, 'utf8')) as Table

export const mutantName = (without: readonly string[]): string => without.join(' + ')

export const isThrough = (words: Words): boolean => words.includes('through')

/** By the numbers of `enum check` in native/launcher/attest.c. */
const checks = [
  null,
  'read',
  'namespaces',
  'capabilities',
  'no_new_privs',
  'filters',
  'ids',
  'control group',
  'limits',
  'id map',
] as const

export function readBackOf(sightings: readonly Sighting[]): string | null {
  const found = Math.max(...sightings.map(({ check }) => check))
  return checks[found] ?? null
}

function effectOf({ inside, outside }: Try, saw: string): Effect | null {
  if (isAmong(saw, inside)) return null
  return isAmong(saw, outside) ? 'through' : 'other'
}

function worse(one: Effect | null, other: Effect | null): Effect | null {
  if (one === 'through' || other === 'through') return 'through'
  return one ?? other
}

function wordsOf(user: Effect | null, root: Effect | null): Words | null {
  if (user === root) return user
  const each = [user === null ? '' : `${user} as user`, root === null ? '' : `${root} as root`]
  return each.filter((word) => word !== '').join(', ')
}

export function effectsOf(sightings: readonly Sighting[]): Effects {
  const effects: Effects = {}
  const byName = new Map(sightings.map(({ probe }) => [probe.name, probe.expectation]))
  for (const [name, expectation] of Array.from(byName).sort()) {
    for (const [attempt, one] of Object.entries(expectation.tries)) {
      const as = (uid: number): Effect | null =>
        sightings
          .filter((sighting) => sighting.probe.name === name && sighting.uid === uid)
          .map(({ sights }) => effectOf(one, sights.get(attempt) ?? 'nothing'))
          .reduce(worse, null)
      const words = wordsOf(as(1000), as(0))
      if (words !== null) effects[name] = { ...effects[name], [attempt]: words }
    }
  }
  return effects
}

const usersThrough = (words: Words): number => (words === 'through' ? 2 : isThrough(words) ? 1 : 0)

/** Whether a try comes through without some of these layers alone, for as many users. */
function isKnown(
  known: Readonly<Record<string, Words>>,
  without: readonly string[],
  words: Words,
): boolean {
  const isPart = (mutant: string): boolean =>
    mutant !== mutantName(without) && mutant.split(' + ').every((layer) => without.includes(layer))
  return Object.entries(known).some(
    ([mutant, other]) => isPart(mutant) && usersThrough(other) >= usersThrough(words),
  )
}

/** Adds a mutant. Of layers together, only what comes through without all of them, and not without some of them. */
export function addEffects(rows: Rows, without: readonly string[], effects: Effects): void {
  for (const [name, tries] of Object.entries(effects)) {
    for (const [attempt, words] of Object.entries(tries)) {
      const known = rows[name]?.[attempt] ?? {}
      if (without.length > 1 && (!isThrough(words) || isKnown(known, without, words))) continue
      rows[name] = { ...rows[name], [attempt]: { ...known, [mutantName(without)]: words } }
    }
  }
}

/** The rows of which some try is stopped, or stopped first, by these layers alone. */
export function rowsOf(rows: Rows, without: readonly string[]): string[] {
  const name = mutantName(without)
  const isOf = (tries: Rows[string]): boolean =>
    Object.values(tries).some((mutants) => mutants[name] !== undefined)
  return Object.keys(rows).filter((row) => isOf(rows[row] ?? {}))
}

/** A try in a line of its own. */
export const tryName = (row: string, attempt: string): string => `${row} ${attempt}`

/** Without tries that one of two hosts could not show. */
export function shownOnly(rows: Rows, lacking: ReadonlySet<string>): Rows {
  const kept = (row: string, tries: Rows[string]): Rows[string] =>
    Object.fromEntries(
      Object.entries(tries).filter(([attempt]) => !lacking.has(tryName(row, attempt))),
    )
  return Object.fromEntries(Object.entries(rows).map(([row, tries]) => [row, kept(row, tries)]))
}

/** What a table says of one mutant, a line for each try. */
export function linesOf(rows: Rows, without: readonly string[]): string[] {
  const name = mutantName(without)
  return Object.entries(rows)
    .flatMap(([row, tries]) =>
      Object.entries(tries).flatMap(([attempt, mutants]) =>
        mutants[name] === undefined ? [] : [`${row} ${attempt}: ${mutants[name]}`],
      ),
    )
    .sort()
}

/** In the order of their names, so that a table is the same whichever mutant was first. */
export function sorted(rows: Rows): Rows {
  const byName = <Value>(one: Record<string, Value>): [string, Value][] =>
    Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    byName(rows).map(([row, tries]) => [row, Object.fromEntries(byName(tries))]),
  )
}
