// All rows of the corpus. A row is shown by the folder that has its number; one without a folder says in rows.json why.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attackFolder, attackNames } from './control.js'

type Row = {
  readonly row: number
  readonly title: string
  /** Why it is not shown, as long as no folder has its number. */
  readonly leftOut?: string
  /** A shell command that prints what this machine lacks for it. */
  readonly precondition?: string
}

export const rowsMax = 108

export const rowOf = (name: string): number => Number(name.slice(0, 3))

export const catalogue = (): Row[] =>
  JSON.parse(readFileSync(join(attackFolder, 'rows.json'), 'utf8')) as Row[]

/** Rows without a folder. */
export function leftOut(): Row[] {
  const shown = new Set(attackNames().map(rowOf))
  return catalogue().filter(({ row }) => !shown.has(row))
}

/** What a row that is left out lacks: its reason, and what the machine says itself. */
export function lackOf({ leftOut, precondition }: Row): string {
  if (precondition === undefined) return leftOut ?? 'no reason'
  const said = execFileSync('sh', ['-c', precondition], { encoding: 'utf8' }).trim()
  return `${leftOut ?? 'no reason'} (${said.split('\n').join('; ')})`
}
