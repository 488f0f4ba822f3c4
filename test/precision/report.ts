// The page `docs/precision.md`.
import type { Machine } from '../bench/machine.js'
import type { Held } from './host.js'
import type { Probe } from './probes.js'
import { inUnit, type Spread } from './spread.js'

export type Series = { readonly probe: Probe; readonly spread: Spread }
export type Report = {
  readonly machine: Machine
  readonly load: number
  readonly cgroupVersion: number
  readonly series: readonly Series[]
  readonly held: readonly { readonly probe: Probe; readonly runs: readonly Held[] }[]
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

function seriesTable(series: readonly Series[], unit: 'ms' | 'KiB'): string {
  return table(
    ['program', 'truth', 'bias', 'least', '5 of 100', '95 of 100', 'most', 'runs'],
    series
      .filter(({ probe }) => probe.unit === unit)
      .map(({ probe, spread: { bias, least, p5, p95, most, runs } }) => [
        probe.name,
        probe.truth,
        ...[bias, least, p5, p95, most].map((value) => inUnit(value, unit)),
        runs,
      ]),
  )
}

function heldRows(report: Report): (string | number)[][] {
  return report.held.flatMap(({ probe, runs }) =>
    runs.map(({ host, job }) => {
      const isMemory = probe.figure === 'memoryPeakBytes'
      const told = job.usage?.[probe.figure] ?? Number.NaN
      const seen = isMemory ? host.chargedBytes : host.cpuMs
      return [
        probe.name,
        `${inUnit(told, probe.unit)} ${probe.unit}`,
        `${inUnit(seen, probe.unit)} ${probe.unit}`,
        `${inUnit(told - seen, probe.unit)} ${probe.unit}`,
      ]
    }),
  )
}

export function renderReport(report: Report): string {
  const { machine } = report
  return `# Precision of the figures

Written by \`npm run precision\` on ${machine.date}, commit \`${machine.commit.slice(0, 12)}\`: ${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, control groups
v${report.cgroupVersion}, load average ${report.load.toFixed(1)} at the start. Each program runs through HTTP as a job of its own, one after the other. A row is the figure of the
result less the truth, which never comes from us: the kernel's clocks as the program itself reads them, and the bytes it touched. Bias is the
middle one of the runs; the rest is the spread.

## Time, milliseconds

${seriesTable(report.series, 'ms')}

What the kernel charges beyond that: \`execve\` of the program, the C library before \`main\`, the line that it prints, the exit with the return
of its memory; for a fork, the exit of each child after its last figure. The program cannot see them, and they are its own.
Not charged: the sandbox's making, its waiting for the job, init's reaping. Wall time is from the release of the program to its end as init sees
it, so it holds whatever a busy machine lets it wait; processor time does not.

## Peak memory, KiB

${seriesTable(report.series, 'KiB')}

What the kernel charges that the program did not ask for is the row of the one that touches nothing: page tables, the kernel stack and other
structures of each process and thread, the pages of its stack and data that \`execve\` and the C library write. To that come page tables for what it maps
and the kernel's index of a file's pages. The row of two processes has all of this twice, and the pages that either writes after the fork; it was not
taken apart further. Each page of memory that processes share is charged once, to the sandbox; a file in \`/work\`, \`/tmp\` or \`/dev/shm\` lives in memory and is charged as long as it is there, mapped or not. Pages of the
image are charged to whoever reads them first, once for all sandboxes, so a job may find them in its peak after the machine has started
or has been short of memory: the kernel offers nothing better, and they are given back under pressure before anybody is killed for them.
On v1 the kernel charges up to 63 pages ahead for each processor; they are taken from the peak again, as they are found at the end.

## Beside the control group, as root reads it from the host

The program has used what it uses and sleeps; the group is read; the job is cancelled. What is told more than was read is the end of the
program. What is told less is what the kernel had charged ahead, or the processor time of the waiting process before the program's release,
which is ours: both are in the group's figure and not in the result's.

${table(['program', 'told', 'read', 'difference'], heldRows(report))}
`
}
