// Case tables: what passes, what does not and why, and every fault of a table with its place.
import t from 'tap'
import { type CaseTable, readCaseTable, runCases } from '../../policy/case-table.js'
import { parseGrants } from '../../policy/grant-file.js'
import { catalogue } from './fixture.js'

const grants = parseGrants([{ name: 'small.yaml', text: 'extends: ci\nlanguages: [bash]\n' }])
const platform = { apparmor: true, landlockAbi: 7 }

function wrongIn(cases: CaseTable['cases']): (readonly string[])[] {
  return runCases({ cases }, grants, catalogue, platform).map(({ wrong }) => wrong)
}

const job = { language: 'bash', source: 'x', limits: { wallMs: 1000 } }
const base = { name: 'one', grant: 'small', job }

t.test('cases that are as expected', async (t) => {
  const root = { ...job, user: { uid: 0, gid: 0 } }
  t.strictSame(
    wrongIn([
      { ...base, expect: 'allow' },
      { ...base, expect: 'allow', warnings: [] },
      { ...base, expect: 'allow', warnings: ['root-inside'], job: root },
      { ...base, expect: 'deny', job: { ...job, privileged: true } },
      {
        ...base,
        expect: 'deny',
        rules: ['pid-namespace', 'privileged'],
        job: { ...job, privileged: true, namespaces: { pid: 'host' } },
      },
      { ...base, expect: 'deny', rules: ['schema'], job: { language: 1 } },
      { ...base, expect: 'deny', rules: ['grant'], grant: 'nobody' },
    ]),
    [[], [], [], [], [], [], []],
  )
})

t.test('cases that are not, and what they got', async (t) => {
  const denied = { ...job, privileged: true }
  t.strictSame(
    wrongIn([
      { ...base, expect: 'deny' },
      { ...base, expect: 'allow', job: denied },
      { ...base, expect: 'deny', rules: ['host-path'], job: denied },
      { ...base, expect: 'deny', rules: [], job: denied },
      { ...base, expect: 'allow', warnings: ['root-inside'] },
    ]),
    [
      ['expected deny; got allow'],
      ['expected allow; got deny'],
      ['rules: expected host-path; got privileged'],
      ['rules: expected none; got privileged'],
      ['warnings: expected root-inside; got none'],
    ],
  )
})

const table = (text: string): string => `cases:\n  - name: x\n    grant: ci\n    job: {}\n${text}`
const bad: readonly (readonly [name: string, text: string, fault: string])[] = [
  ['broken YAML', 'cases: [', '1:9: '],
  ['equal keys', `${table('    expect: deny\n')}    grant: ci\n`, '6:5: Map keys must be unique'],
  [
    'an unknown field',
    table('    expect: deny\n    rule: [x]\n'),
    '6:5: /cases/0/rule There is no',
  ],
  ['no verdict', table(''), '2:5: /cases/0/expect This field is required.'],
  ['another verdict', table('    expect: maybe\n'), '5:5: /cases/0/expect Must be one of allow'],
  [
    'a rule that does not exist',
    table('    expect: deny\n    rules: [privileged, nope]\n'),
    '6:25: /cases/0/rules/1 There is no "nope".',
  ],
  [
    'a warning that does not exist',
    table('    expect: deny\n    warnings: [privileged]\n'),
    '6:16: /cases/0/warnings/0 There is no "privileged".',
  ],
  [
    'rules of an allowed job',
    table('    expect: allow\n    rules: [privileged]\n'),
    '6:5: /cases/0/rules An allowed job violates no rule.',
  ],
  ['no cases', 'cases: []\n', '1:1: /cases Must have 1 or more elements'],
]
for (const [name, text, fault] of bad) {
  t.test(`refuses ${name}`, async (t) => {
    const { table: read, faults } = readCaseTable('x.yaml', text)
    t.equal(read, null)
    const lines = faults.map(
      ({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`,
    )
    t.ok(
      lines.some((line) => line.startsWith(`x.yaml:${fault}`)),
      lines.join('\n'),
    )
  })
}
