// The bench's figures as JSON (committed with the commit they measured) and as a page.
import type { Throughput } from './http-load.js'
import type { Machine } from './machine.js'
import type { Summary } from './statistics.js'

export type Target = {
  readonly name: string
  readonly wanted: string
  readonly measured: number
  readonly unit: string
  readonly pass: boolean
}

export type Report = {
  readonly machine: Machine
  readonly start: Readonly<Record<string, Summary>>
  readonly http: { readonly latencyMs: Summary; readonly throughput: readonly Throughput[] }
  readonly judgeMicroseconds: Summary
  readonly idleBytes: Readonly<Record<string, number>>
  /** What one waiting sandbox holds: supervisor, init and job process, with their page tables and kernel stacks. */
  readonly slotBytes: number
  readonly targets: readonly Target[]
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
const quantiles = (summary: Summary): number[] => [
  summary.p50,
  summary.p90,
  summary.p99,
  summary.runs,
]
const mebibytes = (bytes: number): number => Math.round((bytes / 1048576) * 10) / 10

/** The page `docs/bench.md`. */
export function renderReport(report: Report): string {
  const { machine } = report
  return `# Figures

Written by \`npm run bench\` on ${machine.date}, commit \`${machine.commit.slice(0, 12)}\`: ${machine.cores} × ${machine.cpu}, Linux ${machine.kernel},
Node ${machine.node}. Machines are noisy: read the ratios, measured turn by turn in one run, before the milliseconds.

## Targets

${table(
  ['target', 'wanted', 'measured', ''],
  report.targets.map((target) => [
    target.name,
    target.wanted,
    `${target.measured} ${target.unit}`,
    target.pass ? 'pass' : '**miss**',
  ]),
)}

## Start and end of \`/bin/true\`, milliseconds

${table(
  ['way', 'p50', 'p90', 'p99', 'runs'],
  Object.entries(report.start).map(([name, summary]) => [name, ...quantiles(summary)]),
)}

The sandbox's figure is from connecting to the launcher until it confirms that nothing of the sandbox is left. Each way has the same pause
between two runs, in which the launcher prepares the next sandbox; back to back it has none, and preparing is part of the figure.

## Through HTTP, \`wait\`, policy, queue and sandbox

One at a time, \`/bin/true\`, milliseconds: p50 ${report.http.latencyMs.p50}, p90 ${report.http.latencyMs.p90}, p99 ${report.http.latencyMs.p99}.

${table(
  ['in flight', 'jobs a second', 'p50 ms', 'p99 ms'],
  report.http.throughput.map((line) => [
    line.inFlight,
    line.jobsPerSecond,
    line.latencyMs.p50,
    line.latencyMs.p99,
  ]),
)}

Judging one job: p50 ${report.judgeMicroseconds.p50} µs, p99 ${report.judgeMicroseconds.p99} µs.

## Memory when idle

${table(
  ['users', 'MiB'],
  Object.entries(report.idleBytes).map(([name, bytes]) => [name, mebibytes(bytes)]),
)}

A waiting slot, its three processes together: ${mebibytes(report.slotBytes)} MiB.
`
}
