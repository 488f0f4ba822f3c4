// A plan as the config of an OCI bundle: by the runtime-spec's own rules, and in step with the C that enforces the plan.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { OciConfig } from '../../contract/oci.js'
import { maskedNames, ociConfig } from '../../native/oci-config.js'
import { plainPlan, plainStep } from '../launch-plan.js'
import { specFaults } from './oci-rules.js'
import { buildTools, compiled, repository } from './seccomp-tools.js'

buildTools()
const check = Compile(OciConfig)
const read = (path: string): string => readFileSync(join(repository, path), 'utf8')

const digest = 'ab'.repeat(32)
const facts = (profile: string) => ({
  seccomp: compiled(profile),
  rootPath: 'rootfs',
  firstHostId: 165536,
})
const step = plainStep(['python3', 'main.py'])
const plan = plainPlan(digest, [step])
const config = ociConfig(plan, step, facts('default'))

t.test('each profile, view of /proc and label gives a config that the runtime-spec takes', (t) => {
  for (const seccomp of ['default', 'strict', 'build'])
    for (const proc of ['masked', 'pid-only'] as const)
      for (const apparmor of ['none', 'stockade-job']) {
        const one = ociConfig({ ...plan, proc, apparmor }, { ...step, seccomp }, facts(seccomp))
        const name = `${seccomp}, ${proc}, ${apparmor}`
        t.same(specFaults(one), [], `${name}: the spec`)
        t.ok(check.Check(one), `${name}: contract/oci.ts`)
        t.same(JSON.parse(JSON.stringify(one)), one, `${name}: JSON carries all of it`)
        t.equal(one.process.apparmorProfile, apparmor === 'none' ? undefined : apparmor)
        t.equal(one.linux.maskedPaths.length > 0, proc === 'masked')
        t.equal(one.mounts[0]?.options.includes('subset=pid'), proc === 'pid-only')
      }
  t.end()
})

/** One fault each: the path to a member, and what to put there; undefined takes it away. */
const faults: readonly (readonly [string, unknown, RegExp])[] = [
  ['ociVersion', 'one', /ociVersion/],
  ['root', undefined, /^/],
  ['process.cwd', 'work', /cwd must be absolute/],
  ['process.args', [], /args/],
  ['process.user.uid', -1, /uid/],
  ['process.rlimits.0.type', 'CORE', /rlimits/],
  ['process.rlimits.0.type', 'RLIMIT_CPU', /no duplicated entries/],
  ['process.capabilities.bounding', ['KILL'], /capabilities/],
  ['mounts.0.destination', 'proc', /destination must be absolute/],
  ['linux.namespaces.1.type', 'user', /no duplicated type/],
  ['linux.namespaces.0.type', 'users', /namespaces/],
  ['linux.namespaces', [], /user namespace/],
  ['linux.uidMappings.0.size', 4294967296, /uidMappings/],
  ['linux.devices.0.type', 'x', /devices/],
  ['linux.devices.0.path', '/dev/zero', /no duplicated path/],
  ['linux.devices.0.fileMode', 4095, /fileMode/],
  ['linux.resources.pids.limit', undefined, /pids/],
  ['linux.maskedPaths.0', 'proc/acpi', /masked/],
  ['linux.rootfsPropagation', 'rprivate', /rootfsPropagation/],
  ['linux.seccomp.defaultAction', 'ALLOW', /defaultAction/],
  ['linux.seccomp.syscalls.0.names', [], /names/],
  [
    'linux.seccomp.syscalls.0',
    { names: ['read'], action: 'SCMP_ACT_ALLOW', errnoRet: 1 },
    /errnoRet only/,
  ],
  ['annotations', { name: 1 }, /annotations/],
]

function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(config)) as Record<string, unknown>
  const way = path.split('.')
  const last = way.pop() ?? ''
  const at = way.reduce((node, key) => node[key] as Record<string, unknown>, copy)
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

t.test('the rules of the spec see each fault', (t) => {
  for (const [path, value, expected] of faults) {
    const found = specFaults(changed(path, value))
    t.ok(
      found.some((one) => expected.test(one)),
      `${path} = ${JSON.stringify(value)}: ${found[0]}`,
    )
  }
  t.end()
})

t.test('what is enforced by C and what the config says are one', (t) => {
  const ground =
    /ground_masks\[\] = \{([\s\S]*?)\};/.exec(read('native/launcher/ground.c'))?.[1] ?? ''
  const masks = [...ground.matchAll(/\{"([^"]+)", [01]\}/g)].map((match) => match[1])
  t.same(maskedNames, masks, 'masks')
  const rows = read('native/set-up/slot_devices.c').matchAll(/\{"(\w+)", (\d+), (\d+)\}/g)
  const nodes = [...rows].map(([, name, major, minor]) => [
    `/dev/${name}`,
    Number(major),
    Number(minor),
  ])
  t.same(
    config.linux.devices.map(({ path, major, minor }) => [path, major, minor]),
    nodes,
    'devices',
  )
  const job = read('native/launcher/job.c')
  const limits = [...job.matchAll(/limit\((RLIMIT_\w+), /g)].map((match) => match[1])
  // The supervisor sets the number of open files, after the last that it needs there itself.
  t.same(
    config.process.rlimits.map(({ type }) => type),
    [...limits, 'RLIMIT_NOFILE'].sort(),
    'limits',
  )
  t.match(read('native/launcher/step_start.c'), /prlimit\(.*RLIMIT_NOFILE/)
  t.match(job, /cpu_ms \/ 1000 \+ 10\b/, 'the slack of RLIMIT_CPU')
  t.match(
    read('native/launcher/cgroup.h'),
    new RegExp(`CPU_PERIOD_US = ${config.linux.resources.cpu.period}`),
  )
  t.end()
})

t.test('it is a pure function: nothing of the plan is changed, twice gives the same', (t) => {
  const before = JSON.stringify(plan)
  t.same(ociConfig(plan, step, facts('default')), config)
  t.equal(JSON.stringify(plan), before)
  t.end()
})
