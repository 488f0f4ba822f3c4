// What another set of grants would change, and that what is kept of an ask says nothing that it must not, and is judged as the ask was.
import t from 'tap'
import type { AskedKind } from '../../contract/asked.js'
import type { JobSpec } from '../../contract/job.js'
import { judgeAsk } from '../../policy/engine.js'
import { askedDifference, grantChanges } from '../../policy/grant-diff.js'
import { type LoadedGrant, parseGrants } from '../../policy/grant-file.js'
import { askOfJob } from '../../policy/job-ask.js'
import { askAgain, askToKeep } from '../../policy/kept-ask.js'
import { rules } from '../../policy/rules.js'
import { caseOf, catalogue } from './fixture.js'

const platform = { apparmor: true, landlockAbi: 7 }
const course = (text: string): Map<string, LoadedGrant> =>
  parseGrants([{ name: 'course.yaml', text: `extends: grader\n${text}` }])

const before = course(
  'languages: [python, c]\nlimits:\n  wallMs: { default: 1000, maximum: 2000 }\n',
)
const after = course('languages: [python]\nlimits:\n  wallMs: { default: 1000, maximum: 5000 }\n')

function kind(spec: JobSpec, count: number, grant = 'course'): AskedKind {
  const ask: unknown = JSON.parse(JSON.stringify(askToKeep(askOfJob(spec))))
  return { tenant: 'acme', grant, verdict: 'allow', count, lastAtMs: 0, ask }
}

t.test('grants: added, removed, and changed field by field', async (t) => {
  const other = parseGrants([{ name: 'other.yaml', text: 'extends: ci\n' }])
  t.strictSame(grantChanges(before, before), [])
  t.strictSame(grantChanges(before, after), [
    {
      name: 'course',
      kind: 'changed',
      fields: [
        { pointer: '/limits/wallMs/maximum', before: 2000, after: 5000 },
        { pointer: '/languages', before: ['python', 'c'], after: ['python'] },
      ],
    },
  ])
  t.strictSame(
    grantChanges(before, other).map(({ name, kind: how }) => `${name} ${how}`),
    ['course removed', 'other added'],
  )
})

t.test('jobs: allow to deny, deny to allow, and what stays is not told', async (t) => {
  const slow: JobSpec = { language: 'python', source: 'x', limits: { wallMs: 4000 } }
  const asked = [
    kind({ language: 'c', source: 'x' }, 7),
    kind(slow, 3),
    kind({ language: 'python', source: 'x' }, 100),
    kind(slow, 2, 'gone'),
  ]
  const { jobs, kinds, unreadable, changes } = askedDifference(
    ...([asked, before, after, catalogue, platform] as const),
  )
  t.strictSame([jobs, kinds, unreadable], [112, 4, 0])
  t.match(changes, [
    { count: 7, before: 'allow', after: 'deny', violations: [{ rule: 'language' }] },
    { count: 3, before: 'deny', after: 'allow', violations: [{ rule: 'limit-maximum' }] },
  ])
  t.equal(changes.length, 2)
})

t.test('a grant that goes denies its jobs', async (t) => {
  const asked = [kind({ language: 'python', source: 'x' }, 1)]
  const { changes } = askedDifference(asked, before, parseGrants([]), catalogue, platform)
  t.match(changes, [{ before: 'allow', after: 'deny', violations: [{ rule: 'grant' }] }])
})

t.test('what cannot be judged is counted, and nothing else', async (t) => {
  const broken = { ...kind({ language: 'python', source: 'x' }, 1), ask: null }
  const { unreadable, changes } = askedDifference([broken], before, after, catalogue, platform)
  t.strictSame([unreadable, changes], [1, []])
})

t.test('nothing that is secret is kept', async (t) => {
  const secret = 'hunter2'
  const spec: JobSpec = {
    language: 'python',
    source: secret,
    arguments: [secret],
    stdin: secret,
    env: { A: secret },
    files: [{ path: 'a', content: secret }],
    labels: { team: secret },
    sysctls: { 'a.b': secret },
    callback: `https://user:${secret}@example.com/${secret}?${secret}`,
  }
  const kept = JSON.stringify(askToKeep(askOfJob(spec)))
  t.notOk(kept.includes(secret), kept)
  t.ok(kept.includes('https://example.com/'))
  const command = askToKeep(askOfJob({ image: 'x', command: ['/bin/sh', secret] }))
  t.strictSame(
    command.argv.map(({ value }) => value),
    ['/bin/sh', '#256'],
  )
  t.equal(
    askToKeep(askOfJob({ image: 'x', command: ['x'], callback: 'no' })).callback?.value,
    'not a URL',
  )
})

t.test('sizes are rounded up to powers of two, so that like jobs are kept once', async (t) => {
  const sizeOf = (source: string) =>
    askToKeep(askOfJob({ language: 'c', source })).sourceBytes?.value
  t.strictSame(['x', 'xx', 'xxx', 'x'.repeat(1000)].map(sizeOf), [1, 2, 4, 1024])
  const stdin = askToKeep(askOfJob({ language: 'c', source: 'x', stdin: '' })).stdinBytes
  t.equal(stdin?.value, 0)
})

/** Rules whose matter is the text itself, which is not kept, or its exact length. */
const notKept = new Set([
  'argument-text',
  'environment-text',
  'label',
  'callback-address',
  'warning-refused',
])

t.test('a kept ask is judged by every other rule as the ask was', async (t) => {
  for (const rule of rules) {
    for (const fixture of [...rule.fixtures().allow, ...rule.fixtures().deny]) {
      const { spec, grant, platform: machine } = caseOf(fixture)
      // JSON has no such number, so no request has.
      if (fixture.name === 'not a number') continue
      const ask = askOfJob(spec)
      const idsOf = (one: typeof ask): string[] =>
        judgeAsk(one, grant, catalogue, machine)
          .violations.map((violation) => `${violation.rule} ${violation.pointer}`)
          .filter((said) => !notKept.has(said.split(' ')[0] ?? '') && !/-size /.test(said))
      const again = askAgain(JSON.parse(JSON.stringify(askToKeep(ask))) as typeof ask)
      t.strictSame(idsOf(again), idsOf(ask), `${rule.id}: ${fixture.name}`)
    }
  }
})
