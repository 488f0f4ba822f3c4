// Properties that hold for every job under every grant, however it is spelled. A failing run prints its seed and path: give both to
// `fc.assert` to see it again. STOCKADE_TEST_FULL=1 draws fifty times as many.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Compile } from 'typebox/compile'
import type { Grant } from '../../contract/grant.js'
import type { JobSpec } from '../../contract/job.js'
import { Plan, type PlanStep } from '../../contract/plan.js'
import { limitNames } from '../../policy/ask.js'
import { addressFaults } from '../../policy/callback-address.js'
import { canonicalCapability, capabilityNames } from '../../policy/capability-name.js'
import { judge } from '../../policy/engine.js'
import { askOfJob } from '../../policy/job-ask.js'
import { sharingOf } from '../../policy/namespace-rule.js'
import { applyPatch } from '../../policy/patch.js'
import { normalHostPath } from '../../policy/path.js'
import { checkJobSpec } from '../../policy/schema.js'
import { suggestion } from '../../policy/suggest.js'
import {
  detoured,
  drawing,
  grant,
  job,
  platform,
  respelled,
  runs,
  spelledCapability,
  widened,
} from './arbitrary.js'
import { catalogue } from './fixture.js'

const checkPlan = Compile(Plan)

/** Written down apart from the rules: what no accepted job may have asked for. */
function forbiddenIn(spec: JobSpec, given: Grant): string[] {
  const found: string[] = []
  const refuse = (is: boolean, what: string): void => {
    if (is) found.push(what)
  }
  refuse((spec.mounts ?? []).length > 0, 'a mount')
  refuse(spec.privileged === true, 'privileged')
  refuse(spec.allowSetuid === true, 'set-uid')
  refuse((spec.devices ?? []).length > 0, 'a device')
  refuse(Object.keys(spec.sysctls ?? {}).length > 0, 'a sysctl')
  refuse((spec.capabilities?.add ?? []).length > 0, 'a capability, of which the runtime gives none')
  const modes = Object.values(spec.namespaces ?? {})
  refuse(
    modes.some((mode) => mode !== 'private'),
    'a shared namespace',
  )
  refuse(spec.network !== undefined && !['none', 'loopback'].includes(spec.network), 'a network')
  refuse(/unconfined/i.test(`${spec.seccomp} ${spec.seccompAudit} ${spec.apparmor}`), 'unconfined')
  const ids = [spec.user?.uid, spec.user?.gid]
  refuse(ids.includes(0) && !given.rootInside, 'root inside, not granted')
  refuse((spec.priority ?? 9) < given.priorityMinimum, 'a priority beyond the grant')
  for (const { name, value } of askOfJob(spec).limits)
    refuse(value > given.limits[name].maximum, `${name} beyond the grant`)
  return found
}

function stepBeyond(step: PlanStep, { limits, seccompProfiles }: Grant): string[] {
  const compiles = step.name === 'compile'
  const most = {
    wallMs: compiles ? limits.compileWallMs : limits.wallMs.maximum,
    cpuMs: compiles ? limits.compileCpuMs : limits.cpuMs.maximum,
    memoryBytes: compiles ? limits.compileMemoryBytes : limits.memoryBytes.maximum,
    processes: compiles ? limits.compileProcesses : limits.processes.maximum,
    openFiles: limits.openFiles.maximum,
    fileBytes: limits.fileBytes.maximum,
    outputBytes: limits.outputBytes.maximum,
    stackBytes: limits.stackBytes,
  }
  const beyond = Object.entries(most)
    .filter(([name, maximum]) => step[name as keyof typeof most] > maximum)
    .map(([name]) => `${step.name}: ${name}`)
  if (!seccompProfiles.includes(step.seccomp)) beyond.push(`${step.name}: ${step.seccomp}`)
  if (/^\/(proc|sys|dev)(\/|$)/.test(step.directory)) beyond.push(`${step.name}: its directory`)
  return beyond
}

/** What of a plan is not as the grant says. */
function planBeyond(plan: Plan, given: Grant, hasAppArmor: boolean): string[] {
  const { limits } = given
  const beyond = plan.steps.flatMap((step) => stepBeyond(step, given))
  const refuse = (is: boolean, what: string): void => {
    if (is) beyond.push(what)
  }
  refuse(!checkPlan.Check(plan), 'its schema, which has no field for a host path or a capability')
  refuse(plan.uid === 0 && !given.rootInside, 'uid 0')
  refuse(plan.gid === 0 && !given.rootInside, 'gid 0')
  refuse(!given.networks.includes(plan.network), 'its network')
  refuse(plan.diskBytes > limits.diskBytes.maximum, 'diskBytes')
  refuse(plan.cpuMillis > limits.cpuMillis.maximum, 'cpuMillis')
  refuse(plan.attempts > limits.attempts.maximum, 'attempts')
  refuse(plan.expiresAfterMs > limits.expiresAfterMs.maximum, 'expiresAfterMs')
  refuse(plan.diskBytes > plan.memoryBytes, 'more disk than memory')
  refuse(hasAppArmor !== plan.apparmor.startsWith('stockade-job-'), 'its AppArmor label')
  refuse(plan.landlockAbiMinimum < given.landlockAbiMinimum, 'its Landlock')
  return beyond
}

t.test('no accepted plan holds what nobody gets, or more than its grant', async (t) => {
  let accepted = 0
  fc.assert(
    fc.property(job, grant, platform, (spec, loaded, machine) => {
      const { verdict, plan, violations } = judge(spec, loaded, catalogue, machine)
      if (plan === null) return verdict === 'deny' && violations.length > 0
      accepted += 1
      assert.deepEqual(forbiddenIn(spec, loaded.grant), [])
      assert.deepEqual(planBeyond(plan, loaded.grant, machine.apparmor), [])
      return verdict === 'allow' && violations.length === 0
    }),
    drawing,
  )
  t.ok(accepted > runs / 20, `${accepted} of ${runs} were accepted`)
})

