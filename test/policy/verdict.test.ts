// What a verdict tells beside yes and no: what was asked, what would be allowed, where to read on, warnings, and a corrected job.
import t from 'tap'
import type { Grant } from '../../contract/grant.js'
import type { JobSpec } from '../../contract/job.js'
import type { Evaluation } from '../../contract/verdict.js'
import { judge } from '../../policy/engine.js'
import { applyPatch } from '../../policy/patch.js'
import { rules } from '../../policy/rules.js'
import { checkJobSpec } from '../../policy/schema.js'
import { withSuggestion } from '../../policy/suggest.js'
import { warningRules } from '../../policy/warnings.js'
import { caseOf, catalogue, grantOf } from './fixture.js'

const python: JobSpec = { language: 'python', source: 'print(1)' }
const digest = `sha256:${'d'.repeat(64)}`

function evaluate(spec: JobSpec, grant: Partial<Grant> = {}, preset = 'untrusted'): Evaluation {
  const loaded = grantOf(preset)
  const whole = { ...loaded, grant: { ...loaded.grant, ...grant } }
  const { platform } = caseOf({ name: '' })
  const judged = judge(spec, whole, catalogue, platform)
  return withSuggestion(spec, judged, whole, catalogue, platform)
}

t.test(
  'a violation tells what was asked, what would be allowed and where to read on',
  async (t) => {
    const { violations } = evaluate({
      ...python,
      limits: { wallMs: 600_000, cpus: 64 },
      network: 'bridge',
      mounts: [{ type: 'bind', source: '/etc', target: '/mnt' }],
    })
    const told = violations.map(({ message: _message, ...rest }) => rest)
    t.strictSame(told, [
      {
        rule: 'limit-maximum',
        pointer: '/limits/wallMs',
        asked: 600_000,
        allowed: 'at most 60000 ms',
        docs: '/v1/policy/rules/limit-maximum',
      },
      {
        rule: 'limit-maximum',
        pointer: '/limits/cpus',
        asked: 64,
        allowed: 'at most 2 processors',
        docs: '/v1/policy/rules/limit-maximum',
      },
      {
        rule: 'host-path',
        pointer: '/mounts/0/source',
        asked: '/etc',
        allowed: 'none; send what the program needs as `files`',
        docs: '/v1/policy/rules/host-path',
      },
      {
        rule: 'network-grant',
        pointer: '/network',
        asked: 'bridge',
        allowed: 'none, loopback',
        docs: '/v1/policy/rules/network-grant',
      },
    ])
  },
)

t.test('secrets and data are not repeated', async (t) => {
  const secret = 'hunter2'
  const { violations } = evaluate({
    language: 'python',
    source: `#${secret}`,
    env: { 'a/b': secret, A: `${secret}\0` },
    callback: `https://user:${secret}@127.0.0.1/`,
    stdin: secret,
    files: [{ path: 'big', content: secret, mode: 0o4755 }],
  })
  t.ok(violations.length >= 4, `${violations.length} violations`)
  const asked = violations.map((violation) => violation.asked)
  t.notOk(JSON.stringify(asked).includes(secret))
  t.ok(asked.includes(0o4755))
})

t.test('what was asked is cut', async (t) => {
  const [violation] = evaluate({ ...python, seccomp: 'x'.repeat(1000) }).violations
  t.equal(String(violation?.asked).length, 256)
})

t.test('every denial of every rule says what would be allowed, and where to read on', async (t) => {
  for (const rule of rules) {
    for (const fixture of rule.fixtures().deny) {
      const { spec, grant, platform } = caseOf(fixture)
      for (const violation of judge(spec, grant, catalogue, platform).violations) {
        t.ok((violation.allowed ?? '') !== '', `${rule.id}: ${fixture.name}: ${violation.rule}`)
        t.equal(violation.docs, `/v1/policy/rules/${violation.rule}`)
      }
    }
  }
})

