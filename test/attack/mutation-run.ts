// One pass of the corpus for each mutant: the layers one by one, then those that a table names together.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileForHost } from './control.js'
import { openRelay, type Relay } from './launcher-relay.js'
import {
  awaitLauncher,
  endedByTime,
  neverStarted,
  type Probe,
  probesOf,
  runCorpus,
  type Sighting,
} from './mutant-corpus.js'
import { layers, linkMutant, readBack, restoreLauncher, useLauncher } from './mutant-launcher.js'
import {
  addEffects,
  type Effects,
  effectsOf,
  type Rows,
  readBackOf,
  sorted,
  type Table,
} from './mutation-table.js'
import { lackingHere } from './outside.js'
import { besideOnHost, listenerName } from './placeholders.js'

export type Pass = {
  readonly without: readonly string[]
  readonly sightings: readonly Sighting[]
  readonly effects: Effects
}

export type Passes = {
  /** Runs the corpus, or these rows of it, without some layers; none is the control. @throws Error when a mutant cannot run programs at all. */
  pass(without: readonly string[], names?: readonly string[]): Promise<Pass>
  /** Tries of the corpus that this host cannot show. */
  lacking(names?: readonly string[]): Promise<string[]>
  readonly relay: Relay
}

/** A program that did not come to its end says so; one that was never started, or had no time to come to it, makes its mutant worthless. */
function mustHaveRun(without: readonly string[], sightings: readonly Sighting[]): void {
  const never = sightings.filter(
    ({ ended }) => ended.startsWith(neverStarted) || endedByTime.includes(ended),
  )
  const [first] = never
  if (first !== undefined)
    throw new Error(
      `without ${without.join(', ')}: ${never.length} of ${sightings.length} were not started or had no time, the first ${first.probe.name}: ${first.ended}`,
    )
}

/** Opens what all passes share, and puts the product's launcher back at the end whatever happens. */
export async function withPasses(use: (passes: Passes) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-mutants-'))
  const probes: Probe[] = probesOf(directory)
  const relay = await openRelay()
  const pass: Passes['pass'] = async (without, names) => {
    useLauncher(linkMutant([...without, readBack]))
    await awaitLauncher(relay.socket)
    const sightings = await runCorpus(
      relay.socket,
      probes.filter(({ name }) => names?.includes(name) ?? true),
    )
    mustHaveRun(without, sightings)
    return { without, sightings, effects: effectsOf(sightings) }
  }
  const lacking: Passes['lacking'] = (names = probes.map(({ name }) => name)) =>
    lackingHere(names, directory)
  const listener = compileForHost('050-abstract-socket', directory)
  try {
    await besideOnHost([listener, 'listen', listenerName], () => use({ pass, lacking, relay }))
  } finally {
    restoreLauncher()
    await relay.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** All passes that a table is made of. `tell` hears of each as it is done. */
export async function makeTable(
  { pass, lacking }: Passes,
  together: Table['together'],
  tell: (pass: Pass) => void,
): Promise<Table> {
  const rows: Rows = {}
  const readBack: Record<string, string | null> = {}
  for (const without of [...layers.map(({ name }) => [name]), ...together]) {
    const done = await pass(without)
    tell(done)
    addEffects(rows, without, done.effects)
    if (without.length === 1) readBack[without.join()] = readBackOf(done.sightings)
  }
  return { readBack, together, lacking: await lacking(), rows: sorted(rows) }
}
