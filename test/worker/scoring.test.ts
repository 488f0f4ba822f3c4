// Scores, the order of tests and lent slots: what decides which test counts and which one waits.
import t from 'tap'
import type { PlanJudging } from '../../contract/plan.js'
import type { TestResult } from '../../contract/test-result.js'
import { openLanes } from '../../worker/lanes.js'
import { scoreOf } from '../../worker/score.js'
import { openTestOrder } from '../../worker/test-order.js'

const result = (
  name: string,
  group: string | null,
  verdict: TestResult['verdict'],
  points: number,
  score: number,
): TestResult => ({
  ...{ name, group, verdict, points, score },
  ...{ exitCode: 0, signal: null, usage: null },
})

t.test('scores of tests and groups', (t) => {
  const tests = [
    result('1', null, 'accepted', 1, 1),
    result('2', 'small', 'accepted', 10, 10),
    result('3', 'small', 'partial', 10, 4),
    result('4', 'large', 'accepted', 30, 30),
    result('5', null, 'wrong-answer', 5, 0),
  ]
  t.match(scoreOf(tests, 'sum'), {
    ...{ verdict: 'partial', points: 56, score: 45, passed: 3, total: 5 },
    groups: [
      { name: 'small', points: 20, score: 14, passed: 1, total: 2 },
      { name: 'large', points: 30, score: 30, passed: 1, total: 1 },
    ],
  })
  t.match(scoreOf(tests, 'all'), { score: 31, groups: [{ score: 0 }, { score: 30 }] })
  t.match(scoreOf(tests.slice(0, 2), 'all'), { verdict: 'accepted', score: 11 })
  t.end()
})

const judging = (stop: PlanJudging['stop'], groups: (string | null)[]): PlanJudging => ({
  tests: groups.map((group, index) => ({
    ...{ name: String(index), group, points: 1, argv: ['a'], wallMs: 1, cpuMs: 1 },
    ...{ memoryBytes: 1, outputBytes: 1, fileBytes: 1, diskBytes: 1, takesStdin: false },
  })),
  ...{ stop, groupScoring: 'sum', parallel: 1, interactor: null },
  checker: { kind: 'exact', absolute: 0, relative: 0, program: null },
})

t.test('what counts does not depend on what ends first', (t) => {
  const order = openTestOrder(judging('first-failure', [null, null, null, null]))
  t.same([order.next(), order.next(), order.next()], [0, 1, 2])
  order.tell(2, 'wrong-answer')
  t.equal(order.next(), null, 'nothing behind a failure is begun')
  order.tell(1, 'cpu-time-limit')
  t.same([0, 1, 2, 3].map(order.isSkipped), [false, false, true, true], 'the earlier one decides')
  order.giveBack(0)
  t.equal(order.next(), 0, 'what was given back is run again')
  const all = openTestOrder(judging('never', [null, null]))
  all.tell(0, 'wrong-answer')
  t.same([all.next(), all.next(), all.next(), all.isSkipped(1)], [0, 1, null, false])
  const groups = openTestOrder(judging('group-failure', ['a', 'b', 'a', 'b', null]))
  t.same([groups.next(), groups.next()], [0, 1])
  groups.tell(0, 'wrong-answer')
  groups.tell(1, 'accepted')
  t.same([groups.next(), groups.next(), groups.next()], [3, 4, null], 'a group at a time')
  t.end()
})

t.test('an idle slot is lent, and taken back when a job comes', async (t) => {
  const lanes = openLanes(3)
  const recalled: string[] = []
  const leave = await lanes.own()
  const first = lanes.borrow(() => recalled.push('first'))
  t.ok(first)
  t.ok(lanes.borrow(() => recalled.push('second')))
  t.equal(
    lanes.borrow(() => recalled.push('third')),
    null,
    'no more than there are',
  )
  const leaveOther = await lanes.own()
  t.same(recalled, ['second'], 'the youngest goes')
  first?.()
  const leaveThird = await lanes.own()
  t.same(recalled, ['second'], 'what was given back need not be taken')
  t.equal(
    lanes.borrow(() => undefined),
    null,
  )
  for (const end of [leave, leaveOther, leaveThird]) end()
  t.ok(
    lanes.borrow(() => undefined),
    'free again',
  )
})

t.test('who needs two slots holds none while it waits, and gets them in turn', async (t) => {
  const lanes = openLanes(2)
  const [one, other] = [await lanes.own(), await lanes.own()]
  const order: string[] = []
  const first = lanes.pair().then((end) => {
    order.push('first')
    return end
  })
  const second = lanes.pair().then((end) => {
    order.push('second')
    return end
  })
  const third = lanes.own().then((end) => {
    order.push('third')
    return end
  })
  const endFirst = await first
  t.same(order, ['first'], 'two that wait for two do not wait for each other')
  endFirst()
  one()
  const endSecond = await second
  t.same(order, ['first', 'second'], 'who came later does not go before')
  endSecond()
  other()
  const endThird = await third
  endThird()
  t.same(order, ['first', 'second', 'third'])
  await t.rejects(openLanes(1).pair(), /two slots/)
})
