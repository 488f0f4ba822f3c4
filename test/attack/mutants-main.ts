// `npm run test:mutants`: runs the corpus without each layer, and without those that the table names together, and writes the table
// anew. With words, `seccomp+landlock …`, only says what each of these does and writes nothing.
import { writeFileSync } from 'node:fs'
import { makeTable, type Pass, withPasses } from './mutation-run.js'
import { mutantName, readTable, tablePath } from './mutation-table.js'

function tell({ without, sightings, effects }: Pass): void {
  const unfinished = sightings.filter(({ ended }) => ended !== 'exited 0')
  const tries = Object.values(effects).flatMap((row) => Object.values(row))
  const through = tries.filter((words) => words.includes('through')).length
  console.log(
    `without ${mutantName(without) || 'nothing'}: ${through} tries come through, ${tries.length - through} are answered otherwise`,
  )
  for (const { probe, uid, ended } of unfinished) console.log(`  ${probe.name} as ${uid}: ${ended}`)
}

function tellAll(pass: Pass): void {
  tell(pass)
  for (const [row, tries] of Object.entries(pass.effects))
    for (const [attempt, words] of Object.entries(tries)) {
      const saw = pass.sightings
        .filter(({ probe }) => probe.name === row)
        .map(({ uid, sights }) => `${uid} ${sights.get(attempt) ?? 'nothing'}`)
      console.log(`  ${row} ${attempt}: ${words} (${Array.from(new Set(saw)).join(', ')})`)
    }
}

const wanted = process.argv.slice(2).map((word) => word.split('+').filter((one) => one !== 'none'))
await withPasses(async (passes) => {
  for (const without of wanted) tellAll(await passes.pass(without))
  if (wanted.length > 0) return
  tell(await passes.pass([]))
  const table = await makeTable(passes, readTable().together, tell)
  writeFileSync(tablePath, `${JSON.stringify(table, null, 2)}\n`)
})
