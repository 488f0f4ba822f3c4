// The engine fails closed: a list that cannot be trusted does not compile, a rule that throws denies, what cannot be planned is not run.
import t from 'tap'
import type { Catalogue } from '../../contract/catalogue.js'
import {
  compileRules,
  contextOf,
  judge,
  judgeAsk,
  RuleListError,
  runRules,
} from '../../policy/engine.js'
import { askOfJob } from '../../policy/job-ask.js'
import { priorityOf } from '../../policy/job-plan.js'
import { valueAt } from '../../policy/pointer.js'
import { allowed, deny, type Rule } from '../../policy/rule.js'
import { policyRevision, rules } from '../../policy/rules.js'
import { violationOf } from '../../policy/violation.js'
import { caseOf, catalogue, grantOf } from './fixture.js'

const { spec, grant, platform } = caseOf({ name: '' })
const ask = askOfJob(spec)
const context = contextOf(ask, grant, catalogue, platform)

const rule = (other: Partial<Rule>): Rule => ({
  id: 'one',
  title: 'One',
  why: 'Because.',
  references: ['x'],
  allows: 'all',
  fields: ['/source'],
  revisions: [{ since: 1, judge: () => allowed }],
  fixtures: () => ({ allow: [], deny: [] }),
  ...other,
})

const bad: readonly (readonly [name: string, list: readonly Rule[], message: RegExp])[] = [
  ['a name of another form', [rule({ id: 'One' })], /^bad rule id One$/],
  ['a name that only begins well', [rule({ id: 'one!' })], /^bad rule id one!$/],
  ['a name that only ends well', [rule({ id: '1one' })], /^bad rule id 1one$/],
  ['a name of one letter', [rule({ id: 'a' })], /^bad rule id a$/],
  ['a name twice', [rule({}), rule({})], /^rule one is listed twice$/],
  ['no field', [rule({ fields: [] })], /^rule one claims no field$/],
  ['no revision', [rule({ revisions: [] })], /^rule one has no revision$/],
  [
    'revisions that do not rise',
    [rule({ revisions: [2, 2].map((since) => ({ since, judge: () => allowed })) })],
    /^rule one: revisions must rise$/,
  ],
  [
    'a revision that is no number of one',
    [rule({ revisions: [{ since: 1.5, judge: () => allowed }] })],
    /^rule one: revisions must rise$/,
  ],
  [
    'a revision before the first',
    [rule({ revisions: [{ since: 0, judge: () => allowed }] })],
    /^rule one: revisions must rise$/,
  ],
]
for (const [name, list, message] of bad) {
  t.test(`a list with ${name} does not compile`, async (t) => {
    t.throws(() => compileRules(list, 1), message)
    try {
      compileRules(list, 1)
    } catch (error) {
      t.ok(error instanceof RuleListError)
    }
  })
}

t.test('the revision in force is the newest that is not of the future', async (t) => {
  const revised = rule({
    revisions: [1, 3].map((since) => ({ since, judge: () => deny('', `since ${since}`) })),
  })
  const said = (revision: number): (string | undefined)[] =>
    runRules(compileRules([revised], revision), ask, context, spec).map(({ message }) => message)
  t.strictSame(
    [1, 2, 3, 4].map((revision) => said(revision)[0]),
    ['since 1', 'since 1', 'since 3', 'since 3'],
  )
  t.strictSame(compileRules([rule({ revisions: [{ since: 5, judge: () => allowed }] })], 4), [])
})

const failed = {
  rule: 'one',
  pointer: '',
  message: 'This rule failed while judging the request, so the request is denied.',
}

t.test('a rule that throws denies in its own name', async (t) => {
  const throwing = rule({
    revisions: [
      {
        since: 1,
        judge: () => {
          throw new Error('x')
        },
      },
    ],
  })
  t.strictSame(runRules(compileRules([throwing], 1), ask, context, spec), [failed])
})

