// Create requests drawn from the schema, against the oracle: whatever is let through gives nothing of the host or of another away. Values are
// drawn from those that engines give a meaning to, so that most requests are near something dangerous.
import fc from 'fast-check'
import t from 'tap'
import { type DockerShape, dockerContainerCreate } from '../../contract/docker-container.js'
import { judgeDocker } from '../../policy/docker-judge.js'
import {
  call,
  cliCreate,
  dockerContext,
  dockerGrant,
  imageId,
  seccompProfiles,
  webId,
} from './docker-fixture.js'
import { hostAccess, type Owner } from './docker-oracle.js'
import { roads } from './docker-roads.js'

const drawn = Number(process.env.STOCKADE_TEST_DRAWN ?? 3000)
const seed = Number(process.env.STOCKADE_TEST_SEED ?? 0) || undefined
const { limits, docker } = dockerGrant().grant

const owner: Owner = {
  tenant: 'acme',
  networks: ['acme', 'acme.back'],
  containers: [webId],
  images: [imageId],
  isOwnVolume: (name) => /^acme\.[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name),
  address: '127.0.0.9',
  ports: [20_000, 20_099],
  capabilities: [...docker.capabilities, ...docker.capabilitiesAdded],
  seccomp: ['default', 'strict', 'build'].map(
    (name) => `seccomp=${JSON.stringify(seccompProfiles.get(name))}`,
  ),
  memoryMax: limits.memoryBytes.maximum,
  processesMax: limits.processes.maximum,
  nanoCpusMax: limits.cpuMillis.maximum * 1e6,
  cgroupParent: '/stockade/acme',
}

/** Words that mean something somewhere; each is tried everywhere. */
const words = fc.constantFrom(
  '',
  'host',
  'private',
  'none',
  'default',
  'bridge',
  'back',
  'theirs',
  'container:web',
  'container:stranger',
  'web',
  'web:ro',
  'stranger',
  'app',
  'data',
  'data:/x',
  'new:/x:ro',
  '/:/x',
  '/x',
  '/etc',
  '/proc',
  '/proc/self',
  '../x',
  'volume',
  'tmpfs',
  'bind',
  'local',
  'json-file',
  'syslog',
  'no',
  'always',
  'on-failure',
  'ALL',
  'CHOWN',
  'cap_sys_chroot',
  'SYS_ADMIN',
  'seccomp=unconfined',
  'seccomp=strict',
  'no-new-privileges',
  'no-new-privileges:false',
  'apparmor=unconfined',
  'size=1m',
  'dev',
  'nofile',
  'memlock',
  'core',
  '0.0.0.0',
  '127.0.0.9',
  '10.0.0.1',
  '80',
  '20001',
  '20000-20010',
  '80/tcp',
  '1000',
  '0',
  'root',
  '1000:1000',
  'A=b',
  'device',
  'stockade.tenant',
  'HostConfig',
  'private ',
  'Host',
  '::',
  'a\u0000b',
)
const numbers = fc.constantFrom(
  0,
  1,
  -1,
  3,
  5,
  1000,
  100_000,
  2 ** 22,
  2 ** 28,
  2 ** 33,
  2 ** 40,
  1e9,
  64e9,
  0.5,
  0o777,
  0o4777,
)

function drawnFrom(shape: DockerShape): fc.Arbitrary<unknown> {
  if (shape === 'text') return words
  if (shape === 'words') return fc.oneof(words, fc.array(words, { maxLength: 2 }))
  if (shape === 'number') return numbers
  if (shape === 'truth') return fc.boolean()
  if (shape === 'nothing') return fc.constant({})
  if (Array.isArray(shape)) return fc.array(drawnFrom(shape[0] as DockerShape), { maxLength: 2 })
  const fields = Object.entries(shape as Readonly<Record<string, DockerShape>>)
  const any = fields.find(([name]) => name === '*')
  if (any !== undefined) return fc.dictionary(words, drawnFrom(any[1]), { maxKeys: 2 })
  return few(fields.map(([name, below]) => [name, drawnFrom(below)]))
}

/** Of many fields a few at once: with all of them every request would be refused, and nothing would be learnt of what is let through. */
function few(fields: readonly (readonly [string, fc.Arbitrary<unknown>])[]): fc.Arbitrary<unknown> {
  return fc
    .subarray([...fields], { maxLength: Math.min(3, fields.length) })
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen) as Record<string, fc.Arbitrary<unknown>>),
    )
}

const { HostConfig, NetworkingConfig, ...config } = dockerContainerCreate
const requests = fc
  .tuple(
    drawnFrom(config),
    drawnFrom(HostConfig),
    fc.option(drawnFrom(NetworkingConfig), { nil: {} }),
    fc.constantFrom(cliCreate, { Image: 'app' }),
  )
  .map(([own, host, network, base]) => {
    const beside = 'HostConfig' in base ? base.HostConfig : {}
    return {
      ...base,
      ...(own as object),
      Image: 'app',
      HostConfig: { ...beside, ...(host as object) },
      NetworkingConfig: network,
    }
  })

t.test('no request that is let through gives anything away', async (t) => {
  let allowed = 0
  fc.assert(
    fc.property(requests, (body) => {
      const verdict = judgeDocker(call('container-create', body), dockerContext())
      if (!verdict.allowed) return
      allowed += 1
      const faults = hostAccess(JSON.parse(JSON.stringify(verdict.body)), owner)
      if (faults.length > 0) throw new Error(faults.join('; '))
    }),
    { numRuns: drawn, ...(seed === undefined ? {} : { seed }) },
  )
  t.ok(allowed > drawn / 20, `${allowed} of ${drawn} were let through`)
})

t.test(
  'the oracle sees what is wrong: none of the hostile bodies would pass it as it is',
  async (t) => {
    for (const { name, body, endpoint } of roads)
      if (endpoint === 'container-create') t.not(hostAccess(body, owner).length, 0, name)
  },
)

t.test('what is not judged is nowhere in the rebuilt body', async (t) => {
  const verdict = judgeDocker(
    call('container-create', { Image: 'app', Env: ['A=b'] }),
    dockerContext(),
  )
  t.ok(verdict.allowed)
  if (!verdict.allowed) return
  t.strictSame(hostAccess(verdict.body, owner), [])
  t.notMatch(JSON.stringify(verdict.body), /"(Binds|Devices|Sysctls|Runtime)"/)
})
