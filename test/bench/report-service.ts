// The sections of docs/bench.md on the service as a whole: programs through HTTP, memory, soak, queue.
import { serviceNames } from './holdings.js'
import type { Report } from './result.js'
import type { Summary } from './statistics.js'
import { table } from './table.js'

const mebibytes = (bytes: number): number => Math.round((bytes / 1_048_576) * 10) / 10
const quantiles = ({ p50, p90, p99, runs }: Summary): number[] => [p50, p90, p99, runs]

export const programs = ({ python, http, judgeMicroseconds }: Report): string => `## Programs

One at a time, milliseconds. Through HTTP is the whole way: \`POST /v1/jobs?wait\`, policy, queue, worker, sandbox, signed result.

${table(
  ['program', 'p50', 'p90', 'p99', 'runs'],
  [
    ['`/bin/true` through HTTP', ...quantiles(http.trivialMs)],
    ["Python's hello: `python3` itself, plain fork and exec", ...quantiles(python.itself)],
    ["Python's hello in a sandbox", ...quantiles(python.sandbox)],
    ["Python's hello through HTTP", ...quantiles(python.http)],
    ['C++ through HTTP, compiled and run', ...quantiles(http.cppMs)],
  ],
)}

\`/bin/true\` through HTTP, several at one time:

${table(
  ['in flight', 'jobs a second', 'p50 ms', 'p90 ms', 'p99 ms'],
  http.throughput.map(({ inFlight, jobsPerSecond, latencyMs }) => [
    ...[inFlight, jobsPerSecond],
    ...[latencyMs.p50, latencyMs.p90, latencyMs.p99],
  ]),
)}

Judging one job: p50 ${judgeMicroseconds.p50} µs, p99 ${judgeMicroseconds.p99} µs.
`

export const memory = ({ idleBytes, waiting, runningBytes }: Report): string => `## Memory

Proportional set size of the service just started and idle, MiB. The target is of the first three; Redis holds the jobs that it keeps, at
that moment those of whatever ran on the instance before.

${table(
  ['process', 'MiB'],
  serviceNames.map((name) => [name, mebibytes(idleBytes[name])]),
)}

- A waiting slot: ${mebibytes(waiting.processBytes)} MiB in its three processes (proportional set size, page tables, kernel stacks) and
  ${mebibytes(waiting.kernelBytes)} MiB of the kernel's own (slab, per-processor areas, tmpfs; unused names and inodes dropped first).
- 1,000 waiting slots: ${mebibytes(waiting.thousandBytes)} MiB, ${
  waiting.slots >= 1000
    ? 'measured on as many.'
    : `reckoned: the instance was started with ${waiting.slots} slots more, and what it held more was divided by ${waiting.slots} and taken a thousand times.`
}
- A running sandbox with \`sleep\` in it: ${mebibytes(runningBytes)} MiB in its processes.
`

export const soak = ({ soak }: Report): string => `## Nothing grows

${soak.jobs} jobs, eight in flight, after a warm-up. Counts must be as before; the memory of api, worker and launcher may not be more than
15 % above what it was half-way. Redis keeps finished jobs up to \`finishedKeepJobs\`: told, not judged.

${table(
  ['', 'before', 'half-way', 'after'],
  [
    ...serviceNames.map((name) => [
      `resident memory of ${name}, MiB`,
      ...[soak.before, soak.half, soak.after].map((one) => mebibytes(one.residentBytes[name])),
    ]),
    ...Object.keys(soak.after.counts).map((name) => [
      name,
      ...[soak.before, soak.half, soak.after].map((one) => one.counts[name] ?? ''),
    ]),
  ],
)}

${soak.grown.length === 0 ? 'Nothing grew.' : `Grew: ${soak.grown.join('; ')}.`}
`

export const queue = ({ queue }: Report): string => `## A long queue

${queue.jobs} jobs sent while every slot slept, 16 requests in flight: accepted in ${queue.acceptSeconds} s (${Math.round(queue.jobs / queue.acceptSeconds)} a second). From the moment that
the slots came free: first result after ${queue.firstResultMs} ms, last after ${queue.lastResultSeconds} s.

${table(
  ['resident memory, MiB', ...serviceNames],
  (['before', 'full', 'after'] as const).map((when) => [
    when,
    ...serviceNames.map((name) => mebibytes(queue.residentBytes[when][name])),
  ]),
)}
`