t.test('one that cannot say what would be allowed denies as well', async (t) => {
  const mute = rule({
    revisions: [{ since: 1, judge: () => deny('/source', 'no') }],
    allows: () => {
      throw new Error('x')
    },
  })
  t.strictSame(runRules(compileRules([mute], 1), ask, context, spec), [failed])
})

t.test('what cannot be planned is denied', async (t) => {
  const [image] = catalogue.images
  if (image === undefined) throw new Error('no image')
  const broken: Catalogue = { ...catalogue, images: [{ ...image, digest: 'no digest' }] }
  const said = judge(spec, grant, broken, platform)
  t.strictSame([said.verdict, said.plan], ['deny', null])
  t.strictSame(said.violations, [
    {
      rule: 'plan',
      pointer: '',
      message: 'No complete plan follows from this request, so it is denied.',
    },
  ])
})

t.test('a verdict names the grant, its revision and that of policy', async (t) => {
  const said = judge(spec, { ...grant, revision: 'r7' }, catalogue, platform)
  t.strictSame(said.grant, { name: 'untrusted', revision: 'r7' })
  t.equal(said.policyRevision, policyRevision)
  t.strictSame(Object.keys(said), [
    'verdict',
    'policyRevision',
    'grant',
    'violations',
    'warnings',
    'plan',
  ])
})

t.test('an ask without its request is judged, and what was asked is not told', async (t) => {
  const bound = askOfJob({ ...spec, privileged: true })
  const [violation] = judgeAsk(bound, grant, catalogue, platform).violations
  t.equal(violation?.rule, 'privileged')
  t.notOk(Object.hasOwn(violation ?? {}, 'asked'))
})

t.test('what was asked is told as it is, where it is no secret', async (t) => {
  const told = (request: unknown, pointer: string): unknown =>
    violationOf(rule({}), { pointer, message: '' }, { ask, context, request }).asked
  const request = {
    source: 's',
    stdin: 's',
    stdinBase64: 's',
    callback: 's',
    env: { A: 's' },
    environment: 'told',
    files: [{ content: 's', contentBase64: 's', path: 'told', mode: 7 }],
    mounts: [{ type: 'bind' }],
    list: ['x'.repeat(300)],
    no: false,
  }
  for (const secret of [
    '/source',
    '/stdin',
    '/stdinBase64',
    '/callback',
    '/env/A',
    '/files/0/content',
    '/files/0/contentBase64',
  ])
    t.equal(told(request, secret), undefined, secret)
  t.equal(told(request, '/environment'), 'told')
  t.equal(told(request, '/files/0/path'), 'told')
  t.equal(told(request, '/files/0/mode'), 7)
  t.equal(told(request, '/no'), false)
  t.equal(told(request, '/mounts/0'), '{"type":"bind"}')
  t.equal(String(told(request, '/list')).length, 256)
  for (const none of ['', '/nope', '/source/length', '/no/x', '/list/length/x', '/list/9'])
    t.equal(told(request, none), undefined, none)
})

t.test('values by pointer: own members alone', async (t) => {
  const value = { 'a/b': { '~': [1] }, none: null }
  t.equal(valueAt(value, '/a~1b/~0/0'), 1)
  t.equal(valueAt(value, ''), value)
  for (const none of ['/toString', '/a~1b/x', '/none/x', '/a~1b/~0/0/x'])
    t.equal(valueAt(value, none), undefined, none)
  t.equal(valueAt('text', '/0'), undefined)
})

t.test('priority: what was asked, else 5, never more urgent than the grant', async (t) => {
  const bounded = { ...grantOf('untrusted').grant, priorityMinimum: 3 }
  const last = { ...bounded, priorityMinimum: 8 }
  t.strictSame(
    [undefined, 0, 3, 9].map((asked) => priorityOf(asked, bounded)),
    [5, 3, 3, 9],
  )
  t.equal(priorityOf(undefined, last), 8)
})

t.test('every rule and every warning says what it answers', async (t) => {
  for (const { id, references, title, why } of rules) {
    t.ok(references.length > 0, id)
    for (const text of [...references, title, why]) t.ok(text.length >= 5, `${id}: ${text}`)
  }
})
