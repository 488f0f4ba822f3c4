// `./stockade oci`: what an operator gets for a plan, for a verdict, and for what is neither.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { OciConfig } from '../../contract/oci.js'
import { plainPlan, plainStep } from '../launch-plan.js'
import { buildTools, profilesFolder, repository } from '../native/seccomp-tools.js'

buildTools()
const steps = [
  plainStep(['cc', 'main.c'], { name: 'compile', seccomp: 'build' }),
  plainStep(['./main']),
]
const plan = plainPlan('cd'.repeat(32), steps)
const verdict = { verdict: 'allow', policyRevision: 1, violations: [], plan }

function oci(input: unknown, stepName = '') {
  const words = [
    join(repository, 'dist/ops/oci.js'),
    profilesFolder,
    '/nonexistent',
    '-',
    stepName,
    '165536',
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    input: typeof input === 'string' ? input : JSON.stringify(input),
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

t.test('a plan, and the verdict that holds one, give the same config', (t) => {
  const { status, stdout, stderr } = oci(plan)
  t.equal(status, 0, stderr)
  const config = JSON.parse(stdout) as OciConfig
  t.ok(Compile(OciConfig).Check(config))
  t.same(config.process.args, ['./main'], 'the last step, unless told')
  t.equal(config.linux.uidMappings[0]?.hostID, 165536)
  t.equal(oci(verdict).stdout, stdout)
  const compile = JSON.parse(oci(plan, 'compile').stdout) as OciConfig
  t.same(compile.process.args, ['cc', 'main.c'])
  t.equal(compile.annotations['stockade.seccomp'], 'build')
  t.end()
})

t.test('what is no plan is said, with exit 1 and nothing on standard output', (t) => {
  const faults: readonly (readonly [unknown, RegExp, string?])[] = [
    [{ verdict: 'deny', plan: null }, /policy denies/],
    [{ ...plan, uid: -1 }, /no plan: \/uid/],
    ['{', /JSON/],
    ['null', /no plan/],
    [plan, /no step test, but compile, run/, 'test'],
  ]
  for (const [input, message, name] of faults) {
    const { status, stdout, stderr } = oci(input, name)
    t.equal(status, 1)
    t.equal(stdout, '')
    t.match(stderr, message)
  }
  t.end()
})
