// A plan written as an OCI config, and a checker that looks from inside a real job whether it is in what the config says.
import t, { type Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, openTenant, outputOf } from '../stack.js'
import {
  checkerSource,
  configOf,
  firstSubordinateId,
  hostNamespaces,
  mutationsOf,
  planOf,
  type Report,
} from './oci-bundle.js'

const tenant = openTenant('oci')
const file = (path: string, value: unknown) => ({ path, content: JSON.stringify(value) })

/** The host's view, as the result tells it; test/sandbox/receipt-host.test.ts holds that against the host itself. */
function checkHostSide(t: Test, job: Job, config: ReturnType<typeof configOf>): void {
  const { isolation } = job
  if (isolation === null) throw new Error(accountOf(job))
  const { memory, pids, cpu } = config.linux.resources
  t.equal(isolation.limits.memoryBytes, memory.limit, 'memory')
  t.equal(isolation.limits.memoryBytes + isolation.limits.swapBytes, memory.swap, 'with swap')
  t.equal(isolation.limits.processes, pids.limit, 'processes')
  t.equal(isolation.limits.cpuQuotaUs, cpu.quota, 'quota')
  t.equal(isolation.limits.cpuPeriodUs, cpu.period, 'period')
  const maps = { uidMappings: isolation.uidMap, gidMappings: isolation.gidMap }
  for (const [name, map] of Object.entries(maps)) {
    const [mapping] = config.linux[name as keyof typeof maps]
    const [inside, host = 0, size] = map.split(' ').map(Number)
    t.same([inside, size], [mapping?.containerID, mapping?.size], name)
    const slots = (host - (mapping?.hostID ?? 0)) / (mapping?.size ?? 1)
    t.ok(Number.isInteger(slots) && slots >= 0 && slots < 1024, `${name}: those of slot ${slots}`)
  }
}

const cases: Readonly<Record<string, Partial<JobSpec>>> = {
  'an ordinary job': {},
  'limits of its own': {
    env: { ONE: 'a b', TWO: '=' },
    workdir: '/tmp',
    network: 'loopback',
    limits: {
      memoryBytes: 67 * 1_048_576,
      processes: 17,
      cpus: 0.5,
      openFiles: 77,
      fileBytes: 4_123_457,
      diskBytes: 8_388_608,
      cpuMs: 3000,
    },
  },
  'root inside': { user: { uid: 0, gid: 0 } },
}

for (const [name, spec] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const whole: JobSpec = { language: 'python', source: checkerSource, ...spec }
    const { plan, step } = await planOf(tenant, whole)
    const config = configOf(plan, step, firstSubordinateId() + 65536)
    const mutations = mutationsOf(config)
    const facts = {
      namespaces: hostNamespaces(),
      seesHostIds: false,
      defaultDevices: false,
      mutations,
    }
    const files = [file('config.json', config), file('facts.json', facts)]
    const job = await tenant.run({ ...whole, files })
    t.equal(job.outcome, 'ok', accountOf(job))
    const report = JSON.parse(outputOf(job).toString('utf8')) as Report
    t.same(report.config, [], 'what runs inside is what the config says')
    t.ok(mutations.length > 80, `${mutations.length} changes of one field`)
    for (const { name, objection } of mutations)
      t.ok(
        report.mutations[name]?.some((check) => check.startsWith(objection)),
        `${name}: the checker objects to ${objection}`,
      )
    checkHostSide(t, job, config)
  })
}
