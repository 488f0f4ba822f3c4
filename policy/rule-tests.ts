// Tests of a job by grant: how many. Each of them, and a checker, is judged as the job that it would be alone (judge-tests.ts).
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'

const judge: Judge = ({ tests }, { grant }) =>
  tests === null || tests.value <= grant.tests
    ? allowed
    : deny(
        tests.pointer,
        `Asked ${tests.value} tests; the grant ${grant.name} gives at most ${grant.tests}.`,
      )

const test = { stdin: '1', expected: '1' }

export const tests: Rule = {
  id: 'tests',
  title: 'Tests by grant',
  why: 'Each test is a run of its own: a job with many holds its slot as many times as long. Every other rule holds for each test, and for a checker, as for the job that it would be alone; its place is then named beneath `/tests` or `/judging`.',
  references: ['CWE-770 (allocation without limits)'],
  allows: (denied) => `at most ${denied.context.grant.tests} tests`,
  repair: leaveOut,
  fields: ['/tests', '/judging'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [
      { name: 'one test', job: { tests: [test] } },
      { name: 'as many as the grant gives', job: { tests: [test, test] }, grant: { tests: 2 } },
    ],
    deny: [
      { name: 'one too many', job: { tests: [test, test, test] }, grant: { tests: 2 } },
      { name: 'none granted', job: { tests: [test] }, grant: { tests: 0 } },
    ],
  }),
}
