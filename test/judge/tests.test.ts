// Jobs with tests on the running stack: built once, each test in a sandbox of its own, judged, scored, counted.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import type { TestCase } from '../../contract/test-case.js'
import { accountOf, openTenant } from '../stack.js'

const tenant = openTenant('judge-tests', 'grader')
const sum = 'import sys\nprint(sum(int(word) for word in sys.stdin.read().split()))\n'
const adding = (count: number): TestCase[] =>
  Array.from({ length: count }, (_, at) => ({ stdin: `${at} 1`, expected: String(at + 1) }))
const python = (source: string, tests: TestCase[], more: Partial<JobSpec> = {}): JobSpec => ({
  ...{ language: 'python', source, tests },
  ...more,
})

t.test('all right: points, usage of all, the version of the language', async (t) => {
  const before = await tenant.request('GET', '/v1/usage')
  const job = await tenant.run(python(sum, adding(5), { judging: { stop: 'first-failure' } }))
  t.equal(job.outcome, 'ok', accountOf(job))
  t.match(job.judging, { verdict: 'accepted', points: 5, score: 5, passed: 5, total: 5 })
  t.same(
    job.tests?.map(({ name, verdict }) => [name, verdict]),
    ['1', '2', '3', '4', '5'].map((name) => [name, 'accepted']),
  )
  t.match(job.languageVersion, /^3\.\d+/)
  t.match(job.steps, [{ name: 'run', outcome: 'ok', stdout: '5\n' }], 'the last one is shown')
  t.equal(job.judging?.decidedBy, '5')
  t.ok(job.receipt, 'and has a receipt')
  const cpu = (job.judging?.usage.cpuMs ?? 0) + (job.usage?.cpuMs ?? 0)
  const ofTests = job.tests?.reduce((all, { usage }) => all + (usage?.cpuMs ?? 0), 0) ?? 0
  t.ok(Math.abs(cpu - ofTests) < 0.01, 'every test counts, and none twice')
  const after = await tenant.request('GET', '/v1/usage')
  const cpuOf = (answer: typeof before): number =>
    (answer.json as { rows: { cpuMs: number }[] }).rows.reduce((all, { cpuMs }) => all + cpuMs, 0)
  t.ok(cpuOf(after) - cpuOf(before) >= Math.floor(ofTests), 'in the tenant’s account too')
})

t.test(
  'each test is a sandbox of its own, and nothing of another or of the answer is in it',
  async (t) => {
    const source = `import os, sys
word = sys.stdin.read()
print(sorted(os.listdir('/work')), os.path.exists('/tmp/mark'), sys.argv[1:])
open('/tmp/mark', 'w').write(word)
open('/work/left', 'w').write(word)
for root, folders, names in os.walk('/'):
  if root.startswith(('/proc', '/sys', '/usr', '/dev')): continue
  for name in names:
    try: text = open(os.path.join(root, name), 'rb').read(1 << 20)
    except OSError: continue
    if b'the-' b'secret-answer' in text: print('found in', root, name)
`
    const own = { path: 'own.txt', content: 'x' }
    const tests: TestCase[] = [
      { stdin: 'first', expected: 'the-secret-answer', files: [own], arguments: ['a', 'b c'] },
      { stdin: 'second', expected: "['main.py'] False []" },
    ]
    const job = await tenant.run(python(source, tests))
    t.match(job.tests?.[0], {
      verdict: 'wrong-answer',
      difference: { line: 1, byte: 0, expected: 'the-secret-answer' },
    })
    t.equal(job.tests?.[1]?.verdict, 'accepted', accountOf(job))
    t.equal(job.stdout, "['main.py', 'own.txt'] False ['a', 'b c']\n", 'the first failure is shown')
    t.equal(job.outcome, 'ok', 'a wrong answer is an end as any other of its program')
  },
)

t.test('a program is built once; what the build left is there for each test', async (t) => {
  const source = `#include <stdio.h>
int main(void) { int a, b; if (scanf("%d%d", &a, &b) != 2) return 3; printf("%d\\n", a + b); }`
  const job = await tenant.run({ language: 'c', source, tests: adding(20) })
  t.match(job.judging, { verdict: 'accepted', passed: 20 }, accountOf(job))
  t.same(
    job.steps.map(({ name }) => name),
    ['compile', 'run'],
  )
  const broken = await tenant.run({ language: 'c', source: 'int main(', tests: adding(3) })
  t.match(broken, { outcome: 'compile-error', failedStep: 'compile' })
  t.equal(broken.tests, undefined)
  t.match(broken.steps[0]?.stderr, /error/)
})

t.test('how a program ends is its verdict; the job has the first that failed', async (t) => {
  const source = `import sys, time, os
word = sys.stdin.read().strip()
if word == 'spin':
  while True: pass
if word == 'sleep': time.sleep(30)
if word == 'eat': x = bytearray(1 << 30)
if word == 'flood':
  while True: print('x' * 1000)
if word == 'exit': sys.exit(3)
if word == 'signal': os.abort()
print(word)
`
  const of = (word: string, limits: TestCase['limits'] = {}): TestCase => ({
    ...{ name: word, stdin: word, expected: word },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  })
  const tests = [
    of('fine'),
    of('exit'),
    of('spin', { cpuMs: 300 }),
    of('sleep', { wallMs: 500 }),
    of('eat', { memoryBytes: 67_108_864 }),
    of('flood', { outputBytes: 65_536 }),
    of('signal'),
    of('again'),
  ]
  const job = await tenant.run(python(source, tests))
  t.same(Object.fromEntries(job.tests?.map(({ name, verdict }) => [name, verdict]) ?? []), {
    ...{ fine: 'accepted', exit: 'exit-nonzero', spin: 'cpu-time-limit', sleep: 'wall-time-limit' },
    ...{ eat: 'memory-limit', flood: 'output-limit', signal: 'signalled', again: 'accepted' },
  })
  t.match(job, { outcome: 'exit-nonzero', failedStep: 'run', exitCode: 3 })
  t.match(job.judging, { verdict: 'exit-nonzero', decidedBy: 'exit', passed: 2 })
  t.match(job.tests?.[4]?.message, /memory/)
})

