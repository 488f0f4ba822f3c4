// `npm run precision`: each probe 100 times on this machine; writes docs/precision.md. test/precision/run brings the stack up first. With a number,
// so many times, and the page is printed: the virtual machine's own form (test/vm/inside).
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { describeMachine } from '../bench/machine.js'
import { compiled } from '../sandbox/program.js'
import { openTenant } from '../stack.js'
import { type Held, hold } from './host.js'
import { observe, type Probe, probes } from './probes.js'
import { renderReport, type Series } from './report.js'
import { spreadOf, spreadText } from './spread.js'

const bounded = process.argv[2]
const runs = Number(bounded ?? 100)
const heldRuns = bounded === undefined ? 3 : 1
const tenant = openTenant('precision')
const program = compiled('precision/probe.c')
const machine = describeMachine()
const load = loadavg()[0] ?? Number.NaN

const series: Series[] = []
await observe(tenant, program, probes.image, 1) // whoever reads it first pays for it
for (const probe of Object.values<Probe>(probes)) {
  const spread = spreadOf(await observe(tenant, program, probe, runs))
  series.push({ probe, spread })
  console.log(`${probe.name}: ${spreadText(spread, probe.unit)}`)
}

async function holdRuns(probe: Probe): Promise<{ probe: Probe; runs: Held[] }> {
  const held: Held[] = []
  for (let run = 0; run < heldRuns; run++) held.push(await hold(tenant, program, probe))
  return { probe, runs: held }
}
const held = [await holdRuns(probes.spinner), await holdRuns(probes.anonymous)]
const cgroupVersion = held[0]?.runs[0]?.job.isolation?.cgroupVersion ?? Number.NaN
const page = renderReport({ machine, load, cgroupVersion, series, held })
if (bounded === undefined) writeFileSync('docs/precision.md', page)
else console.log(page)
