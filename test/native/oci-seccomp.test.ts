// The seccomp section of an OCI config against the program that the kernel gets: both say the same of every call.
import t from 'tap'
import type { OciSeccomp, OciSyscall } from '../../contract/oci.js'
import type { SeccompProfile } from '../../contract/profile.js'
import { ociSeccomp } from '../../native/oci-seccomp.js'
import { type CompiledSeccomp, compileSeccomp } from '../../native/seccomp.js'
import { nativeArchitecture } from '../../native/seccomp-addon.js'
import { actionOf, interpret } from './seccomp-model.js'
import { buildTools, type Call, compiled, profilesFolder } from './seccomp-tools.js'

buildTools()
const architecture = nativeArchitecture()

function matches(rule: OciSyscall, call: Call): boolean {
  return (rule.args ?? []).every(({ index, op, value, valueTwo }) => {
    const actual = BigInt.asUintN(64, call.arguments[index] ?? 0n)
    return op === 'SCMP_CMP_EQ'
      ? actual === BigInt(value)
      : (actual & BigInt(value)) === BigInt(valueTwo ?? 0)
  })
}

/** What the section says, and how many of its rules say it: more than one would leave the answer to the runtime. */
function reading(
  section: OciSeccomp,
  byName: ReadonlyMap<string, OciSyscall[]>,
  name: string,
  call: Call,
) {
  const found = (byName.get(name) ?? []).filter((rule) => matches(rule, call))
  const [rule] = found
  const action =
    rule === undefined
      ? actionOf(section.defaultAction, section.defaultErrnoRet)
      : actionOf(rule.action, rule.errnoRet)
  return { action, rules: found.length }
}

function rulesByName({ syscalls }: OciSeccomp): Map<string, OciSyscall[]> {
  const rules = new Map<string, OciSyscall[]>()
  for (const rule of syscalls)
    for (const name of rule.names) rules.set(name, [...(rules.get(name) ?? []), rule])
  return rules
}

/** Numbers that some compare of the call names, one beside each, one bit beside each, and high bits on top. */
function interesting({ layers }: CompiledSeccomp, number: number, index: number): bigint[] {
  const compares = layers
    .flatMap(({ rules }) => rules.filter(({ call }) => call === number))
    .flatMap((rule) => rule.compares.filter((compare) => compare.index === index))
  const values = new Set<bigint>([0n, 1n, 0xffffffffn, (1n << 64n) - 1n])
  for (const { value, mask } of compares)
    for (const one of [value, value + 1n, value ^ 0x40n, value | (1n << 40n), value | (mask + 1n)])
      values.add(BigInt.asUintN(64, one))
  return [...values]
}

const seldom = (list: readonly bigint[], at: number): bigint => list[at % list.length] ?? 0n

/** All pairs of the first two arguments' numbers, with the third's in turn; each of the others alone. */
function callsOf(profile: CompiledSeccomp, number: number): Call[] {
  const lists = [0, 1, 2, 3, 4, 5].map((index) => interesting(profile, number, index))
  const [first = [], second = [], third = []] = lists
  const pairs = first.flatMap((one) => second.map((other) => [one, other]))
  const triples = pairs.flatMap(([one = 0n, other = 0n]) =>
    third.map((last, at) => [
      one,
      other,
      last,
      ...[3, 4, 5].map((n) => seldom(lists[n] ?? [], at)),
    ]),
  )
  return triples.map((values) => ({ number, arguments: values }))
}

type Compared = { calls: number; differences: string[]; ambiguous: string[] }

/** `sameErrno`: off for a refusal in place of a refusal, which JSON's numbers may force (native/oci-seccomp.ts). */
function compare(profile: CompiledSeccomp, section: OciSeccomp): Compared {
  const byName = rulesByName(section)
  const result: Compared = { calls: 0, differences: [], ambiguous: [] }
  const isRefusal = (action: number): boolean => action >= 0x50000 && action < 0x60000
  for (const [number, name] of profile.callNames) {
    for (const call of callsOf(profile, number)) {
      const kernel = interpret(profile.program, architecture, call)
      const { action, rules } = reading(section, byName, name, call)
      const isHigh = call.arguments.some((one) => one >= 1n << 53n)
      const same = action === kernel || (isHigh && isRefusal(action) && isRefusal(kernel))
      result.calls += 1
      if (!same)
        result.differences.push(`${name}(${call.arguments.join(',')}): ${kernel} ${action}`)
      if (rules > 1) result.ambiguous.push(`${name}(${call.arguments.join(',')})`)
    }
  }
  return result
}

const everyOperator: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  syscalls: [
    { names: ['read', 'write', 'execve', 'exit_group'], action: 'SCMP_ACT_ALLOW' },
    ...(['NE', 'LT', 'LE', 'EQ', 'GE', 'GT'] as const).map((operator, at) => ({
      names: [['socket', 'fcntl', 'ioctl', 'personality', 'prctl', 'shutdown'][at] ?? ''],
      action: 'SCMP_ACT_ALLOW' as const,
      args: [
        {
          index: at === 1 || at === 2 || at === 5 ? 1 : 0,
          value: 11,
          op: `SCMP_CMP_${operator}` as const,
        },
      ],
    })),
    {
      names: ['kill'],
      action: 'SCMP_ACT_KILL_PROCESS',
      args: [{ index: 1, value: 9, op: 'SCMP_CMP_EQ' }],
    },
    { names: ['kill'], action: 'SCMP_ACT_ALLOW' },
  ],
}

const cases: Readonly<Record<string, () => CompiledSeccomp>> = {
  default: () => compiled('default'),
  strict: () => compiled('strict'),
  build: () => compiled('build'),
  'a profile with every operator': () => compileSeccomp(everyOperator, { profilesFolder }),
}

for (const [name, profileOf] of Object.entries(cases)) {
  t.test(name, (t) => {
    const profile = profileOf()
    const section = ociSeccomp(profile)
    const { calls, differences, ambiguous } = compare(profile, section)
    t.ok(calls > 1000, `${calls} calls`)
    t.same(differences.slice(0, 10), [], 'the section says what the program does')
    t.same(ambiguous.slice(0, 10), [], 'no two rules are about the same call')
    t.ok(
      section.syscalls.every(
        ({ args = [] }) => new Set(args.map(({ index }) => index)).size === args.length,
      ),
      'no rule compares an argument twice',
    )
    t.end()
  })
}

t.test('the comparison sees a rule that is gone, and one that is wider', (t) => {
  const profile = compiled('default')
  const section = ociSeccomp(profile)
  const without = {
    ...section,
    syscalls: section.syscalls.filter(({ args }) => args === undefined),
  }
  t.ok(compare(profile, without).differences.length > 0)
  const wider = {
    ...section,
    syscalls: section.syscalls.map((rule) =>
      rule.names.includes('ioctl') ? { names: rule.names, action: rule.action } : rule,
    ),
  }
  const found = compare(profile, wider)
  t.ok(found.differences.length > 0 && found.ambiguous.length > 0)
  t.end()
})
