// The whole service, through HTTP with `wait`: policy, queue, worker, sandbox, result.
import { type Door, latency, type Throughput, throughput } from './http-load.js'
import { scaled } from './scale.js'
import { laneCounts } from './start-rate.js'
import { type Summary, summarise } from './statistics.js'

export type HttpCost = {
  readonly trivialMs: Summary
  readonly cppMs: Summary
  readonly throughput: readonly Throughput[]
}

export const trivialJob = { image: 'default', command: ['/bin/true'] }
const cppJob = {
  language: 'cpp',
  source: '#include <iostream>\nint main() { std::cout << "hello" << std::endl; }\n',
}

export async function httpCost(door: Door): Promise<HttpCost> {
  await latency(door, trivialJob, scaled(30))
  const trivial = await latency(door, trivialJob, scaled(300))
  const lines: Throughput[] = []
  for (const lanes of laneCounts)
    lines.push(await throughput(door, trivialJob, Math.max(lanes, scaled(400)), lanes))
  const cpp = await latency(door, cppJob, scaled(12))
  return { trivialMs: summarise(trivial), cppMs: summarise(cpp), throughput: lines }
}
