// Jobs and grants as property tests draw them: jobs of plain and of hostile parts in every spelling that we know, grants at and around the presets.
import fc from 'fast-check'
import type { Grant } from '../../contract/grant.js'
import type { JobSpec } from '../../contract/job.js'
import { type LimitName, limitNames } from '../../policy/ask.js'
import { capabilityNames } from '../../policy/capability-name.js'
import { grantFaults } from '../../policy/grant-check.js'
import type { LoadedGrant } from '../../policy/grant-file.js'
import type { Platform } from '../../policy/rule.js'
import { checkJobSpec } from '../../policy/schema.js'
import { warningRules } from '../../policy/warnings.js'
import { grantOf } from './fixture.js'

/** The default is for every `npm test`; the long form draws many more. */
export const runs = Number(
  process.env.STOCKADE_TEST_DRAWN ?? (process.env.STOCKADE_TEST_FULL === '1' ? 50_000 : 1000),
)

/** Mostly the first, now and then the other. */
const mostly = <A, B>(plain: fc.Arbitrary<A>, hostile: fc.Arbitrary<B>): fc.Arbitrary<A | B> =>
  fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: hostile })

const digest = 'd'.repeat(64)

/** What each property is asserted with. A seed makes a run that can be had again, as a mutation run must be. */
export const drawing: fc.Parameters<unknown> = {
  numRuns: runs,
  ...(process.env.STOCKADE_TEST_SEED === undefined
    ? {}
    : { seed: Number(process.env.STOCKADE_TEST_SEED) }),
}

/** A word in another case, with blanks or tabs around it. */
export const respelled = (word: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.boolean(), { minLength: word.length, maxLength: word.length }),
      fc.constantFrom('', ' ', '\t', '  '),
      fc.constantFrom('', ' ', '\n'),
    )
    .map(([upper, before, after]) => {
      const letters = [...word].map((letter, at) =>
        upper[at] ? letter.toUpperCase() : letter.toLowerCase(),
      )
      return `${before}${letters.join('')}${after}`
    })

/** A capability in any spelling that an engine takes. */
export const spelledCapability: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...capabilityNames, 'CAP_ALL'), fc.boolean(), fc.boolean())
  .chain(([name, short, dashed]) => {
    const word = short ? name.replace(/^CAP_/, '') : name
    return respelled(dashed ? word.replaceAll('_', '-') : word)
  })

/** A path with detours that lead nowhere else. */
export const detoured = (path: string): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom('', '/', '/.', '/x/..', '/./.', '//'), { minLength: 8, maxLength: 8 })
    .map((detours) => {
      const components = path.split('/').slice(1)
      return (
        components.map((part, at) => `${detours[at % 8]}/${part}`).join('') + (detours[7] ?? '')
      )
    })

const hostPath = fc
  .constantFrom('/', '/etc', '/proc/1/root', '/var/run/docker.sock', '/sys/fs/cgroup', '/home')
  .chain(detoured)

const mount = fc.record(
  {
    type: fc.constantFrom('bind' as const, 'volume' as const, 'tmpfs' as const),
    source: fc.oneof(hostPath, fc.string({ maxLength: 20 }), fc.constant('cache')),
    target: fc.oneof(hostPath, fc.constant('/mnt'), fc.string({ minLength: 1, maxLength: 20 })),
    readOnly: fc.boolean(),
  },
  { requiredKeys: ['type', 'target'] },
)

const sharedMode = fc.oneof(
  fc.constantFrom('host', 'container:x', 'none', 'shareable').chain(respelled),
  fc.constantFrom('ns:/proc/1/ns/pid', '/proc/1/ns/net'),
)
const mode = mostly(fc.constant('private'), sharedMode)

const number = (usual: readonly number[]): fc.Arbitrary<number> =>
  mostly(
    fc.constantFrom(...usual),
    fc.oneof(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(1, 2 ** 22, 2 ** 30, 2 ** 31, 2 ** 53 - 1),
    ),
  )
const times = number([1, 500, 3000])
const bytes = number([2 ** 23, 2 ** 25])

