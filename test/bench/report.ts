// The page docs/bench.md, from what docs/bench.json holds.
import { memory, programs, queue, soak } from './report-service.js'
import type { Report } from './result.js'
import { laneCounts } from './start-rate.js'
import type { Summary } from './statistics.js'
import { table } from './table.js'

const quantiles = ({ p50, p90, p99, runs }: Summary): number[] => [p50, p90, p99, runs]

const head = ({ machine, scale }: Report): string => `# Figures

Written by \`npm run bench\` on ${machine.date}, commit \`${machine.commit.slice(0, 12)}\`: ${machine.cores} × ${machine.cpu}, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, Linux ${machine.kernel},
Node ${machine.node}; ${Object.values(machine.versions)
  .filter((text) => text !== 'not there')
  .join('; ')}.
Load before it began: ${machine.load.toFixed(2)}. Machines are noisy: read the ratios, measured turn by turn in one run, before the milliseconds.${
  scale === 1
    ? ''
    : `\n\n**A run of ${scale} of the usual length: to see that it works, not to be read as figures.**`
}
`

const targets = (report: Report): string => `## Targets

${table(
  ['issue', 'target', 'wanted', 'measured', ''],
  report.targets.map(({ issue, name, wanted, measured, unit, pass }) => [
    ...[issue, name, wanted],
    ...[`${measured} ${unit}`, pass ? 'pass' : '**miss**'],
  ]),
)}
`

const start = (report: Report): string => `## Start and end of \`/bin/true\`, milliseconds

With a pause of 15 ms between two runs, in which the launcher prepares the next sandbox:

${table(
  ['way', 'p50', 'p90', 'p99', 'runs'],
  report.start.map(({ name, withPause }) => [name, ...quantiles(withPause)]),
)}

Back to back:

${table(
  ['way', 'p50', 'p90', 'p99', 'runs'],
  report.start.map(({ name, backToBack }) => [name, ...quantiles(backToBack)]),
)}

The sandbox's figure is from connecting to the launcher until it confirms that nothing of the sandbox is left. *One slot alone* holds all
slots but one with a program that sleeps; back to back each run then waits until its sandbox is made from nothing, and that is the cold
figure of the targets. The bare kernel work is \`test/bench/bare.c\`: no control group, no filter, no limit, nothing read back.
${report.absent.map(({ name, reason }) => `\nNot measured: **${name}**: ${reason}.`).join('\n')}

Programs a second, several side by side; ways that cannot are left out. Ours takes one a slot: where there are fewer slots, the number in
brackets says how many really ran side by side.

${table(
  ['way', ...laneCounts.map((lanes) => `${lanes} at a time`)],
  report.rate.map(({ name, perSecond }) => [
    name,
    ...perSecond.map(({ lanes, sideBySide, rate }) =>
      sideBySide < lanes ? `${rate} (${sideBySide})` : rate,
    ),
  ]),
)}
`

export const renderReport = (report: Report): string =>
  [head, targets, start, programs, memory, soak, queue].map((part) => part(report)).join('\n')
