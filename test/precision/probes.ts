// What is measured, by which figure of a result, and the ground truth that does not come from us: the program's own clocks, and what it touched.
import type { JobSpec } from '../../contract/job.js'
import type { Usage } from '../../contract/result.js'
import { accountOf, outputOf, type Tenant } from '../stack.js'

export const mebibyte = 1_048_576
const touched = 16 * mebibyte

/** What the program says of itself, by the kernel's clocks of it and of its children. */
type Said = { readonly cpuMs: number; readonly childrenMs: number; readonly wallMs: number }

export type Probe = {
  readonly name: string
  readonly words: readonly string[]
  readonly unit: 'ms' | 'KiB'
  readonly figure: keyof Pick<Usage, 'cpuMs' | 'wallMs' | 'memoryPeakBytes'>
  readonly truth: string
  /** How many processes it has at once: each costs the kernel something of its own. */
  readonly processes: number
  truthOf(said: Said): number
}

const memory = (name: string, words: readonly string[], bytes: number, truth: string): Probe => ({
  ...{ name, words, truth },
  processes: 1,
  unit: 'KiB',
  figure: 'memoryPeakBytes',
  truthOf: () => bytes,
})
const touching = (name: string, what: string): Probe =>
  memory(name, [what, String(touched)], touched, 'the 16 MiB that it touched')

export const probes = {
  spinner: {
    name: 'spinner, 300 ms',
    words: ['spin', '300'],
    unit: 'ms',
    figure: 'cpuMs',
    processes: 1,
    truth: '`CLOCK_PROCESS_CPUTIME_ID` at its end, less at its `main`',
    truthOf: (said) => said.cpuMs,
  },
  forker: {
    name: 'forker, 50 children of 6 ms',
    words: ['fork', '300'],
    unit: 'ms',
    figure: 'cpuMs',
    processes: 2,
    truth: 'the same, and `getrusage(RUSAGE_CHILDREN)`',
    truthOf: (said) => said.cpuMs + said.childrenMs,
  },
  sleeper: {
    name: 'sleeper, 100 ms',
    words: ['sleep', '100'],
    unit: 'ms',
    figure: 'wallMs',
    processes: 1,
    truth: '`CLOCK_MONOTONIC` at its end, less at its `main`',
    truthOf: (said) => said.wallMs,
  },
  nothing: memory('touches nothing', ['nothing', '0'], 0, 'nothing'),
  anonymous: touching('anonymous', 'anonymous'),
  shared: { ...touching('shared by two processes', 'shared'), processes: 2 },
  file: touching('a file of its own, written and mapped', 'file'),
  tmpfs: touching('a file in `/dev/shm`', 'tmpfs'),
  image: memory('a mapped file of the image', ['image', '/bin/bash'], 0, 'nothing of its own'),
} as const satisfies Record<string, Probe>

export const memoryProbes: readonly Probe[] = [
  probes.anonymous,
  probes.shared,
  probes.file,
  probes.tmpfs,
]

export const jobOf = (program: string, words: readonly string[]): JobSpec => ({
  image: 'default',
  command: ['/work/probe', ...words],
  files: [{ path: 'probe', contentBase64: program, mode: 0o755 }],
})

/** How far off each of so many runs is: the result's figure less the truth. Milliseconds or bytes. */
export async function observe(
  tenant: Tenant,
  program: string,
  probe: Probe,
  runs: number,
): Promise<number[]> {
  const off: number[] = []
  for (let run = 0; run < runs; run++) {
    const job = await tenant.run(jobOf(program, probe.words))
    if (job.outcome !== 'ok' || job.usage == null) throw new Error(accountOf(job))
    off.push(job.usage[probe.figure] - probe.truthOf(JSON.parse(outputOf(job).toString()) as Said))
  }
  return off
}