t.test('stopping, groups and points', async (t) => {
  const echo = 'print(input())'
  const tests: TestCase[] = [
    { group: 'easy', stdin: 'a', expected: 'a', points: 10 },
    { group: 'hard', stdin: 'b', expected: 'x', points: 30 },
    { group: 'hard', stdin: 'c', expected: 'c', points: 30 },
    { group: 'easy', stdin: 'd', expected: 'd', points: 10 },
  ]
  const verdicts = async (judging: JobSpec['judging']): Promise<unknown> => {
    const { tests: told, judging: all } = await tenant.run(
      python(echo, tests, judging === undefined ? {} : { judging }),
    )
    return [...(told?.map(({ verdict }) => verdict[0]) ?? []), all?.score].join(' ')
  }
  t.equal(await verdicts(undefined), 'a w a a 50')
  t.equal(await verdicts({ stop: 'first-failure' }), 'a w s s 10')
  t.equal(await verdicts({ stop: 'group-failure', groupScoring: 'all' }), 'a w s a 20')
  t.equal(await verdicts({ groupScoring: 'all', parallel: 4 }), 'a w a a 20')
  t.equal(await verdicts({ stop: 'first-failure', parallel: 4 }), 'a w s s 10')
})

t.test('what is wrong with tests is told at once, each with its place', async (t) => {
  const refused = async (more: Partial<JobSpec>): Promise<string[]> => {
    const { status, json } = await tenant.request('POST', '/v1/jobs', {
      ...{ language: 'python', source: 'x' },
      ...more,
    })
    t.ok(status === 400 || status === 403, String(status))
    const { violations } = json as { violations: { rule: string; pointer: string }[] }
    return violations.map(({ rule, pointer }) => `${rule} ${pointer}`).sort()
  }
  const fine = { stdin: 'a', expected: 'a' }
  t.same(await refused({ tests: [{ ...fine, limits: { cpuMs: 999_999_999 } }, fine] }), [
    'limit-maximum /tests/0/limits/cpuMs',
  ])
  t.same(await refused({ tests: [fine, { ...fine, files: [{ path: '../x', content: '' }] }] }), [
    'file-path /tests/1/files/0/path',
  ])
  t.same(
    await refused({
      files: [{ path: 'a', content: '' }],
      tests: [{ ...fine, name: '2', files: [{ path: 'a', content: '' }] }, { stdin: 'x' }],
      stdin: 'x',
    }),
    [
      'schema /stdin',
      'schema /tests/0/files/0/path',
      'schema /tests/1/expected',
      'schema /tests/1/name',
    ],
  )
  t.same(await refused({ judging: { stop: 'never' } }), ['schema /judging'])
  const checker = { kind: 'program', language: 'cobol', source: 'x' } as const
  t.same(await refused({ tests: [fine], judging: { checker } }), [
    'language /judging/checker/language',
  ])
})

t.test('a cancel ends what runs and what waits', async (t) => {
  const tests = Array.from({ length: 50 }, (_, at) => ({ stdin: String(at), expected: 'x' }))
  const limits = { wallMs: 60_000 }
  const spec = python('import time\ntime.sleep(50)', tests, { limits, judging: { parallel: 2 } })
  const job = await tenant.submit(spec)
  while (((await tenant.request('GET', `/v1/jobs/${job.id}`)).json as Job).state === 'queued')
    await new Promise(setImmediate)
  await tenant.request('DELETE', `/v1/jobs/${job.id}`)
  const ended = await tenant.finished(job.id)
  t.match(ended, { outcome: 'cancelled', steps: [] })
  t.equal(ended.tests, undefined)
})

t.test('lent slots harm nobody, and what ran in them is run again', async (t) => {
  const tests = adding(60)
  const judging = { parallel: 8 }
  const jobs = await Promise.all([
    tenant.run(python(sum, tests, { judging })),
    ...Array.from({ length: 8 }, () => tenant.run({ language: 'python', source: 'print(1)' })),
    tenant.run(python(sum, tests, { judging })),
  ])
  t.same(
    jobs.map(({ outcome, judging: all, attempts }) => [outcome, all?.passed ?? 60, attempts]),
    jobs.map(() => ['ok', 60, 1]),
  )
  const listed = await tenant.request('GET', '/v1/jobs?limit=100')
  const own = (listed.json as { jobs: Job[] }).jobs.find(({ id }) => id === jobs[0]?.id)
  t.match(own?.judging, { verdict: 'accepted', score: 60 }, 'a list tells the score')
  t.equal(own?.tests, undefined, 'and not each test')
})

t.test('tests are told as they end', async (t) => {
  const job = await tenant.submit(python(sum, adding(3)))
  const told: unknown[] = []
  for await (const { name, data } of tenant.events(job.id)) {
    if (name === 'test') told.push(data)
    if (name === 'result') break
  }
  t.match(told, [{ name: '1', verdict: 'accepted', score: 1 }, { name: '2' }, { name: '3' }])
})