const limits = fc.record(
  {
    wallMs: times,
    cpuMs: times,
    memoryBytes: bytes,
    processes: number([32, 33]),
    openFiles: number([16, 40]),
    fileBytes: bytes,
    diskBytes: bytes,
    outputBytes: bytes,
    cpus: mostly(fc.constantFrom(0.05, 0.5, 1), fc.double({ min: 0.001, max: 64, noNaN: true })),
  },
  { requiredKeys: [] },
)

const text = fc.string({ maxLength: 12 })
const name = mostly(
  fc.constantFrom('A', 'PATH', 'LD_PRELOAD', 'API_KEY'),
  fc.oneof(fc.constantFrom('a=b', 'x\ny'), text),
)

const file = fc.record(
  {
    path: mostly(
      fc.constantFrom('a', 'b/c'),
      fc.oneof(fc.constantFrom('../x', '/etc/passwd', 'main.py'), text),
    ),
    content: text,
    mode: mostly(fc.constantFrom(0o644, 0o755), fc.integer({ min: 0, max: 0o7777 })),
  },
  { requiredKeys: ['path', 'content'] },
)

const parts = {
  files: fc.array(file, { maxLength: 3 }),
  stdin: text,
  env: fc.dictionary(name, text, { maxKeys: 3 }),
  workdir: mostly(
    fc.constantFrom('/work', '/'),
    fc.oneof(fc.constantFrom('/proc/self/fd/8', '/work/../etc'), text),
  ),
  limits,
  network: mostly(fc.constantFrom('none', 'loopback'), fc.oneof(fc.constant('bridge'), sharedMode)),
  mounts: mostly(fc.constant([]), fc.array(mount, { maxLength: 3 })),
  capabilities: fc.record(
    {
      add: mostly(fc.constant([]), fc.array(fc.oneof(spelledCapability, text), { maxLength: 2 })),
      drop: fc.array(mostly(spelledCapability, text), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
  seccomp: mostly(
    fc.constantFrom('default', 'strict'),
    fc.oneof(fc.constantFrom('build', 'learn', 'mine'), respelled('unconfined')),
  ),
  seccompAudit: fc.constantFrom('default', 'strict', 'unconfined'),
  apparmor: mostly(
    fc.constantFrom('stockade-job-default', 'stockade-job-strict'),
    fc.oneof(fc.constant('docker-default'), respelled('unconfined')),
  ),
  privileged: mostly(fc.constant(false), fc.constant(true)),
  allowSetuid: mostly(fc.constant(false), fc.constant(true)),
  namespaces: fc.record(
    {
      user: mode,
      mount: mode,
      pid: mode,
      network: mode,
      ipc: mode,
      uts: mode,
      cgroup: mode,
      time: mode,
    },
    { requiredKeys: [] },
  ),
  devices: mostly(
    fc.constant([]),
    fc.array(fc.constantFrom('/dev/null', '/dev/kvm', 'nvidia.com/gpu=all'), { maxLength: 2 }),
  ),
  sysctls: fc.dictionary(fc.constantFrom('net.ipv4.ip_forward', 'kernel.core_pattern'), text, {
    maxKeys: 2,
  }),
  user: fc.record({
    uid: fc.constantFrom(0, 1, 1000, 65_533),
    gid: fc.constantFrom(0, 1, 1000, 65_533),
  }),
  secrets: fc.uniqueArray(
    fc.record({ name: fc.constantFrom('A', 'B', 'TOKEN'), value: fc.constant('correct horse') }),
    { maxLength: 3, selector: (one) => one.name },
  ),
  artifacts: mostly(
    fc.constant([{ path: 'dist' }]),
    fc.constantFrom([{ path: '../x' }], [{ path: '/etc/passwd' }]),
  ),
  callback: fc.constantFrom('https://example.com/x', 'http://127.0.0.1/', 'https://0x7f.1/'),
  labels: fc.dictionary(fc.constantFrom('team', 'a/b'), text, { maxKeys: 2 }),
  priority: mostly(fc.constant(9), fc.integer({ min: 0, max: 9 })),
  retry: fc.record({ attempts: mostly(fc.constant(1), fc.integer({ min: 1, max: 10 })) }),
  expiresAfterMs: mostly(fc.constant(1000), fc.integer({ min: 1, max: 604_800_000 })),
}

/** Few of the parts at a time: a job of all would never be allowed, and one of none always. */
const someParts = fc
  .subarray(Object.keys(parts) as (keyof typeof parts)[], { maxLength: 5 })
  .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, parts[key]]))))