const unwise: readonly (readonly [
  warning: string,
  pointer: string,
  spec: JobSpec,
  preset?: string,
])[] = [
  ['root-inside', '/user/uid', { ...python, user: { uid: 0, gid: 0 } }],
  ['root-inside', '/user/gid', { ...python, user: { uid: 5, gid: 0 } }],
  ['image-by-name', '/image', { image: 'default', command: ['/bin/true'] }],
  ['wall-beyond-cpu', '/limits/wallMs', { ...python, limits: { wallMs: 10_001, cpuMs: 1000 } }],
  ['limits-unnamed', '', python, 'ci'],
  ['limits-unnamed', '', python, 'platform'],
  [
    'disk-fills-memory',
    '/limits/diskBytes',
    { ...python, limits: { memoryBytes: 134_217_728, diskBytes: 67_108_865 } },
  ],
  ['secret-in-environment', '/env/DB_PASSWORD', { ...python, env: { DB_PASSWORD: 'x' } }],
  ['secret-in-arguments', '/arguments/1', { ...python, arguments: ['-v', '--api-key=1'] }],
  ['calls-watched', '/seccomp', { ...python, seccomp: 'learn', limits: { wallMs: 1 } }, 'ci'],
  [
    'calls-watched',
    '/seccompAudit',
    { ...python, seccompAudit: 'strict', limits: { wallMs: 1 } },
    'ci',
  ],
]
for (const [warning, pointer, spec, preset] of unwise) {
  t.test(`warns of ${warning} at ${pointer}`, async (t) => {
    const { verdict, warnings, plan } = evaluate(spec, {}, preset)
    t.equal(verdict, 'allow')
    t.not(plan, null)
    t.match(warnings, [{ warning, pointer, docs: `/v1/policy/rules/${warning}` }])
    t.equal(warnings.length, 1)
  })
}

const wise: readonly JobSpec[] = [
  python,
  { image: digest, command: ['/bin/true'] },
  { image: `default@${digest}`, command: ['/bin/true'] },
  { ...python, user: { uid: 1, gid: 1 } },
  { ...python, limits: { wallMs: 10_000, cpuMs: 1000 } },
  { ...python, limits: { memoryBytes: 134_217_728, diskBytes: 67_108_864 } },
  { ...python, env: { DB_PASSWORD: '', PATH: '/bin' }, arguments: ['token', '--token='] },
]
for (const [index, spec] of wise.entries()) {
  t.test(`warns of nothing in ${index}: ${JSON.stringify(spec)}`, async (t) => {
    t.strictSame(evaluate(spec).warnings, [])
  })
}

t.test('every warning has a case above, and their number is bounded', async (t) => {
  t.strictSame(
    [...new Set(unwise.map(([warning]) => warning))].sort(),
    warningRules.map(({ id }) => id).sort(),
  )
  const env = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`TOKEN_${at}`, 'x']))
  t.equal(evaluate({ ...python, env }).warnings.length, 16)
})

