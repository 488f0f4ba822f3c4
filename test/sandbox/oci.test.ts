// A plan written as an OCI config, and a checker that looks from inside a real job whether it is in what the config says.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import { accountOf, openTenant, outputOf } from '../stack.js'
import {
  checkerSource,
  configOf,
  type Facts,
  firstSubordinateId,
  hostNamespaces,
  objectsToEach,
  planOf,
  type Report,
} from './oci-bundle.js'
import {
  hostFaults,
  mutated,
  mutationsInside,
  mutationsOutside,
  unclaimed,
} from './oci-mutations.js'

const tenant = openTenant('oci')
const file = (path: string, value: unknown) => ({ path, content: JSON.stringify(value) })

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
    const inside = mutationsInside(config)
    const outside = mutationsOutside(config)
    t.same(unclaimed(config, [...inside, ...outside]), [], 'each field is changed once, or excused')
    const facts: Facts = {
      namespaces: hostNamespaces(),
      seesHostIds: false,
      defaultDevices: false,
      mutations: inside,
    }
    const files = [file('config.json', config), file('facts.json', facts)]
    const job = await tenant.run({ ...whole, files })
    t.equal(job.outcome, 'ok', accountOf(job))
    const report = JSON.parse(outputOf(job).toString('utf8')) as Report
    t.same(report.config, [], 'what runs inside is what the config says')
    objectsToEach(t, report, inside)
    const { isolation } = job
    if (isolation === null) throw new Error(accountOf(job))
    t.same(hostFaults(config, isolation), [], 'and so it is from the host')
    for (const mutation of outside)
      t.same(hostFaults(mutated(config, mutation), isolation), [mutation.objection], mutation.name)
  })
}
