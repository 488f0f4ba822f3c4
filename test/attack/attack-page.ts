// docs/attacks.md: each row of the corpus with what stops it, out of the catalogue, the corpus and the table of the mutation run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../tidy-source.js'
import { catalogue, rowOf } from './catalogue.js'
import { attackFolder, attackNames, expectationOf } from './control.js'
import { layers } from './mutant-launcher.js'
import { isThrough, type Rows, readTable, type Table } from './mutation-table.js'

export const attackPage = join(repository, 'docs', 'attacks.md')

/** Layers that no build can be without and still run programs, and the one that this run leaves out. */
const kept: readonly (readonly [string, string])[] = [
  [
    'user namespace',
    'all other namespaces, mounts and the id map are made by its root: without one there is no sandbox',
  ],
  [
    'mount namespace',
    'the root is put together in it: without one that would be the launcher’s own',
  ],
  ['id range of a slot', 'the slot’s view of the image store is made for these ids and no others'],
  [
    'AppArmor',
    'not in the kernel that these tables are from; the virtual machine of `npm run test:vm` has it and shows its rows, without a mutation run',
  ],
]

/** Mutants without which some try of a row comes through, with how many do. */
function openings(tries: Rows[string]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const mutants of Object.values(tries))
    for (const [mutant, words] of Object.entries(mutants))
      if (isThrough(words)) counts.set(mutant, (counts.get(mutant) ?? 0) + 1)
  return counts
}

/** Tries of a program that come through in no mutant: what holds them is not shown here. */
export function unshown(name: string, table: Table): string[] {
  const expectation = expectationOf(name)
  if (expectation === null) return []
  return Object.keys(expectation.tries).filter(
    (attempt) => !Object.values(table.rows[name]?.[attempt] ?? {}).some(isThrough),
  )
}

function stopsOf(name: string, table: Table): string {
  const expectation = expectationOf(name)
  if (expectation === null) return '–'
  const all = Object.keys(expectation.tries).length
  const found = Array.from(openings(table.rows[name] ?? {}))
  const said = found.map(([mutant, count]) => `${mutant} (${count})`)
  const rest = unshown(name, table).length
  if (rest > 0) said.push(`no mutant (${rest})`)
  return `${said.join(', ')} of ${all}`
}

function shownBy(name: string): string {
  const parts = ['probe.c', 'check.ts'].filter((file) => existsSync(join(attackFolder, name, file)))
  return parts.map((file) => `\`test/attack/${name}/${file}\``).join(', ')
}

const line = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`

function layerLines(table: Table): string[] {
  const counts = new Map<string, { through: number; other: number }>()
  for (const tries of Object.values(table.rows))
    for (const mutants of Object.values(tries))
      for (const [mutant, words] of Object.entries(mutants)) {
        const count = counts.get(mutant) ?? { through: 0, other: 0 }
        if (isThrough(words)) count.through++
        else count.other++
        counts.set(mutant, count)
      }
  return layers.map(({ name, about }) => {
    const { through = 0, other = 0 } = counts.get(name) ?? {}
    return line(`\`${name}\``, about, through, other, table.readBack[name] ?? '–')
  })
}

function rowLines(table: Table): string[] {
  const folders = new Map(attackNames().map((name) => [rowOf(name), name]))
  return catalogue().map(({ row, title, leftOut }) => {
    const name = folders.get(row)
    if (name === undefined) return line(row, title, '–', `not shown: ${leftOut ?? ''}`)
    return line(row, expectationOf(name)?.title ?? title, stopsOf(name, table), shownBy(name))
  })
}

const introduction = `# Attacks, and what stops each

Written by \`npm run gen\` from the corpus in \`test/attack\` and the table of its mutation run; not to be edited by hand.

Each row of the corpus runs as real jobs, as an ordinary user and as root inside, beside a control that nothing protects:
\`npm test -- attack\`. The mutation run asks a second question: *what* stops each try. \`test/mutant\` links the launcher's own objects
with one layer left out, for this test alone; the product has no switch that could be set by mistake, and a test looks for one. Each such
launcher runs every program of the corpus, and what comes through must equal \`test/attack/mutation.json\`. \`npm run test:mutants\` runs all
mutants and writes that table anew; with words (\`npm run test:mutants -- seccomp+landlock\`) it only tells what these do.
\`npm test\` builds every mutant and runs of each the rows that the table names for it; \`npm run test:full\` runs all rows of all. What a host cannot show
without any sandbox (a family of sockets that its kernel lacks, an IPv6 address) is compared on no other: the table's \`lacking\`.

A try *comes through* when it sees what an unprotected host shows. It is *answered otherwise* when another layer stops it, with another
answer: the layer that was left out was the first in line. A mutant's own read-back at the barrier would refuse to run a program; the
mutation run makes it tell instead, and the last column says which of its checks it was. Where there is none, nothing reads that layer
back: of a filter it only counts that it is there, and Landlock, masks and mount flags it does not look at.
`

export function renderAttacks(): string {
  const table = readTable()
  const silent = attackNames().filter(
    (name) =>
      expectationOf(name) !== null &&
      unshown(name, table).length === Object.keys(expectationOf(name)?.tries ?? {}).length,
  )
  return [
    introduction,
    '## Layers\n',
    line(
      'layer',
      'what it is',
      'tries that come through without it',
      'answered otherwise',
      'read back as',
    ),
    line('---', '---', '---', '---', '---'),
    ...layerLines(table),
    '\nNot left out:\n',
    ...kept.map(([name, reason]) => `- ${name}: ${reason}.`),
    '\n## Rows\n',
    '*What stops it*: mutants in which tries of the row come through, with how many of its tries. Of several layers together only what none of',
    'them alone lets through. Rows that are checked in TypeScript alone are about the service, not about a layer of the sandbox.\n',
    line('row', 'attack', 'what stops it', 'where it is shown'),
    line('---', '---', '---', '---'),
    ...rowLines(table),
    line(
      '–',
      expectationOf('limits')?.title ?? '',
      stopsOf('limits', table),
      '`test/attack/limits/probe.c`, in the mutation run',
    ),
    '\n## Rows of which no mutant lets a try through\n',
    'What stops them is not shown by this run: either more layers than one mutant lacks stand in the way, or the kernel or the build has nothing',
    'there to be reached.\n',
    ...silent.map((name) => `- row ${rowOf(name)}: ${expectationOf(name)?.title ?? name}`),
    '',
  ].join('\n')
}

if (process.argv[1]?.endsWith('attack-page.js')) writeFileSync(attackPage, renderAttacks())

export const committedPage = (): string => readFileSync(attackPage, 'utf8')
