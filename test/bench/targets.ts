// What issues 3 and 4 want, each against what was measured. Ratios are of medians of one run.
import type { Measured, Target } from './result.js'
import type { StartCost } from './start-cost.js'
import { round } from './statistics.js'
import { bareName } from './way-bare.js'
import { bubblewrapName } from './way-bubblewrap.js'
import { plainName } from './way-plain.js'
import { coldName, warmName } from './way-sandbox.js'

const mebibyte = 1_048_576

const below = (measured: number, limit: number): Pick<Target, 'measured' | 'pass'> => ({
  measured: round(measured),
  pass: measured < limit,
})
const atLeast = (measured: number, limit: number): Pick<Target, 'measured' | 'pass'> => ({
  measured: round(measured),
  pass: measured >= limit,
})

/** Median of a way that always runs. A way that is not there makes NaN, which passes nothing. */
const median = (
  measured: Measured,
  name: string,
  series: keyof Pick<StartCost, 'withPause' | 'backToBack'>,
): number => measured.start.find((one) => one.name === name)?.[series].p50 ?? Number.NaN

const bestRate = ({ http }: Measured): number =>
  Math.max(...http.throughput.map(({ jobsPerSecond }) => jobsPerSecond))

function ofIssue3(measured: Measured): Target[] {
  const issue = 3
  const warm = median(measured, warmName, 'withPause')
  const { api, worker, launcher } = measured.idleBytes
  const idle = (api + worker + launcher) / mebibyte
  return [
    {
      ...{ issue, name: 'warm sandbox against plain fork and exec' },
      ...{ wanted: 'under 5 times', unit: 'times' },
      ...below(warm / median(measured, plainName, 'withPause'), 5),
    },
    {
      ...{ issue, name: 'bubblewrap against warm sandbox' },
      ...{ wanted: 'at least 2 times', unit: 'times' },
      ...atLeast(median(measured, bubblewrapName, 'withPause') / warm, 2),
    },
    {
      ...{ issue, name: 'HTTP with wait, p50' },
      ...{ wanted: 'under 15 ms', unit: 'ms' },
      ...below(measured.http.trivialMs.p50, 15),
    },
    {
      ...{ issue, name: 'HTTP jobs a second' },
      ...{ wanted: '100 or more', unit: 'a second' },
      ...atLeast(bestRate(measured), 100),
    },
    {
      ...{ issue, name: 'idle api, worker and launcher' },
      ...{ wanted: 'under 250 MiB', unit: 'MiB' },
      ...below(idle, 250),
    },
    {
      ...{ issue, name: 'a waiting slot, its processes' },
      ...{ wanted: 'under 2 MiB', unit: 'MiB' },
      ...below(measured.waiting.processBytes / mebibyte, 2),
    },
    {
      ...{ issue, name: 'judging a job, p99' },
      ...{ wanted: 'under 100 µs', unit: 'µs' },
      ...below(measured.judgeMicroseconds.p99, 100),
    },
  ]
}

function ofIssue4(measured: Measured): Target[] {
  const issue = 4
  const { http, python, soak, waiting } = measured
  const cold = median(measured, coldName, 'backToBack') / median(measured, bareName, 'backToBack')
  const over = median(measured, warmName, 'withPause') - median(measured, plainName, 'withPause')
  return [
    {
      ...{ issue, name: 'cold sandbox against the bare kernel work' },
      ...{ wanted: 'under 1.3 times', unit: 'times' },
      ...below(cold, 1.3),
    },
    {
      ...{ issue, name: 'warm sandbox above plain fork and exec' },
      ...{ wanted: 'under 1 ms', unit: 'ms' },
      ...below(over, 1),
    },
    {
      ...{ issue, name: 'HTTP with wait, p50' },
      ...{ wanted: 'under 8 ms', unit: 'ms' },
      ...below(http.trivialMs.p50, 8),
    },
    {
      ...{ issue, name: 'HTTP jobs a second' },
      ...{ wanted: '250 or more', unit: 'a second' },
      ...atLeast(bestRate(measured), 250),
    },
    {
      ...{ issue, name: 'Python hello through HTTP, above python3 itself' },
      ...{ wanted: 'under 10 ms', unit: 'ms' },
      ...below(python.http.p50 - python.itself.p50, 10),
    },
    {
      ...{ issue, name: '1,000 waiting slots' },
      ...{ wanted: 'under 1536 MiB', unit: 'MiB' },
      ...below(waiting.thousandBytes / mebibyte, 1536),
    },
    {
      ...{ issue, name: `things that grew over ${soak.jobs} jobs` },
      ...{ wanted: 'none', unit: 'things' },
      ...below(soak.grown.length, 1),
    },
  ]
}

export const targetsOf = (measured: Measured): Target[] => [
  ...ofIssue3(measured),
  ...ofIssue4(measured),
]
