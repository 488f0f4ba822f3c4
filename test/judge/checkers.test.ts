// Checkers that a job brings along, on the running stack: testlib's conventions, and every way in which a checker itself can fail, which is
// never the fault of the program that it judges.
import t from 'tap'
import type { Job } from '../../contract/result.js'
import type { Checker, TestCase } from '../../contract/test-case.js'
import { accountOf, openTenant } from '../stack.js'

const tenant = openTenant('judge-checkers', 'grader')
const echo = 'print(input())'

const run = (checker: Checker, tests: TestCase[], source = echo): Promise<Job> =>
  tenant.run({ language: 'python', source, tests, judging: { checker } })

const byPython = (source: string): Checker => ({ kind: 'program', language: 'python', source })

t.test('input, output and answer; exit codes as testlib has them', async (t) => {
  const checker = byPython(`import sys
given, output, answer = (open(name).read() for name in sys.argv[1:])
word = output.strip()
print(f'{given.strip()}|{word}|{answer}', file=sys.stderr)
codes = {'right': 0, 'wrong': 1, 'badly': 2, 'dirt': 4, 'early': 8, 'fail': 3, 'odd': 17}
sys.exit(codes.get(word, 1))
`)
  const words = ['right', 'wrong', 'badly', 'dirt', 'early', 'fail', 'odd']
  const tests = words.map((word) => ({ name: word, stdin: `${word}\n`, expected: 'answer' }))
  const job = await run(checker, tests)
  t.same(Object.fromEntries(job.tests?.map(({ name, verdict }) => [name, verdict]) ?? []), {
    ...{ right: 'accepted', wrong: 'wrong-answer', badly: 'presentation-error' },
    ...{ dirt: 'presentation-error', early: 'presentation-error' },
    ...{ fail: 'checker-error', odd: 'checker-error' },
  })
  t.equal(job.tests?.[0]?.message, 'right|right|answer', accountOf(job))
  t.ok((job.judging?.usage.cpuMs ?? 0) > 0, 'what checks is counted')
  t.equal(job.outcome, 'ok')
})

t.test('points, between none and all', async (t) => {
  const checker = byPython(`import sys
sys.stderr.write('points ' + open(sys.argv[2]).read().strip() + ' said the checker\\n')
sys.exit(7)
`)
  const tests = ['0', '2.5', '10', '99', '-1', 'many'].map((word) => ({
    ...{ name: word === '-1' ? 'minus' : word, stdin: word, points: 10 },
  }))
  const job = await run(checker, tests)
  t.same(
    job.tests?.map(({ verdict, score }) => [verdict, score]),
    [
      ['wrong-answer', 0],
      ['partial', 2.5],
      ['accepted', 10],
      ['accepted', 10],
      ['wrong-answer', 0],
      ['checker-error', 0],
    ],
  )
  t.equal(job.judging?.score, 22.5)
})

t.test('a checker in C, built once; one that is an image’s program', async (t) => {
  const source = `#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words) {
  double got, wanted;
  FILE *output = fopen(words[2], "r"), *answer = fopen(words[3], "r");
  if (count != 4 || !output || !answer || fscanf(answer, "%lf", &wanted) != 1) return 3;
  if (fscanf(output, "%lf", &got) != 1) return 2;
  return got < wanted - 0.5 || got > wanted + 0.5;
}`
  const tests = [
    { stdin: '2.3', expected: '2' },
    { stdin: '3', expected: '2' },
    { stdin: 'x', expected: '2' },
  ]
  const job = await run({ kind: 'program', language: 'c', source }, tests)
  t.same(
    job.tests?.map(({ verdict }) => verdict),
    ['accepted', 'wrong-answer', 'presentation-error'],
    accountOf(job),
  )
  const command = ['/bin/sh', '-c', 'cmp -s "$0" "$1"']
  const compared = await run({ kind: 'program', image: 'default', command }, [
    { stdin: 'same\n', expected: 'same\n' },
  ])
  t.equal(compared.tests?.[0]?.verdict, 'accepted', 'input.txt and output.txt are the same')
})

t.test('a checker that fails is no fault of the program', async (t) => {
  const failing: Readonly<Record<string, string>> = {
    'a crash': 'import os\nos.abort()',
    'an exception that is none of its codes': 'import os\nos._exit(99)',
    'a hang': 'import time\ntime.sleep(60)',
    'all the memory': 'x = bytearray(1 << 30)',
    'output without end': 'while True: print("x" * 100000)',
  }
  for (const [name, source] of Object.entries(failing)) {
    const job = await tenant.run({
      ...{ language: 'python', source: echo, tests: [{ stdin: 'a' }] },
      judging: { checker: { ...byPython(source), limits: { wallMs: 2000 } } },
    })
    t.equal(job.tests?.[0]?.verdict, 'checker-error', name)
    t.ok(job.tests?.[0]?.message, job.tests?.[0]?.message ?? '')
    t.match(job, { outcome: 'ok', judging: { verdict: 'checker-error', score: 0 } })
  }
  const broken = await run({ kind: 'program', language: 'c', source: 'int main(' }, [
    { stdin: 'a' },
    { stdin: 'b' },
  ])
  t.match(broken.tests, [{ verdict: 'checker-error' }, { verdict: 'checker-error' }])
  t.match(broken.tests?.[0]?.message, /not built/)
})

t.test('a program that fails is not given to the checker', async (t) => {
  const job = await run(
    byPython('import sys\nsys.exit(0)'),
    [{ stdin: 'a' }],
    'raise SystemExit(4)',
  )
  t.match(job.tests?.[0], { verdict: 'exit-nonzero', exitCode: 4, score: 0 })
})