const base: fc.Arbitrary<JobSpec> = fc.oneof(
  fc.record({
    language: mostly(fc.constantFrom('python', 'c'), fc.constantFrom('java', 'go', 'cobol')),
    source: fc.constantFrom('x', '# é'),
  }),
  fc.record({
    image: mostly(
      fc.constantFrom('default', digest, `sha256:${digest}`, `default@sha256:${digest}`),
      fc.constant('ubuntu'),
    ),
    command: fc.constantFrom<string[]>(['/bin/true'], ['ls', '-l'], ['./x', '--token=1'], ['']),
  }),
)

const step = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    run: fc.constantFrom('true', 'make test'),
    if: fc.constantFrom('success' as const, 'failure' as const, 'always' as const),
    env: fc.dictionary(name, text, { maxKeys: 2 }),
    workdir: mostly(fc.constant('/work'), fc.constantFrom('/proc/self/fd/8', 'x')),
    limits: fc.record(
      { wallMs: times, cpuMs: times, memoryBytes: bytes, fileBytes: bytes, processes: times },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['name', 'run'] },
)

const ofSteps = fc.record({
  image: fc.constantFrom('default', digest),
  steps: fc.uniqueArray(step, { minLength: 1, maxLength: 3, selector: (one) => one.name }),
})

/** Whatever a caller could send and the schema takes. */
export const job: fc.Arbitrary<JobSpec> = fc
  .tuple(mostly(base, ofSteps), someParts)
  .map(([one, other]) => ({ ...one, ...other }) as JobSpec)
  .filter((spec) => checkJobSpec(spec).ok)

type LimitPair = { readonly default: number; readonly maximum: number }

/** A preset with its limits scaled, so that defaults stay within maxima and fit each other. */
function scaledLimits(grant: Grant, factor: number): Grant['limits'] {
  const scaled = { ...grant.limits }
  for (const limit of limitNames) {
    const pair: LimitPair = grant.limits[limit]
    const least = limit === 'attempts' ? 1 : 10
    scaled[limit] = {
      default: Math.max(least, Math.min(pair.default, Math.floor(pair.maximum * factor))),
      maximum: Math.max(least, Math.floor(pair.maximum * factor)),
    }
  }
  return scaled
}

const subset = <T>(of: readonly T[], first: T): fc.Arbitrary<T[]> =>
  fc.subarray([...of]).map((some) => [first, ...some.filter((one) => one !== first)])

export const grant: fc.Arbitrary<LoadedGrant> = fc
  .record({
    preset: fc.constantFrom('untrusted', 'grader', 'ci', 'platform'),
    factor: fc.constantFrom(0.05, 0.5, 1, 2),
    networks: subset(['none', 'loopback'] as const, 'none'),
    languages: fc.constantFrom<string[]>(['*'], ['python'], ['python', 'c', 'java']),
    callbackOrigins: fc.constantFrom<string[]>([], ['https://*'], ['https://*.example.com']),
    callbackNetworks: fc.constantFrom<string[]>([], ['127.0.0.0/8']),
    images: mostly(
      fc.constantFrom<string[]>(['*'], ['default'], [digest], [`default@sha256:${digest}`]),
      fc.constant<string[]>(['other']),
    ),
    seccompProfiles: fc.constantFrom<string[]>(
      ['default', 'strict', 'build'],
      ['default', 'strict'],
      ['strict'],
      ['default'],
    ),
    capabilities: fc.constantFrom<string[]>([], ['CAP_NET_RAW']),
    seccompLearning: fc.boolean(),
    rootInside: fc.boolean(),
    apparmorRequired: mostly(fc.constant(false), fc.constant(true)),
    landlockAbiMinimum: fc.constantFrom(0, 4, 7),
    priorityMinimum: fc.integer({ min: 0, max: 9 }),
    steps: mostly(fc.constant(8), fc.integer({ min: 0, max: 3 })),
    warningsRefused: mostly(
      fc.constant<string[]>([]),
      fc.subarray(
        warningRules.map(({ id }) => id),
        { maxLength: 2 },
      ),
    ),
  })
  .map(({ preset, factor, ...fields }) => {
    const { grant: whole } = grantOf(preset)
    return { ...whole, ...fields, limits: scaledLimits(whole, factor) } as Grant
  })
  // What no operator can load is no grant; a promise that the runtime does not keep is one that a rule must catch all the same.
  .filter((whole) => grantFaults({ ...whole, capabilities: [] }).length === 0)
  .map((whole) => ({ grant: whole, revision: 'drawn' }))

