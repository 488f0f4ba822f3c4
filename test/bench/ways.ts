// All ways of starting a program that the bench compares, in the order of its table.
import type { Absence, Place, Way, Ways } from './way.js'
import { bare } from './way-bare.js'
import { bubblewrap } from './way-bubblewrap.js'
import { docker } from './way-docker.js'
import { goJudge } from './way-go-judge.js'
import { isolate } from './way-isolate.js'
import { nsjail } from './way-nsjail.js'
import { oci } from './way-oci.js'
import { plain } from './way-plain.js'
import { sandbox } from './way-sandbox.js'

const all: readonly ((place: Place) => Ways | Promise<Ways>)[] = [
  plain,
  bare,
  sandbox,
  bubblewrap,
  oci,
  docker,
  isolate,
  nsjail,
  goJudge,
]

/** Runs `measure` with every way that can run here, and ends whatever was started for them. */
export async function withWays<Result>(
  place: Place,
  measure: (ways: readonly Way[], absent: readonly Absence[]) => Promise<Result>,
): Promise<Result> {
  const prepared: Ways[] = []
  try {
    for (const prepare of all) prepared.push(await prepare(place))
    return await measure(
      prepared.flatMap(({ ways }) => ways),
      prepared.flatMap(({ absent }) => absent),
    )
  } finally {
    for (const { end } of prepared.reverse()) await end()
  }
}
