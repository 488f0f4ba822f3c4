// What the policy's verdict on one job costs, microseconds.
import type { Settings } from '../../contract/config.js'
import { judge } from '../../policy/engine.js'
import { parseGrants } from '../../policy/grant-file.js'
import { loadLocalFiles } from '../../queue/local-files.js'
import { scaled } from './scale.js'
import { type Summary, summarise } from './statistics.js'

/** Allowed, and of two warnings: an allowed job is judged by every rule, and warnings are part of the verdict. */
const spec = {
  language: 'python',
  source: 'print(1)',
  env: { A: 'b', API_KEY: 'c' },
  user: { uid: 0, gid: 0 },
  limits: { wallMs: 1000, memoryBytes: 67_108_864 },
}

export async function judgeCost(settings: Settings): Promise<Summary> {
  const { catalogue, platform } = await loadLocalFiles({
    ...settings,
    profileDirectory: 'profiles',
  })
  const grant = parseGrants([]).get('untrusted')
  if (grant === undefined) throw new Error('no preset')
  const values: number[] = []
  const warmUp = 2000
  for (let run = 0; run < warmUp + scaled(10_000); run++) {
    const before = process.hrtime.bigint()
    judge(spec, grant, catalogue, platform)
    if (run >= warmUp) values.push(Number(process.hrtime.bigint() - before) / 1000)
  }
  return summarise(values)
}