t.test('what is forbidden is denied at its own place', async (t) => {
  const places: Readonly<Record<string, string>> = {
    mounts: '/mounts/',
    devices: '/devices/',
    sysctls: '/sysctls/',
    privileged: '/privileged',
  }
  fc.assert(
    fc.property(job, grant, platform, (spec, loaded, machine) => {
      const { violations } = judge(spec, loaded, catalogue, machine)
      return Object.entries(places).every(([field, start]) => {
        const asked = spec[field as keyof JobSpec]
        const isAsked = asked === true || Object.keys(Object(asked)).length > 0
        return !isAsked || violations.some(({ pointer }) => pointer.startsWith(start))
      })
    }),
    drawing,
  )
  t.pass(`${runs} were drawn`)
})

t.test('a grant that gives more never turns an allow into a deny', async (t) => {
  let allowed = 0
  fc.assert(
    fc.property(job, widened, platform, (spec, [narrow, wide], machine) => {
      if (judge(spec, narrow, catalogue, machine).verdict === 'deny') return true
      allowed += 1
      return judge(spec, wide, catalogue, machine).verdict === 'allow'
    }),
    drawing,
  )
  t.ok(allowed > runs / 20, `${allowed} of ${runs} were allowed`)
})

t.test('a corrected job is a job, and allowed; one that is allowed stays as it is', async (t) => {
  let corrected = 0
  fc.assert(
    fc.property(job, grant, platform, (spec, loaded, machine) => {
      const judged = judge(spec, loaded, catalogue, machine)
      if (judged.verdict === 'allow') return true
      const patch = suggestion(spec, judged, loaded, catalogue, machine)
      if (patch === null) return true
      corrected += 1
      const better = applyPatch(spec, patch)
      const kept = (one: JobSpec) => [one.language, one.source, one.image, one.command, one.env]
      assert.deepEqual(kept(better), kept(spec), 'what is run is as it was')
      return (
        checkJobSpec(better).ok && judge(better, loaded, catalogue, machine).verdict === 'allow'
      )
    }),
    drawing,
  )
  t.ok(corrected > runs / 20, `${corrected} of ${runs} were corrected`)
})

t.test('a capability in any spelling is the one that it is', async (t) => {
  fc.assert(
    fc.property(spelledCapability, (spelled) => {
      const name = canonicalCapability(spelled)
      return name === 'ALL' || capabilityNames.has(name)
    }),
    drawing,
  )
  t.pass(`${runs} were drawn`)
})

t.test('the host’s namespace in any spelling is the host’s', async (t) => {
  fc.assert(
    fc.property(respelled('host'), (spelled) => sharingOf(spelled) === 'host'),
    drawing,
  )
  t.pass(`${runs} were drawn`)
})

t.test('a path with detours is the path without', async (t) => {
  const path = fc.constantFrom('/etc/shadow', '/proc/1/root', '/var/run/docker.sock', '/a')
  fc.assert(
    fc.property(
      path.chain((plain) => detoured(plain).map((spelled) => [plain, spelled] as const)),
      ([plain, spelled]) => normalHostPath(spelled) === plain,
    ),
    drawing,
  )
  t.pass(`${runs} were drawn`)
})

/** One octet or more, as inet_aton(3) takes numbers: decimal, octal, hexadecimal. */
const spelledNumber = (number: number): fc.Arbitrary<string> =>
  fc.constantFrom(String(number), `0${number.toString(8)}`, `0x${number.toString(16)}`)

const notations = (octets: readonly [number, number, number, number]): fc.Arbitrary<string> => {
  const [a, b, c, d] = octets
  const whole = ((a * 256 + b) * 256 + c) * 256 + d
  const dotted = (numbers: readonly number[]) =>
    fc.tuple(...numbers.map(spelledNumber)).map((parts) => parts.join('.'))
  const hex = (one: number, other: number) => (one * 256 + other).toString(16)
  return fc.oneof(
    dotted([a, b, c, d]),
    dotted([a, b, c * 256 + d]),
    dotted([a, (b * 256 + c) * 256 + d]),
    dotted([whole]),
    fc.constantFrom(
      `[::ffff:${octets.join('.')}]`,
      `[::ffff:${hex(a, b)}:${hex(c, d)}]`,
      `[0:0:0:0:0:ffff:${hex(a, b)}:${hex(c, d)}]`,
      `[64:ff9b::${hex(a, b)}:${hex(c, d)}]`,
      `[2002:${hex(a, b)}:${hex(c, d)}::]`,
      `[::${octets.join('.')}]`,
    ),
  )
}

t.test('a private address in any notation is no address for a callback', async (t) => {
  const octet = fc.integer({ min: 0, max: 255 })
  const start = fc.constantFrom([127, 0], [10, 1], [169, 254], [192, 168], [172, 16], [100, 64])
  const host = fc
    .tuple(start, octet, octet)
    .chain(([[a = 0, b = 0], c, d]) => notations([a, b, c, d]))
  fc.assert(
    fc.property(host, (spelled) => addressFaults(`https://${spelled}/`).length > 0),
    drawing,
  )
  t.pass(`${runs} were drawn`)
})

t.test('every limit of a grant is drawn', async (t) => {
  const [drawn] = fc.sample(grant, { numRuns: 1, seed: 1 })
  for (const name of limitNames) t.ok((drawn?.grant.limits[name].maximum ?? 0) > 0, name)
})
