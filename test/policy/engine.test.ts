// The engine as a whole: all reasons at once, fail closed, plans without a gap.
import t from 'tap'
import { Compile } from 'typebox/compile'
import { Plan } from '../../contract/plan.js'
import { compileRules, judge, violationsOf } from '../../policy/engine.js'
import { askOfJob } from '../../policy/job-ask.js'
import { catalogue, changed, grantOf, minimalJob, platform } from './fixture.js'

const untrusted = grantOf('untrusted')
const checkPlan = Compile(Plan)

t.test('names everything that is wrong, each with its place', async (t) => {
  const job = changed({
    privileged: true,
    mounts: [{ type: 'bind', source: '/', target: '/host' }],
    namespaces: { pid: 'host', user: 'host' },
    capabilities: { add: ['SYS_ADMIN'] },
    seccomp: 'unconfined',
    apparmor: 'unconfined',
    env: { 'a/b': 'x' },
  })
  const verdict = judge(job, untrusted, catalogue, platform)
  t.equal(verdict.verdict, 'deny')
  t.strictSame(
    verdict.violations.map((violation) => [violation.rule, violation.pointer]),
    [
      ['privileged', '/privileged'],
      ['host-path-mount', '/mounts/0/source'],
      ['capability-whitelist', '/capabilities/add/0'],
      ['userns-remap', '/namespaces/user'],
      ['host-namespaces', '/namespaces/pid'],
      ['seccomp-profile', '/seccomp'],
      ['apparmor-profile', '/apparmor'],
      ['environment', '/env/a~1b'],
    ],
  )
})

t.test('a rule that throws denies', async (t) => {
  const broken = compileRules(
    [
      {
        id: 'broken',
        title: '',
        why: '',
        fields: [],
        revisions: [
          {
            since: 1,
            judge: () => {
              throw new Error('bug')
            },
          },
        ],
        fixtures: { allow: [{}], deny: [{}] },
      },
    ],
    1,
  )
  const violations = violationsOf(broken, askOfJob(minimalJob), {
    grant: untrusted.grant,
    catalogue,
    platform,
  })
  t.strictSame(
    violations.map((violation) => violation.rule),
    ['broken'],
  )
})

t.test('an allowed job has a plan that matches its schema', async (t) => {
  for (const job of [
    minimalJob,
    changed({ language: 'c' }),
    changed({ stdin: 'x', limits: { cpus: 0.5, memoryBytes: 8_388_608 } }),
  ]) {
    const { plan } = judge(job, untrusted, catalogue, platform)
    t.ok(checkPlan.Check(plan), JSON.stringify([...checkPlan.Errors(plan)]))
    if (plan === null) continue
    for (const step of plan.steps) t.ok(step.memoryBytes <= plan.memoryBytes)
  }
  const compiled = judge(changed({ language: 'c' }), untrusted, catalogue, platform).plan
  t.strictSame(
    compiled?.steps.map((step) => [step.name, step.seccomp, step.failureOutcome]),
    [
      ['compile', 'build', 'compile-error'],
      ['run', 'default', 'program'],
    ],
  )
})

t.test('AppArmor: demanded and absent is denied; present is used', async (t) => {
  const demanding = { ...untrusted, grant: { ...untrusted.grant, apparmorRequired: true } }
  t.equal(judge(minimalJob, demanding, catalogue, { apparmor: false }).verdict, 'deny')
  t.equal(
    judge(minimalJob, demanding, catalogue, { apparmor: true }).plan?.apparmor,
    'stockade-job',
  )
  t.equal(judge(minimalJob, untrusted, catalogue, { apparmor: false }).plan?.apparmor, 'none')
})

t.test('equal input, equal verdict', async (t) => {
  const once = judge(changed({ privileged: true }), untrusted, catalogue, platform)
  t.strictSame(judge(changed({ privileged: true }), untrusted, catalogue, platform), once)
})