const corrected: readonly (readonly [name: string, spec: JobSpec, patch: unknown])[] = [
  [
    'a limit beyond the grant',
    { ...python, limits: { wallMs: 600_000 } },
    [{ op: 'replace', path: '/limits/wallMs', value: 60_000 }],
  ],
  [
    'processors, asked as such',
    { ...python, limits: { cpus: 99 } },
    [{ op: 'replace', path: '/limits/cpus', value: 2 }],
  ],
  [
    'too little for the runtime',
    { language: 'java', source: 'x', limits: { processes: 1 } },
    [{ op: 'replace', path: '/limits/processes', value: 32 }],
  ],
  [
    'all of several mounts, the last first',
    {
      ...python,
      mounts: [
        { type: 'bind', source: '/a', target: '/x' },
        { type: 'tmpfs', target: '/proc' },
      ],
    },
    [
      { op: 'remove', path: '/mounts/1' },
      { op: 'remove', path: '/mounts/0' },
    ],
  ],
  [
    'twelve mounts and as many devices, by number and not by letter',
    {
      ...python,
      mounts: Array(12).fill({ type: 'volume', source: 'x', target: '/x' }),
      devices: Array(11).fill('/dev/null'),
    },
    [
      ...Array.from({ length: 12 }, (_, at) => ({ op: 'remove', path: `/mounts/${11 - at}` })),
      ...Array.from({ length: 11 }, (_, at) => ({ op: 'remove', path: `/devices/${10 - at}` })),
    ],
  ],
  [
    'both ids of a user',
    { ...python, user: { uid: 65_534, gid: 65_535 } } as JobSpec,
    [{ op: 'remove', path: '/user' }],
  ],
  [
    'set-uid bits',
    { ...python, files: [{ path: 'a', content: '', mode: 0o6711 }] },
    [{ op: 'replace', path: '/files/0/mode', value: 0o711 }],
  ],
  [
    'one that uncovers another: less memory, so less disk',
    { ...python, limits: { memoryBytes: 2 ** 31, diskBytes: 2 ** 31, fileBytes: 2 ** 31 } },
    [
      { op: 'replace', path: '/limits/memoryBytes', value: 2 ** 30 },
      { op: 'replace', path: '/limits/fileBytes', value: 2 ** 28 },
      { op: 'replace', path: '/limits/diskBytes', value: 2 ** 28 },
    ],
  ],
  [
    'what nobody gets, at once',
    {
      ...python,
      privileged: true,
      namespaces: { pid: 'host' },
      sysctls: { 'a/b~c': '1' },
      seccomp: 'unconfined',
    },
    [
      { op: 'remove', path: '/privileged' },
      { op: 'remove', path: '/namespaces/pid' },
      { op: 'remove', path: '/seccomp' },
      { op: 'remove', path: '/sysctls/a~1b~0c' },
    ],
  ],
]
for (const [name, spec, patch] of corrected) {
  t.test(`corrects ${name}`, async (t) => {
    const { suggestion } = evaluate(spec)
    t.strictSame(suggestion, patch)
    const job = applyPatch(spec, suggestion ?? [])
    t.ok(checkJobSpec(job).ok, 'it is a job')
    t.equal(evaluate(job).verdict, 'allow', 'and is allowed')
  })
}

const onlyByPeople: readonly (readonly [name: string, spec: JobSpec, grant?: Partial<Grant>])[] = [
  ['an unknown language', { language: 'cobol', source: 'x' }],
  ['an unknown image', { image: 'ubuntu', command: ['x'] }],
  ['a program that starts nowhere', { ...python, workdir: '/proc/self/fd/8' }],
  ['a file that climbs', { ...python, files: [{ path: '../x', content: '' }] }],
  [
    'one thing that can be put right and one that cannot',
    { image: 'x', command: ['x'], privileged: true },
  ],
  ['a machine that cannot keep the grant', python, { landlockAbiMinimum: 64 }],
]
for (const [name, spec, grant] of onlyByPeople) {
  t.test(`has no correction for ${name}`, async (t) => {
    const { verdict, suggestion } = evaluate(spec, grant)
    t.equal(verdict, 'deny')
    t.equal(suggestion, null)
  })
}

t.test('an allowed job needs none, and what was asked stays as it was', async (t) => {
  t.equal(evaluate(python).suggestion, null)
  const spec = { ...python, mounts: [{ type: 'tmpfs' as const, target: '/x' }] }
  const before = structuredClone(spec)
  applyPatch(spec, evaluate(spec).suggestion ?? [])
  t.strictSame(spec, before)
})

t.test('a patch of what is not there is refused', async (t) => {
  const path = '/limits/wallMs'
  t.throws(() => applyPatch(python, [{ op: 'remove', path }]), /nothing at \/limits\/wallMs/)
  t.throws(() => applyPatch(python, [{ op: 'remove', path: '' }]), /whole/)
  t.throws(() => applyPatch({ a: [1] }, [{ op: 'remove', path: '/a/1' }]), /nothing/)
})
