// `./stockade policy`: check, explain, test and diff, as an operator and an operator's CI run them, by their words and exit statuses.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { AskedList } from '../../contract/asked.js'
import type { JobSpec } from '../../contract/job.js'
import { askOfJob } from '../../policy/job-ask.js'
import { askToKeep } from '../../policy/kept-ask.js'
import { repository } from '../tidy-source.js'

const root = mkdtempSync(join(tmpdir(), 'stockade-policy-test-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
for (const folder of ['old', 'new', 'bad']) mkdirSync(join(root, folder))
const course = (maximum: number) =>
  `extends: grader\nlimits:\n  wallMs: { default: 1000, maximum: ${maximum} }\n`
writeFileSync(join(root, 'old', 'course.yaml'), course(2000))
writeFileSync(join(root, 'new', 'course.yaml'), course(1000))
writeFileSync(join(root, 'new', 'more.yaml'), 'extends: ci\n')
writeFileSync(join(root, 'bad', 'a.yaml'), 'extends: ci\nrootInside: 1\n')
writeFileSync(join(root, 'bad', 'b.yaml'), 'extends: nobody\n')

/** By the wrapper, from where the operator stands. */
function policy(words: readonly string[], input: unknown = '', verb = 'policy') {
  const { status, stdout, stderr } = spawnSync(
    join(repository, 'stockade'),
    [verb, ...words, '--instance', 'no-such'],
    {
      cwd: root,
      input: typeof input === 'string' ? input : JSON.stringify(input),
      encoding: 'utf8',
    },
  )
  return { status, stdout, stderr }
}

const python: JobSpec = { language: 'python', source: 'print(1)' }

t.test('check: names grants with their revisions, or faults with their places', async (t) => {
  const good = policy(['check', 'old'])
  t.equal(good.status, 0, good.stderr)
  t.match(good.stdout, /^course +revision [0-9a-f]{16}$/m)
  const bad = policy(['check', 'bad', 'old/course.yaml'])
  t.equal(bad.status, 1)
  t.match(bad.stderr, /bad\/a\.yaml:2:1: \/rootInside Must be true or false/)
  t.match(bad.stderr, /bad\/b\.yaml:1:1: \/extends /)
  t.equal(policy(['check', 'nowhere']).status, 2)
})

t.test('explain: rule by rule, what would be allowed, a suggestion, a plan', async (t) => {
  const allowed = policy(['explain', '-', '--grants', 'old', '--grant', 'course'], python)
  t.equal(allowed.status, 0, allowed.stderr)
  t.match(allowed.stdout, /^allow under the grant course \(revision [0-9a-f]{16}, policy \d+\)$/m)
  t.match(allowed.stdout, /host-path/)
  t.match(allowed.stdout, /^plan\n {2}image default, uid 1000/m)
  writeFileSync(join(root, 'job.json'), JSON.stringify({ ...python, limits: { wallMs: 5000 } }))
  const denied = policy(['explain', 'job.json', '--grants', 'old', '--grant', 'course'])
  t.equal(denied.status, 1)
  t.match(
    denied.stdout,
    /^ {2}denies {2}limit-maximum {2}\/limits\/wallMs\n.*\n +allowed: at most 2000 ms$/m,
  )
  t.match(denied.stdout, /\[\{"op":"replace","path":"\/limits\/wallMs","value":2000\}\]/)
  t.notMatch(denied.stdout, /^plan$/m)
  const warned = policy(['explain', '-'], { ...python, user: { uid: 0, gid: 0 } })
  t.match(warned.stdout, /^ {2}warns {3}root-inside {2}\/user\/uid$/m)
})

t.test('explain: what is no job, no JSON, no grant', async (t) => {
  const none = policy(['explain', '-'], { language: 1 })
  t.equal(none.status, 1)
  t.match(none.stdout, /schema {2}\/language {2}Must be a string/)
  t.equal(policy(['explain', '-'], '{"a":1,"a":2}').status, 2)
  const unknown = policy(['explain', '-', '--grant', 'nobody'], python)
  t.equal(unknown.status, 2)
  t.match(unknown.stderr, /there is no grant nobody, but untrusted, grader, ci, platform/)
})

const table = (expected: string): string =>
  `grants: ../old\ncases:\n  - name: fits\n    grant: course\n    job: { language: python, source: x }\n    expect: ${expected}\n`

t.test('test: passes, fails and faulty tables by their exit status', async (t) => {
  mkdirSync(join(root, 'cases'))
  writeFileSync(join(root, 'cases', 'good.yaml'), table('allow'))
  writeFileSync(join(root, 'cases', 'wrong.yaml'), table('deny'))
  writeFileSync(join(root, 'cases', 'faulty.yaml'), `${table('deny')}    rules: [nope]\n`)
  const good = policy(['test', 'cases/good.yaml'])
  t.equal(good.status, 0, good.stderr)
  t.match(good.stdout, /^ok {6}fits\n1 passed, 0 failed$/m)
  const wrong = policy(['test', 'cases/good.yaml', 'cases/wrong.yaml'])
  t.equal(wrong.status, 1)
  t.match(wrong.stdout, /^not ok {2}fits\n +expected deny; got allow$/m)
  t.match(wrong.stdout, /^1 passed, 1 failed$/m)
  const faulty = policy(['test', 'cases/faulty.yaml'])
  t.equal(faulty.status, 2)
  t.match(faulty.stderr, /faulty\.yaml:7:13: \/cases\/0\/rules\/0 There is no "nope"/)
})

function kind(spec: JobSpec, count: number): AskedList['asked'][number] {
  const ask = askToKeep(askOfJob(spec))
  return { tenant: 'acme', grant: 'course', verdict: 'allow', count, lastAtMs: 0, ask }
}

t.test('diff: grants field by field, and the jobs of the last day under both', async (t) => {
  const asked: AskedList = {
    asked: [kind({ ...python, limits: { wallMs: 1500 } }, 12), kind(python, 30)],
  }
  writeFileSync(join(root, 'asked.json'), JSON.stringify(asked))
  const changed = policy(['diff', 'old', 'new', '--asked', 'asked.json'])
  t.equal(changed.status, 1, changed.stderr)
  t.match(changed.stdout, /^grant course: changed\n {2}\/limits\/wallMs\/maximum: 2000 -> 1000$/m)
  t.match(changed.stdout, /^grant more: added$/m)
  t.match(
    changed.stdout,
    /^jobs of the last day: 42 of 2 kinds, of which 12 would be judged otherwise$/m,
  )
  t.match(
    changed.stdout,
    /allow -> deny: 12 jobs of the tenant acme under the grant course\n +limit-maximum \/limits\/wallMs/,
  )
  const same = policy(['diff', 'old', 'old', '--asked', 'asked.json'])
  t.equal(same.status, 0)
  t.match(same.stdout, /^grants: no difference$/m)
  const alone = policy(['diff', 'old', 'new'])
  t.equal(alone.status, 0)
  t.match(alone.stdout, /jobs of the last day: not readable from here/)
  writeFileSync(join(root, 'asked.json'), '{"asked":[{}]}')
  t.equal(policy(['diff', 'old', 'new', '--asked', 'asked.json']).status, 2)
})

t.test('a command line that is none', async (t) => {
  for (const words of [['policy'], ['policy', 'nope'], ['policy', 'check']]) {
    const { status } = spawnSync(join(repository, 'stockade'), words, { encoding: 'utf8' })
    t.equal(status, 2, words.join(' '))
  }
})
