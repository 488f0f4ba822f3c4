// Verdicts of single tests → what the job got.
import type { PlanJudging } from '../contract/plan.js'
import type { JudgingResult, TestResult } from '../contract/test-result.js'

type Scoring = PlanJudging['groupScoring']
type Sum = Pick<JudgingResult, 'points' | 'score' | 'passed' | 'total'>

const isAccepted = ({ verdict }: TestResult): boolean => verdict === 'accepted'

function sumOf(tests: readonly TestResult[]): Sum {
  return {
    points: tests.reduce((sum, { points }) => sum + points, 0),
    score: tests.reduce((sum, { score }) => sum + score, 0),
    passed: tests.filter(isAccepted).length,
    total: tests.length,
  }
}

function groupOf(tests: readonly TestResult[], scoring: Scoring): Sum {
  const sum = sumOf(tests)
  return scoring === 'all' && sum.passed < sum.total ? { ...sum, score: 0 } : sum
}

/** Tests without a group are each their own. */
export function scoreOf(
  tests: readonly TestResult[],
  scoring: Scoring,
): Omit<Required<JudgingResult>, 'decidedBy' | 'usage'> {
  const named = new Map<string, TestResult[]>()
  for (const test of tests)
    if (test.group !== null) named.set(test.group, [...(named.get(test.group) ?? []), test])
  const groups = Array.from(named, ([name, members]) => ({ name, ...groupOf(members, scoring) }))
  const alone = tests.filter(({ group }) => group === null)
  const score = groups.reduce((sum, group) => sum + group.score, sumOf(alone).score)
  const first = tests.find((test) => !isAccepted(test))
  return { ...sumOf(tests), score, groups, verdict: first?.verdict ?? 'accepted' }
}
