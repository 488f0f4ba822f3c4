// The control group of a job that runs, as root reads it from the host's side: no part of it comes through us.
import type { Job } from '../../contract/result.js'
import { groupsAboveSlots } from '../slot-group.js'
import { accountOf, asRoot, outputOf, type Tenant } from '../stack.js'
import { jobOf, type Probe } from './probes.js'

export type HostFigures = {
  readonly cpuMs: number
  /** What the kernel has charged, with the pages it charges ahead for each processor. */
  readonly chargedBytes: number
}
export type Held = { readonly host: HostFigures; readonly job: Job }

/** Files of both versions of control groups; of each, its last number is the one wanted. */
const files = {
  cpuNs: 'cpuacct.usage',
  cpuUs: 'cpu.stat',
  chargedV1: 'memory.usage_in_bytes',
  chargedV2: 'memory.current',
}

/** The largest figure of any step: on an instance of the tests no other job runs meanwhile. */
function largest(file: string, key = ''): number {
  const steps = groupsAboveSlots().map((group) => `${group}/slot-*/step/${file}`)
  const text = asRoot(['sh', '-c', `cat ${steps.join(' ')} 2> /dev/null || true`])
  const numbers = text
    .split('\n')
    .filter((line) => line.startsWith(key))
    .map((line) => Number(line.slice(key.length)))
  return Math.max(0, ...numbers)
}

function readHost(): HostFigures {
  const v1Ns = largest(files.cpuNs)
  return {
    cpuMs: v1Ns > 0 ? v1Ns / 1e6 : largest(files.cpuUs, 'usage_usec ') / 1e3,
    chargedBytes: Math.max(largest(files.chargedV1), largest(files.chargedV2)),
  }
}

/** Holds a job where it has used what it uses, reads its group, and cancels it: what the result says then is of the same program. */
export async function hold(tenant: Tenant, program: string, probe: Probe): Promise<Held> {
  const { id } = await tenant.submit(jobOf(program, [...probe.words, 'hold']))
  for await (const event of tenant.events(id)) if (event.name === 'stdout') break
  const host = readHost()
  await tenant.request('DELETE', `/v1/jobs/${id}`)
  const job = await tenant.finished(id)
  if (job.outcome !== 'cancelled' || outputOf(job).length === 0) throw new Error(accountOf(job))
  return { host, job }
}