export const platform: fc.Arbitrary<Platform> = fc.record({
  apparmor: fc.boolean(),
  landlockAbi: mostly(fc.constant(7), fc.constantFrom(0, 4)),
})

const raised = (pair: LimitPair, by: number): LimitPair => ({
  default: pair.default,
  maximum: Math.min(Number.MAX_SAFE_INTEGER, pair.maximum + by),
})

type Widening = (grant: Grant) => Grant

const widenings: fc.Arbitrary<Widening> = fc.oneof(
  fc.tuple(fc.constantFrom<LimitName>(...limitNames), fc.constantFrom(1, 1000, 2 ** 30)).map(
    ([limit, by]): Widening =>
      (grant) => ({
        ...grant,
        limits: { ...grant.limits, [limit]: raised(grant.limits[limit], by) },
      }),
  ),
  fc
    .constantFrom(
      'compileWallMs' as const,
      'compileCpuMs' as const,
      'compileMemoryBytes' as const,
      'compileProcesses' as const,
      'diskInodes' as const,
      'stackBytes' as const,
    )
    .map(
      (limit): Widening =>
        (grant) => ({
          ...grant,
          limits: { ...grant.limits, [limit]: grant.limits[limit] + 1_048_576 },
        }),
    ),
  fc.constantFrom<Widening>(
    (grant) => ({ ...grant, networks: ['none', 'loopback'] }),
    (grant) => ({ ...grant, languages: [...grant.languages, '*'] }),
    (grant) => ({ ...grant, images: [...grant.images, 'default'] }),
    (grant) => ({ ...grant, callbackOrigins: [...grant.callbackOrigins, 'http://127.0.0.1'] }),
    (grant) => ({ ...grant, callbackNetworks: [...grant.callbackNetworks, '127.0.0.1/32'] }),
    (grant) => ({ ...grant, seccompProfiles: [...new Set([...grant.seccompProfiles, 'build'])] }),
    (grant) => ({ ...grant, capabilities: [...grant.capabilities, 'CAP_CHOWN'] }),
    (grant) => ({ ...grant, seccompLearning: true }),
    (grant) => ({ ...grant, rootInside: true }),
    (grant) => ({ ...grant, apparmorRequired: false }),
    (grant) => ({ ...grant, landlockAbiMinimum: Math.max(0, grant.landlockAbiMinimum - 1) }),
    (grant) => ({ ...grant, priorityMinimum: Math.max(0, grant.priorityMinimum - 1) }),
    (grant) => ({ ...grant, warningsRefused: grant.warningsRefused.slice(1) }),
    (grant) => ({ ...grant, secrets: Math.min(32, grant.secrets + 1) }),
    (grant) => ({ ...grant, artifactFiles: Math.min(1000, grant.artifactFiles + 1) }),
    (grant) => ({ ...grant, steps: Math.min(64, grant.steps + 1) }),
  ),
)

/** A grant, and one that gives more and nothing less. */
export const widened: fc.Arbitrary<readonly [LoadedGrant, LoadedGrant]> = fc
  .tuple(grant, fc.array(widenings, { minLength: 1, maxLength: 3 }))
  .map(([narrow, steps]) => [
    narrow,
    { ...narrow, grant: steps.reduce((one, widen) => widen(one), narrow.grant) },
  ])
